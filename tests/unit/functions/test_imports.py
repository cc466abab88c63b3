"""What a cold start imports."""

import subprocess
import sys

from functions.deployment import FUNCTIONS
from functions.routes import ROUTES

MODULES = sorted(
    {r.handler for r in ROUTES} | {f.entry.rpartition(".")[0] for f in FUNCTIONS.values()}
)
HEAVY = ("openai", "moto", "aws_cdk", "boto3", "httpx", "uvicorn", "infra")


def test_handlers_import_nothing_heavy() -> None:
    """Importing every handler pulls in neither an SDK nor a test or deployment library."""
    imports = "; ".join(f"import {name}" for name in MODULES)
    code = f"import sys; {imports}; print(sorted(m for m in {HEAVY!r} if m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
