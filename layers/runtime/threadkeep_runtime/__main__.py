"""What the wrapper starts, by its path: first the search path, as the managed runtime sets it."""

import os
import sys
from pathlib import Path


def search_path(layers: Path, standard: list[str]) -> list[str]:
    """The function's code comes first, then the layers' (`/opt`), then the runtime's own."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    first = [
        os.environ["LAMBDA_TASK_ROOT"],
        str(layers / "python/lib" / version / "site-packages"),
        str(layers / "python"),
        os.environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime"),
    ]
    return first + [folder for folder in standard if folder not in first]


if __name__ == "__main__":
    # Python has put this file's own folder first, whose modules are nobody's business by bare name.
    sys.path[:] = search_path(Path(__file__).resolve().parents[2], sys.path[1:])

    from threadkeep_runtime.loop import run

    run()
