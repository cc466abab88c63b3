"""The pages of `docs/` that are made of the code: `python -m infra.docs` writes them, and with
`--check` says which are out of date. A page is one function here.
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from functions.permissions import Permissions, together
from functions.routes import ROUTES, Route
from infra import compatibility, run_states, settings_page
from infra.openapi import document

_DESCRIPTION = "Write the pages of docs/ that are made of the code."
DOCS = Path(__file__).parents[1] / "docs"

_ENDPOINTS = """\
# Endpoints

What answers each endpoint, and what that may do in DynamoDB: nothing else. *Round trips* is how
often an answer waits for DynamoDB when all goes well, the authorizer's look at the key apart.

All of them are there a second time below `/openai`, for Azure's clients: the key comes in the
header `api-key`, and `api-version` has no effect.

Made of `functions/routes/` by `make docs`; change that.

| method | path | Lambda function | DynamoDB | round trips |
|---|---|---|---|---:|
"""


def endpoints() -> str:
    """The route table, in its order."""
    return _ENDPOINTS + "".join(f"{_row(route)}\n" for route in ROUTES)


def _row(route: Route) -> str:
    where = f"{route.method} | `{route.path}`"
    return f"| {where} | {route.function} | {_grants(route.grants)} | {route.round_trips} |"


def _grants(grants: Permissions) -> str:
    """Table by table; of an index, `table/index`."""
    tables = (f"`{each.resource}` {', '.join(each.actions)}" for each in together(grants))
    return "<br>".join(tables) or "none"


PAGES: Mapping[str, Callable[[], str]] = {
    "compatibility.md": compatibility.text,
    "endpoints.md": endpoints,
    "openapi.json": document.text,
    "run_states.md": run_states.text,
    "settings.md": settings_page.text,
}


def outdated(folder: Path = DOCS) -> list[str]:
    """The pages that are not what the code makes of them now."""
    return [name for name, make in PAGES.items() if _read(folder / name) != make()]


def write(folder: Path = DOCS) -> None:
    for name, make in PAGES.items():
        (folder / name).write_text(make(), "utf-8")


def _read(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def main(argv: Sequence[str] | None = None, folder: Path = DOCS) -> int:
    """Write the pages, or check them; the exit code."""
    parser = argparse.ArgumentParser("python -m infra.docs", description=_DESCRIPTION)
    parser.add_argument("--check", action="store_true", help="write nothing; fail on a difference")
    if not parser.parse_args(argv).check:
        write(folder)
        return 0
    for name in (differing := outdated(folder)):
        sys.stderr.write(f"docs/{name} is not what the code says. Run `make docs`.\n")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
