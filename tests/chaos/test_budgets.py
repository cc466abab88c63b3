"""What a run may spend, and how much of its thread it is told."""

import json
import tracemalloc
from dataclasses import replace
from itertools import chain, count, repeat
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.chaos.test_tool_runs import submit, waiting
from tests.chat import asked
from tests.faults import Reads
from tests.scripted_provider import ONE, TWO, USAGE, WEATHER, ScriptedProvider, Stall, calls, says
from tests.system import Refused, System, running
from threadkeep.domain.references import RunRef
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.models_file import Rule
from threadkeep.providers.port import (
    MOST_CALLS,
    MOST_SAID,
    CallArguments,
    CallBegan,
    Chunk,
    Finished,
    Text,
)
from threadkeep.store.event_rows import Row


@pytest.mark.promise("11.2")
def test_what_a_run_may_spend(tmp_path: Path) -> None:
    """Budgets are totals: each turn gets what is left, and nothing left ends the run."""
    with running(tmp_path) as system:
        run = waiting(system, ONE, max_completion_tokens=256, max_prompt_tokens=256)
        submit(system, run, call_1="x")
        system.until(lambda: len(system.provider.requests) == 2)
        first, second = system.provider.requests
        assert (first.max_completion_tokens, second.max_completion_tokens) == (256, 251)
        system.until(lambda: system.stored(run) == "requires_action")
        submit(system, run, call_1="x" * 2_000)
        run = system.ended(run)
        assert run["status"] == "incomplete"
        assert run["incomplete_details"] == {"reason": "max_prompt_tokens"}


@pytest.mark.promise("11.2")
def test_a_budget_that_is_used_up(tmp_path: Path) -> None:
    """The turn after the one that took all of it is not asked for."""
    with running(tmp_path) as system:
        run = waiting(system, ONE, max_completion_tokens=256)
        system.provider.script = [
            *list(calls(ONE))[:-1],
            Finished("stop", replace(USAGE, completion_tokens=251)),
        ]
        submit(system, run, call_1="x")
        system.until(lambda: len(system.provider.requests) == 2)
        system.until(lambda: system.stored(run) == "requires_action")
        submit(system, run, call_1="x")
        run = system.ended(run)
        assert run["incomplete_details"] == {"reason": "max_completion_tokens"}
        assert run["usage"]["completion_tokens"] == 256
        assert len(system.provider.requests) == 2


@pytest.mark.promise("11.7")
def test_a_content_filter_cuts_the_answer(tmp_path: Path) -> None:
    """What was said is kept, as an incomplete message with that reason."""
    provider = ScriptedProvider([Text("So far"), Finished("content_filter", USAGE)])
    with running(tmp_path, provider=provider) as system:
        run = system.ended(system.new_run("Hi"))
        assert (run["status"], run["incomplete_details"]) == ("incomplete", None)
        answer = system.messages(run)[-1]
        assert answer["incomplete_details"] == {"reason": "content_filter"}
        assert answer["content"][0]["text"]["value"] == "So far"


def test_a_run_that_would_loop_for_ever(tmp_path: Path) -> None:
    """The catalogue's limit on model turns ends it; a turn of text and calls is one."""
    provider = ScriptedProvider(calls(ONE, before="Let me see."))
    rule = Rule("*", provider, limits={"max_turns": 3})
    with running(tmp_path, provider=provider, catalogue=Catalogue([rule])) as system:
        run = system.new_run("Hi", tools=[WEATHER])
        for turn in range(1, 4):
            system.until(lambda: system.stored(run) == "requires_action")
            assert len(provider.requests) == turn
            submit(system, run, call_1="x")
        run = system.ended(run)
        text = "The run was ended after 3 model turns."
        assert run["last_error"] == {"code": "server_error", "message": text}
        assert len(provider.requests) == 3


