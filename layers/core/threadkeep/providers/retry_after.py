"""How long a provider asks us to wait before we try again."""

import math
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime


def retry_after(headers: Message) -> float | None:
    """Seconds from now, at least 0; None if the headers say nothing that makes sense.

    A date is taken against the server's own `Date`: our clocks may differ.
    """
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    seconds = _number(headers.get("Retry-After"))
    if seconds is not None:
        return seconds
    until, now = _date(headers.get("Retry-After")), _date(headers.get("Date"))
    return max(0.0, (until - now).total_seconds()) if until and now else None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _date(text: str | None) -> datetime | None:
    try:
        date = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):  # a wild date is a bad value, like any other
        return None
    return date if date.tzinfo else date.replace(tzinfo=UTC)
