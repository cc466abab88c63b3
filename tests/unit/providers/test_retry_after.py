from email.message import Message

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadkeep.providers.retry_after import retry_after

_NOW = "Wed, 21 Oct 2015 07:28:00 GMT"


def told(**fields: str) -> float | None:
    """`retry_after` of headers; `_` stands for `-`."""
    headers = Message()
    for name, value in fields.items():
        headers[name.replace("_", "-")] = value
    return retry_after(headers)


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), (" 12 ", 12), ("1.5", 1.5), ("-3", 0)])
def test_seconds_are_taken_as_they_are_but_never_below_zero(text: str, seconds: float) -> None:
    """Fractions too, which some servers send."""
    assert told(Retry_After=text) == seconds


def test_milliseconds_come_first() -> None:
    """They are the more exact, where they make sense."""
    assert told(retry_after_ms="250", Retry_After="1") == 0.25
    assert told(retry_after_ms="-250", Retry_After="1") == 0
    assert told(retry_after_ms="x", Retry_After="1") == 1


@pytest.mark.parametrize(
    ("until", "seconds"),
    [
        ("Wed, 21 Oct 2015 07:28:30 GMT", 30),
        ("Wed, 21 Oct 2015 09:29:00 +0200", 60),
        ("Wednesday, 21-Oct-15 07:28:30 GMT", 30),
        ("Wed, 21 Oct 2015 07:28:30 -0000", 30),
        ("Wed, 21 Oct 2015 07:00:00 GMT", 0),
    ],
)
def test_a_date_counts_from_the_servers_own(until: str, seconds: float) -> None:
    """Our clock may differ from the server's."""
    assert told(Retry_After=until, Date=_NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "nan",
        "inf",
        "-inf",
        "1e999",
        "9" * 5000,
        "Wed, 99 Oct 2015 07:28:30 GMT",
        "Wed, 21 Oct 99999 07:28:30 GMT",
        "Wed, 21 Oct 2015 99999999999999999999:28:30 GMT",
        "Wed, 21 Oct 2015 07:28:30 +99999999999999",
        "Wed, 21 Oct 2015 07:28:30 -9999",
        f"Wed, 21 Oct {10**30} 07:28:30 GMT",
    ],
)
def test_what_makes_no_sense_says_nothing(text: str) -> None:
    """Then we wait as long as we like."""
    assert told(Retry_After=text, Date=_NOW) is None
    assert told(Retry_After=_NOW, Date=text) is None
    assert told(Retry_After=_NOW) is None
    assert told() is None


_LATIN = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"))  # as HTTP has it
_NEAR = _LATIN | st.text("0123456789-+:., OctGMTWed")


@given(_NEAR, _NEAR, _NEAR)
def test_any_headers_are_a_number_or_nothing(milliseconds: str, after: str, date: str) -> None:
    """Never an exception."""
    seconds = told(retry_after_ms=milliseconds, Retry_After=after, Date=date)
    assert seconds is None or 0 <= seconds < float("inf")


_NUMBER = st.integers().map(str) | st.integers(0, 99).map(str) | st.text("0123456789", max_size=40)
_DATE = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Wed", ""]),
    _NUMBER,
    st.sampled_from(["Oct", "Feb", "Xyz"]),
    _NUMBER,
    _NUMBER,
    _NUMBER,
    _NUMBER,
    st.sampled_from(["GMT", "", "-0000"]) | _NUMBER.map("+{}".format) | _NUMBER.map("-{}".format),
)


@given(_DATE, _DATE)
def test_any_dates_are_a_number_or_nothing(after: str, date: str) -> None:
    """However wild its year, its hour or its zone: a bad value, never an exception."""
    for told_at in (date, _NOW):
        seconds = told(Retry_After=after, Date=told_at)
        assert seconds is None or 0 <= seconds < float("inf")
