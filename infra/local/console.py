"""The lines that `serve` writes: one for each request and for each transition of a run.

Only what stands in `_SHOWN` is taken from a record, and no exception's text or traceback: content
and keys never get here.
"""

import logging
import time
from typing import IO

from threadkeep.domain.run_state import COMPLETE, ENDS

_SHOWN = ("thread_id", "run_id", "assistant_id", "leg", "attempt", "milliseconds", "request_id")
_RED, _YELLOW, _GREEN, _DIM, _PLAIN = "\033[31m", "\033[33m", "\033[32m", "\033[2m", "\033[0m"
_ENDED_BADLY = ENDS - {COMPLETE.target}


class ConsoleFormatter(logging.Formatter):
    """A record in one line; ids stand in the path of a request, where they came from."""

    def __init__(self, *, colour: bool) -> None:
        super().__init__()
        self._colour = colour

    def format(self, record: logging.LogRecord) -> str:
        when = time.strftime("%H:%M:%S", time.localtime(record.created))
        text, rest = _with_ids(record)
        if record.exc_info and record.exc_info[0]:
            text = f"{text} ({record.exc_info[0].__name__})"
        line = "".join(c if c.isprintable() else " " for c in text)
        if not self._colour:
            return "  ".join(filter(None, (when, line, rest)))
        return f"{_DIM}{when}{_PLAIN}  {_tint(record)}{line}{_PLAIN}  {_DIM}{rest}{_PLAIN}".rstrip()


def set_up_logging(stream: IO[str]) -> None:
    """Send Threadkeep's lines, and everybody's warnings, to the stream; colour only on a tty."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(ConsoleFormatter(colour=stream.isatty()))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("threadkeep").setLevel(logging.INFO)
    # Whoever reads our lines may leave; that is no reason to say anything, or to stop.
    logging.raiseExceptions = False


def _with_ids(record: logging.LogRecord) -> tuple[str, str]:
    """The message with its ids in place, and the facts that have no place in it."""
    text, rest = record.getMessage(), []
    for name in _SHOWN:
        value = getattr(record, name, None)
        if value is None:
            continue
        if f"{{{name}}}" in text:
            text = text.replace(f"{{{name}}}", str(value))
        elif name == "milliseconds":
            rest.append(f"{value} ms")
        elif name.endswith("_id"):
            rest.append(str(value))
        else:
            rest.append(f"{name} {value}")
    return text, "  ".join(rest)


def _tint(record: logging.LogRecord) -> str:
    """Red for a bug or a run that went wrong, yellow for a refusal, green for a run that ended."""
    last = record.getMessage().rpartition(" ")[2]
    if record.levelno >= logging.ERROR or last in _ENDED_BADLY or last.startswith("5"):
        return _RED
    if last.startswith("4") or record.levelno == logging.WARNING:
        return _YELLOW
    return _GREEN if last == COMPLETE.target else ""
