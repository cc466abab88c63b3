"""The page of promises claims nothing that no test is marked with."""

import pytest

from infra import compatibility


def test_marks_are_found() -> None:
    """Only marks of tests count, each of their numbers."""
    source = '@pytest.mark.promise("1.1", "2.3")\n@other\ndef test_a():\n    pass\n'
    assert list(compatibility.marks(source)) == [("1.1", "test_a"), ("2.3", "test_a")]
    with pytest.raises(ValueError, match="malformed"):
        list(compatibility.marks("@pytest.mark.promise(number)\ndef test_a():\n    pass\n"))


def test_a_promise_is_held_or_not_yet() -> None:
    """Every promise is on the page, once, with its tests or without any."""
    rows = [row for row in compatibility.text().splitlines() if row.startswith("| ")]
    sections = compatibility.promises().values()
    numbers = [number for section in sections for number in section]
    assert [row.split(" ")[1] for row in rows if row[2].isdigit()] == numbers
    for row in rows:
        assert row.endswith("| not yet |") != ("](../tests/" in row) or not row[2].isdigit()


def test_a_test_holds_nothing_that_is_not_promised(monkeypatch: pytest.MonkeyPatch) -> None:
    """A number that is nobody's is an error, not a row."""
    monkeypatch.setattr(compatibility, "promises", lambda: {"1 One": {"1.1": "A promise."}})
    with pytest.raises(compatibility.UnknownPromise, match=r"1\.2"):
        compatibility.text()
