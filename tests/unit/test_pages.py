"""The pages that people read name what is there."""

import re
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("functions", "layers", "infra", "tests", "docs", "bench")
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "docs/architecture.md",
    "infra/local/aws/README.md",
)
IN_CODE = re.compile(r"`([\w./*-]+)(?:: [^`]+)?`")
PATH = re.compile(r"[\w*-]+(/[\w.*-]+)+/?|[\w*-]+\.(py|md|toml)|\w+/")


def there() -> Iterator[str]:
    """Every path of the project, each with a slash before it."""
    for path in ROOT.iterdir():
        yield f"/{path.name}"
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if "node_modules" not in path.parts:
                yield f"/{path.relative_to(ROOT)}"


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    """Paths in code may leave out their first folders; links are from the page."""
    text = (ROOT / page).read_text()
    named = {name.rstrip("/") for name in IN_CODE.findall(text) if PATH.fullmatch(name)}
    paths = list(there())
    assert not [name for name in named if not any(fnmatch(each, f"*/{name}") for each in paths)]
    linked = re.findall(r"\]\(([\w./-]+)\)", text)
    assert named or linked
    assert not [name for name in linked if not (ROOT / page).parent.joinpath(name).exists()]
