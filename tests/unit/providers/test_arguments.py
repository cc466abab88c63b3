"""Whether a call's arguments are whole, told as they come."""

import json
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from threadkeep.providers.arguments import Arguments

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\{}[] '),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('"\\}'), inner, max_size=3),
    max_leaves=6,
)
_TEXT = _JSON.map(json.dumps) | st.text(alphabet='{}[]"\\:,a \n\x0b')
_PATIENCE = 60  # seconds; one look at each character takes less than one


@given(st.lists(_TEXT, max_size=4), st.integers(1, 5))
def test_they_are_whole_where_they_are_a_json_object(texts: list[str], size: int) -> None:
    """After each piece, however they are cut."""
    text, arguments = "".join(texts), Arguments()
    for start in range(0, len(text), size):
        arguments.add(text[start : start + size])
        assert arguments.is_whole == _is_object(text[: start + size])


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


_FLOOD = """
from threadkeep.providers.call_order import CallOrder
from threadkeep.providers.port import CallArguments, CallBegan
order = CallOrder()
for piece in (CallBegan(0, "a", "f"), CallArguments(0, '{"x": "'), CallBegan(1, "b", "g")):
    list(order.take(piece))
for _ in range(500_000):
    list(order.take(CallArguments(0, "}")))
"""


def test_the_time_grows_with_the_text_and_not_with_its_square() -> None:
    """Each piece may look like the end; the text is not read again for each."""
    subprocess.run([sys.executable, "-c", _FLOOD], check=True, timeout=_PATIENCE)
