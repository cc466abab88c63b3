"""A real `threadkeep serve`: it works as it says, and ends as it should."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.model_server import ModelServer
from tests.model_turns import Stall
from tests.serve_process import KEY, models, serving


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_amid_model_calls(tmp_path: Path, number: signal.Signals) -> None:
    """Ctrl-C and SIGTERM end it with 0, no traceback and no temporary folder, also while models
    are asked that never answer.
    """
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (
        ModelServer(Stall()) as model,
        serving(temporary, "--api-key", KEY, *models(tmp_path, model.base_url)) as serve,
    ):
        assistant = serve.post("/assistants", {"model": "gpt-4o"})
        messages = [{"role": "user", "content": "the content"}]
        body = {"assistant_id": assistant["id"], "thread": {"messages": messages}}
        for _ in range(3):
            serve.post("/threads/runs", body)
        model.wait_for_requests(3)
        assert len(list(temporary.iterdir())) == 1
        code, out, err = serve.end(number)
    assert (code, err) == (0, "")
    assert "Traceback" not in out
    assert list(temporary.iterdir()) == []
    assert out.count("POST /threads/runs 200") == 3
    assert out.count("run in_progress") == 3
    assert KEY not in out
    assert "the content" not in out


def test_the_example_works_as_printed(tmp_path: Path) -> None:
    """The program in the start-up text runs as it stands there, and gets its answer."""
    with serving(tmp_path, "--state", str(tmp_path / "state")) as serve:
        start = next(n for n, line in enumerate(serve.said) if line.startswith("from openai"))
        program = "".join(serve.said[start:])
        argv = [sys.executable, "-W", "ignore", "-c", program]
        done = subprocess.run(argv, check=False, capture_output=True, text=True)
        assert (done.stdout, done.stderr) == ("completed - Hello!\n", "")
        assert serve.end(signal.SIGTERM)[0] == 0
    assert (tmp_path / "state" / "api_key").read_text().strip() in program