@pytest.mark.promise("11.4")
def test_the_newest_messages_alone(tmp_path: Path) -> None:
    """`last_messages` keeps n of the thread's, in every turn, and what the run itself has said."""
    with running(tmp_path) as system:
        system.provider.script = calls(ONE, before="Let me see.")
        keep: Any = {"type": "last_messages", "last_messages": 2}
        run = system.new_run("One", "Two", "Three", tools=[WEATHER], truncation_strategy=keep)
        system.until(lambda: system.stored(run) == "requires_action")
        system.provider.script = says("Sunny")
        submit(system, run, call_1="x")
        system.ended(run)
        first, second = (
            [message["content"] for message in asked(request)]
            for request in system.provider.requests
        )
        assert first == ["Two", "Three"]
        assert second == ["Two", "Three", "Let me see.", "x"]


@pytest.mark.promise("11.3")
def test_a_thread_beyond_the_context_window(tmp_path: Path) -> None:
    """`auto` drops from the middle until the rest fits, with room for an answer. A first message
    that is too large for that goes before all the others.
    """
    provider = ScriptedProvider()
    rule = Rule("*", provider, limits={"context_window": 120})
    with running(tmp_path, provider=provider, catalogue=Catalogue([rule])) as system:
        texts = [f"{n:060}" for n in range(9)]  # 20 tokens each, as estimated
        for first, left in ((texts[0], 3), ("Long. " * 100, 4)):
            system.ended(system.new_run(first, *texts[1:]))
            request = provider.requests[-1]
            kept = [first] if left == 3 else []
            assert [m["content"] for m in asked(request)] == [*kept, *texts[-left:]]


@pytest.mark.promise("11.2", "11.3")
def test_a_budget_for_prompts(tmp_path: Path) -> None:
    """What is left of `max_prompt_tokens` bounds the prompt of each turn, too."""
    with running(tmp_path) as system:
        texts = [f"{n:0150}" for n in range(9)]  # 50 tokens each
        system.ended(system.new_run(*texts, max_prompt_tokens=256))
        (request,) = system.provider.requests
        assert [m["content"] for m in asked(request)] == [texts[0], *texts[-4:]]


