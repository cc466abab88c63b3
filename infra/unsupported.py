"""What the original had and this server has not. Its paths are told apart from wrong ones, which
read like a wrong `base_url`.

The patterns mean the same to Python and to API Gateway's template emulator, whose expressions are
Java's.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from functions.doors import AZURE
from infra.gateway_responses import Refused, not_found
from threadkeep.wire.errors import ErrorAnswer, envelope

# The first word of each path. An entry goes when its endpoints come into the route table.
_NOT_YET = ("files", "uploads", "vector_stores")
_ANOTHER_API = (
    "audio",
    "batches",
    "chat",
    "completions",
    "containers",
    "conversations",
    "deployments",
    "embeddings",
    "evals",
    "fine_tuning",
    "images",
    "moderations",
    "organization",
    "realtime",
    "responses",
    "videos",
)


def not_yet(request: Refused) -> ErrorAnswer:
    """The path belongs to the Assistants API; what it stands for is still to be built."""
    return _unsupported(f"{_asked(request)} is not supported yet.")


def another_api(request: Refused) -> ErrorAnswer:
    """The original had this path, for an API that is none of this server's."""
    text = "is not supported: this server has the Assistants API alone."
    return _unsupported(f"{_asked(request)} {text}")


def _asked(request: Refused) -> str:
    return f"{request.method} {request.path}"


def _unsupported(message: str) -> ErrorAnswer:
    return ErrorAnswer(404, envelope(message, code="unsupported_endpoint"), {})


def _below(words: Iterable[str]) -> str:
    return f"(/v1|(/v1)?{AZURE.prefix})/({'|'.join(words)})(/.*)?"


# Pattern of the path → who answers for what no route has.
UNSUPPORTED: Mapping[str, Callable[[Refused], ErrorAnswer]] = {
    _below(_NOT_YET): not_yet,
    _below(_ANOTHER_API): another_api,
}


def no_route(path: str) -> Callable[[Refused], ErrorAnswer]:
    """Who answers for a path, with the stage, that no route has."""
    answers = (answer for pattern, answer in UNSUPPORTED.items() if re.fullmatch(pattern, path))
    return next(answers, not_found)
