"""A run from its creation to its answer, as a polling app sees it."""

import threading
from collections.abc import Iterator

from tests.contract.exchanges import Exchange, Made, Replay
from tests.contract.objects import ASSISTANT, RUN, assistant, message, page, run, thread
from tests.scripted_provider import Stall, says
from threadkeep.providers.port import Chunk

QUESTION, ANSWER = Made("question", "msg"), Made("answer", "msg")
INCLUDE = "include[]=step_details.tool_calls%5B%2A%5D.file_search.results%5B%2A%5D.content"
USAGE = {
    "prompt_tokens": 12,
    "completion_tokens": 5,
    "total_tokens": 17,
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


class Held(list[Chunk | Stall]):
    """An answer that does not come before it is released."""

    def __init__(self) -> None:
        super().__init__(says("Hello!"))
        self.released = threading.Event()

    def __iter__(self) -> Iterator[Chunk | Stall]:
        assert self.released.wait(20)
        return super().__iter__()


def test_operations_on_runs(replay: Replay) -> None:
    """Queued, then in progress, then completed, with the answer as the thread's newest message."""
    system = replay.system
    system.provider.script = held = Held()
    runs, messages = "/threads/{thread}/runs", "/threads/{thread}/messages"
    new_run = {"assistant_id": ASSISTANT, "additional_messages": []}
    replay(
        Exchange("POST", "/assistants", {"model": "gpt-4o"}, assistant()),
        Exchange("POST", "/threads", None, thread()),
        Exchange("GET", runs, None, page()),
        Exchange("POST", messages, {"role": "user", "content": "Hi"}, message(QUESTION, "Hi")),
        Exchange("POST", f"{runs}?{INCLUDE}", new_run, run()),
        Exchange("GET", f"{runs}/{{run}}", None, run()),
        Exchange("GET", runs, None, page(run())),
        Exchange("GET", messages, None, page(message(QUESTION, "Hi"))),
    )
    queued = {"id": replay.made["run"], "thread_id": replay.made["thread"]}
    system.local.start()
    system.until(lambda: system.stored(queued) == "in_progress")
    begun = run(status="in_progress", started_at=Made("started"))
    replay(Exchange("GET", f"{runs}/{{run}}", None, begun))
    held.released.set()
    system.until(lambda: system.stored(queued) == "completed")
    ended = {"completed_at": Made("completed"), "expires_at": None, "usage": USAGE}
    by_the_run = {"assistant_id": ASSISTANT, "run_id": RUN, "role": "assistant"}
    replay(
        Exchange("GET", f"{runs}/{{run}}", None, begun | {"status": "completed"} | ended),
        Exchange(
            "GET",
            f"{messages}?order=desc",
            None,
            page(message(ANSWER, "Hello!", **by_the_run), message(QUESTION, "Hi")),
        ),
    )