@pytest.mark.promise("11.3")
def test_a_run_on_a_long_thread_reads_little(tmp_path: Path) -> None:
    """A run on 20,000 messages reads at most 3 pages of them."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run("First"))
        key = {"thread": {"S": f"acme/{run['thread_id']}"}}
        content = {"S": '[{"type":"text","text":{"value":"Hi","annotations":[]}}]'}
        for start in range(0, 20_000, 25):
            items = [
                {**key, "message_id": {"S": f"msg_1{n:023}"}, "content": content, **_FIELDS}
                for n in range(start, start + 25)
            ]
            puts = [{"PutRequest": {"Item": item}} for item in items]
            system.local.dynamodb.call("BatchWriteItem", {"RequestItems": {"messages": puts}})
        reads = Reads("messages")
        system.local.transport.interceptors.append(reads)
        system.ended(system.run(run["thread_id"], run["assistant_id"]))
        assert 1 <= reads.count <= 3
        told = asked(system.provider.requests[-1])
        assert told[0]["content"] == "First"
        assert len(told) < 500


_FIELDS = {
    "role": {"S": "user"},
    "thread_id": {"S": "thread_x"},
    "created_at": {"N": "1"},
    "status": {"S": "completed"},
}


_PIECES = {
    "letters": "x" * 10_000,
    "four bytes each": "".join(chr(0x1F300 + n % 700) for n in range(2_500)),
    "hard to compress": "".join(Random(1).choices([chr(n) for n in range(33, 0xD7FF)], k=10_000)),
    "escaped": "".join(Random(2).choices('\x01\x02"\\\x1f', k=10_000)),
}


def _endless(chunk: Chunk, *first: Chunk) -> ScriptedProvider:
    """A model that says the same again and again, and never ends."""
    return ScriptedProvider(chain(first, repeat(chunk)))


@pytest.mark.promise("11.8")
@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("piece", _PIECES.values(), ids=_PIECES)
def test_an_answer_that_never_ends(tmp_path: Path, piece: str, *, stream: bool) -> None:
    """It is cut where it would not fit any more; the run is incomplete, the model asked once."""
    with running(tmp_path, provider=_endless(Text(piece))) as system:
        run = begun(system, stream=stream)
        ended = system.ended(run)
        assert ended["status"] == "incomplete"
        assert ended["incomplete_details"] == {"reason": "max_completion_tokens"}
        answer = system.messages(run)[-1]
        assert answer["incomplete_details"] == {"reason": "max_tokens"}
        text = answer["content"][0]["text"]["value"]
        assert MOST_SAID - 6 < len(json.dumps(text, ensure_ascii=False).encode()) - 2 <= MOST_SAID
        assert (piece * (len(text) // len(piece) + 1)).startswith(text)
        assert len(system.provider.requests) == 1


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("piece", _PIECES.values(), ids=_PIECES)
def test_arguments_that_never_end(tmp_path: Path, piece: str, *, stream: bool) -> None:
    """Half a call is no use to an app: the run fails, with a text that says why."""
    provider = _endless(CallArguments(0, piece), CallBegan(0, "call_1", "get_weather"))
    with running(tmp_path, provider=provider) as system:
        run = system.ended(begun(system, stream=stream, tools=[WEATHER]))
        text = "The model's function calls have more than 1000000 bytes."
        assert run["last_error"] == {"code": "server_error", "message": text}
        assert [step["status"] for step in system.steps(run)] == ["failed"]
        assert len(system.provider.requests) == 1


def test_calls_that_never_end(tmp_path: Path) -> None:
    """A turn makes 128 calls at most; the one more fails the run."""
    provider = ScriptedProvider(CallBegan(n, f"call_{n}", "get_weather") for n in count())
    with running(tmp_path, provider=provider) as system:
        run = system.ended(system.new_run("Hi", tools=[WEATHER]))
        text = "The model called more than 128 functions in one turn."
        assert run["last_error"] == {"code": "server_error", "message": text}
        (step,) = system.steps(run)
        assert len(step["step_details"]["tool_calls"]) == 128


def _calls_with_ids(size: int) -> ScriptedProvider:
    """As many calls as a turn may make, with ids of so many letters of three bytes each."""
    letters = [chr(n) for n in range(0x4E00, 0x9FFF)]
    ids = ["".join(Random(n).choices(letters, k=size)) for n in range(MOST_CALLS)]
    made = [CallBegan(n, id_, "get_weather") for n, id_ in enumerate(ids)]
    return ScriptedProvider([*made, Finished("stop", USAGE)])


def test_ids_of_calls_that_never_end(tmp_path: Path) -> None:
    """They count as what the calls say does; the model is asked once."""
    with running(tmp_path, provider=_calls_with_ids(4_000)) as system:
        run = system.ended(system.new_run("Hi", tools=[WEATHER]))
        text = "The model's function calls have more than 1000000 bytes."
        assert run["last_error"] == {"code": "server_error", "message": text}
        assert len(system.provider.requests) == 1


def test_long_ids_of_calls_are_kept(tmp_path: Path) -> None:
    """Gateways hide a signature in them: they come back, though no item could hold them all."""
    with running(tmp_path, provider=_calls_with_ids(2_000)) as system:
        run = system.new_run("Hi", tools=[WEATHER])
        system.until(lambda: system.stored(run) == "requires_action")
        made = system.seen(run)["required_action"]["submit_tool_outputs"]["tool_calls"]
        system.provider.script = says("Done")
        submit(system, run, **{call["id"]: "x" for call in made})
        assert system.ended(run)["status"] == "completed"
        told = asked(system.provider.requests[-1])[-MOST_CALLS:]
        assert [output["tool_call_id"] for output in told] == [call["id"] for call in made]


@pytest.mark.promise("11.8")
@pytest.mark.parametrize("piece", _PIECES.values(), ids=_PIECES)
@pytest.mark.parametrize("calls", [False, True])
def test_a_streamed_turn_whose_executor_died_at_the_cap(
    tmp_path: Path, piece: str, *, calls: bool
) -> None:
    """What it had told fits, too: the run is closed with all of it, not left in progress."""
    chunk: Chunk = CallArguments(0, piece) if calls else Text(piece)
    room = MOST_SAID - 100
    many = room // (len(json.dumps(piece, ensure_ascii=False).encode()) - 2)
    first = [CallBegan(0, "call_1", "get_weather")] if calls else []
    provider = ScriptedProvider([*first, *[chunk] * many, Stall()])
    with running(tmp_path, provider=provider) as system:
        run = begun(system, stream=True, tools=[WEATHER])
        reference = {"project_id": "acme", "thread_id": run["thread_id"], "run_id": run["id"]}
        ref, log = RunRef.of(reference), system.local.services.store.run_events
        system.until(lambda: _told(log.after(ref, 0)) == many * len(piece), moving=0.01)
        system.local.invoke("executor", {"action": "settle", "run": {**reference, "leg": 1}})
        assert system.ended(run)["status"] == "failed"
        if calls:
            (call,) = system.steps(run)[0]["step_details"]["tool_calls"]
            assert call["function"]["arguments"] == piece * many
        else:
            answer = system.messages(run)[-1]
            assert answer["content"][0]["text"]["value"] == piece * many
        assert len(provider.requests) == 1


def _told(rows: list[Row]) -> int:
    """How many characters the deltas in a run's log have."""
    told = (row.fields or {} for row in rows if row.kind == "delta")
    return sum(len(fields.get("text") or fields.get("arguments", "")) for fields in told)


