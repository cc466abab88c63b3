"""The pages of `docs/` that are made of the code are what the code says."""

from pathlib import Path

import pytest

from functions.permissions import together
from functions.routes import ROUTES
from infra.docs import PAGES, endpoints, main, outdated


def test_the_pages_are_up_to_date() -> None:
    """Whoever changes the code runs `make docs`."""
    assert outdated() == []


def test_every_endpoint_is_there() -> None:
    """Each route has one row, with its function, its grants and its round trips."""
    rows = [row for row in endpoints().splitlines() if row.startswith("| ")][1:]
    assert len(rows) == len(ROUTES)
    for route, row in zip(ROUTES, rows, strict=True):
        method, path, function, grants, trips = (
            row.removeprefix("| ").removesuffix(" |").split(" | ")
        )
        assert (method, path, function) == (route.method, f"`{route.path}`", route.function)
        assert int(trips) == route.round_trips
        granted = dict(part.split("` ") for part in grants.split("<br>") if part != "none")
        assert granted == {
            f"`{each.resource}": ", ".join(each.actions) for each in together(route.grants)
        }


@pytest.mark.parametrize("name", PAGES)
def test_a_page_that_is_out_of_date(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """The check fails with one line that names it, also when it is missing; writing mends it."""
    assert main([], tmp_path) == 0
    assert main(["--check"], tmp_path) == 0
    page = tmp_path / name
    for spoil in (lambda: page.write_text("else"), page.unlink):
        spoil()
        assert main(["--check"], tmp_path) == 1
        line = f"docs/{name} is not what the code says. Run `make docs`.\n"
        assert capsys.readouterr() == ("", line)
        assert not page.exists() or page.read_text() == "else"
    assert main([], tmp_path) == 0
    assert outdated(tmp_path) == []
