"""Function calls of a model, and the outputs that the app submits for them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from threadkeep.domain.errors import InvalidRequest

# Characters in the id of a call. Some gateways hide a signature of the model's thoughts in it.
MAX_CALL_ID = 10_000


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call that the model made. `arguments` is its text, whether or not that is JSON.

    `output` is None until the app has submitted it.
    """

    id: str
    name: str
    arguments: str
    output: str | None = None


def with_outputs(
    calls: Sequence[ToolCall], outputs: Sequence[tuple[str, str]]
) -> tuple[ToolCall, ...]:
    """The calls with outputs for (call id, output); InvalidRequest unless each call has one."""
    wanted, given = [call.id for call in calls], [id_ for id_, _ in outputs]
    if sorted(wanted) != sorted(given):
        text = f"Expected tool outputs for call_ids {wanted}, got {given}"
        raise InvalidRequest(text)
    by_id = dict(outputs)
    return tuple(replace(call, output=by_id[call.id]) for call in calls)
