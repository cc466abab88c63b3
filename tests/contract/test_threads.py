"""Threads: made, deleted, retrieved, changed."""

from tests.contract.exchanges import Exchange, Made, Replay
from tests.contract.objects import deleted, thread


def test_operations_on_threads(replay: Replay) -> None:
    """A thread of nothing is deleted; another is made with metadata, retrieved and changed."""
    first = Made("first", "thread")
    old, new = {"source": "import"}, {"source": "form"}
    replay(
        Exchange("POST", "/threads", None, thread(first)),
        Exchange("DELETE", "/threads/{first}", None, deleted(first, "thread")),
        Exchange("POST", "/threads", {"messages": [], "metadata": old}, thread(metadata=old)),
        Exchange("GET", "/threads/{thread}", None, thread(metadata=old)),
        Exchange("POST", "/threads/{thread}", {"metadata": new}, thread(metadata=new)),
        Exchange("GET", "/threads/{thread}", None, thread(metadata=new)),
    )
