"""The SDK's own suite against a real `threadkeep serve`: `make conformance`.

    python -m tests.conformance PYTHON FOLDER

PYTHON is the interpreter that has what the suite needs; FOLDER is the SDK's source archive,
unpacked. The suite runs in a process of its own, unchanged but for the address of its server.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections import deque
from pathlib import Path

from tests.conformance.proxy import proxy
from tests.conformance.stand_ins import StandIns, turn
from tests.conformance.suite import LEFT_OUT, NOT_BUILT, SUITE
from tests.model_server import ModelServer
from tests.serve_process import KEY, models, serving


def _say() -> None:
    for prefix, reason in NOT_BUILT.items():
        print(f"not run: {prefix} ({reason})")
    print(f"left out of requests, as it is not built: {', '.join(LEFT_OUT)}", flush=True)


def main(python: str, suite: str) -> int:
    """The suite's exit code."""
    _say()
    with tempfile.TemporaryDirectory() as name, ModelServer(turn) as model:
        folder = Path(name)
        options = ["--api-key", KEY, "--state", name, *models(folder, model.base_url)]
        with serving(folder, *options) as serve:
            assert serve.process.stdout
            # Its log is read, or it would wait for a reader.
            threading.Thread(target=deque, args=(serve.process.stdout, 0), daemon=True).start()
            with proxy(StandIns(serve)) as base_url:
                return _run(python, suite, base_url)


def _run(python: str, suite: str, base_url: str) -> int:
    argv = [
        str(Path(python).absolute()),
        "-m",
        "pytest",
        "--override-ini=addopts=",
        "--tb=short",
        "-q",
        *SUITE,
    ]
    argv += [f"--deselect={prefix}" for prefix in NOT_BUILT]
    # None of this process's own modules: the suite has a package of the name `tests`, too.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["TEST_API_BASE_URL"] = base_url
    return subprocess.run(argv, cwd=suite, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
