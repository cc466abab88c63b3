"""The model behind the served API: what it says follows from what it is asked."""

from collections.abc import Mapping
from typing import Any

from tests.chat import asked
from tests.scripted_provider import (
    USAGE,
    Script,
    ScriptedCall,
    ScriptedProvider,
    Stall,
    says,
)
from threadkeep.providers.port import (
    CallArguments,
    CallBegan,
    ChatRequest,
    Failed,
    Finished,
    Text,
)

# As the last message: the turn never ends, breaks, or is cut off.
STALL = "stall"
BREAK = "break"
CUT = "cut"

_SCRIPTS: Mapping[str, Script] = {
    STALL: [Stall()],
    BREAK: [Failed("rate_limit_exceeded", "Slow down.")],
    CUT: [Text("Hello"), Finished("length", USAGE)],
}


class Model(ScriptedProvider):
    """Calls each function it is given, once; then, and without functions, says hello."""

    def start(self, request: ChatRequest) -> ScriptedCall:
        self.requests.append(request)
        return ScriptedCall(ScriptedProvider(_script(request)), request)

    def told(self, text: str) -> ChatRequest:
        """The one request with a message that says this."""
        (found,) = [r for r in self.requests if any(m["content"] == text for m in asked(r))]
        return found


def _script(request: ChatRequest) -> Script:
    last = asked(request)[-1] if request.messages else {}
    if last.get("content") in _SCRIPTS:
        return _SCRIPTS[last["content"]]
    functions = [tool for tool in request.tools if tool["type"] == "function"]
    if not functions or last.get("role") == "tool":
        return says("Hello", " there")
    made: list[CallBegan | CallArguments | Finished] = []
    for index, tool in enumerate(functions):
        function: Any = tool["function"]
        began = CallBegan(index, f"call_{index}", function["name"])
        made += [began, CallArguments(index, "{}")]
    return [*made, Finished("stop", USAGE)]