def test_outputs_that_do_not_fit(tmp_path: Path) -> None:
    """More than can be stored is a clear 400, and the run goes on waiting for less."""
    with running(tmp_path) as system:
        run = waiting(system, ONE, TWO)
        letters = [chr(n) for n in range(33, 127) if chr(n) not in '"\\']
        half = "".join(Random(3).choices(letters, k=2_400_000))
        with pytest.raises(Refused) as refused:
            submit(system, run, call_1=half, call_2=half)
        assert refused.value.status == 400
        assert refused.value.error["code"] == "request_too_large"
        assert "3.5 MB" in refused.value.error["message"]
        assert system.seen(run)["status"] == "requires_action"
        system.provider.script = says("Done")
        submit(system, run, call_1="less", call_2="less")
        assert system.ended(run)["status"] == "completed"


def begun(system: System, *, stream: bool, **fields: Any) -> dict[str, Any]:
    """A new run, streamed or not."""
    if not stream:
        return system.new_run("Hi", **fields)
    body = {"assistant_id": system.assistant()["id"], "stream": True, **fields}
    run = next(system.stream(f"/threads/{system.thread('Hi')['id']}/runs", body))[1]
    assert isinstance(run, dict)
    return run


def test_long_messages_are_read_as_far_as_there_is_room(tmp_path: Path) -> None:
    """Of 150 messages of 250,000 characters a run takes the memory of those that it is told."""
    with running(tmp_path) as system:
        thread = system.thread()["id"]
        for number in range(150):
            content = [{"type": "text", "text": f"{number} " + "x" * 250_000}]
            system.post(f"/threads/{thread}/messages", {"role": "user", "content": content})
        assistant = system.assistant()["id"]
        tracemalloc.start()
        try:
            run = system.ended(system.run(thread, assistant))
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert run["status"] == "completed"
        (request,) = system.provider.requests
        told = sum(len(message["content"]) for message in asked(request))
        assert 250_000 < told < 400_000
        assert peak < 20 * told
