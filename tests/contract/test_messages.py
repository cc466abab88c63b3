"""Messages: added, deleted, retrieved, changed, listed."""

from tests.contract.exchanges import Exchange, Made, Replay
from tests.contract.objects import deleted, message, page, thread


def test_operations_on_messages(replay: Replay) -> None:
    """One is deleted and not listed; the other keeps its text when its metadata is changed."""
    first, second = Made("first", "msg"), Made("second", "msg")
    old, new = {"source": "import"}, {"source": "form"}
    said = {"role": "user", "content": "Good evening", "metadata": old}
    of_thread, of_second = "/threads/{thread}/messages", "/threads/{thread}/messages/{second}"
    replay(
        Exchange("POST", "/threads", None, thread()),
        Exchange("POST", of_thread, {"role": "user", "content": "Hi"}, message(first, "Hi")),
        Exchange("DELETE", f"{of_thread}/{{first}}", None, deleted(first, "thread.message")),
        Exchange("POST", of_thread, said, message(second, "Good evening", metadata=old)),
        Exchange("GET", of_second, None, message(second, "Good evening", metadata=old)),
        Exchange(
            "POST", of_second, {"metadata": new}, message(second, "Good evening", metadata=new)
        ),
        Exchange("GET", of_thread, None, page(message(second, "Good evening", metadata=new))),
    )
