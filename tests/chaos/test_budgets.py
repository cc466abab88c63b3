"""What a run may spend, and how much of its thread it is told."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.test_tool_runs import submit, waiting
from tests.faults import Reads
from tests.scripted_provider import ONE, USAGE, WEATHER, ScriptedProvider, calls, says
from tests.system import running
from threadkeep.providers.catalogue import Catalogue
from threadkeep.providers.models_file import Rule
from threadkeep.providers.port import Finished, Text


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
            *calls(ONE)[:-1],
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
            [message["content"] for message in request.messages]
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
            assert [m["content"] for m in request.messages] == [*kept, *texts[-left:]]


@pytest.mark.promise("11.2", "11.3")
def test_a_budget_for_prompts(tmp_path: Path) -> None:
    """What is left of `max_prompt_tokens` bounds the prompt of each turn, too."""
    with running(tmp_path) as system:
        texts = [f"{n:0150}" for n in range(9)]  # 50 tokens each
        system.ended(system.new_run(*texts, max_prompt_tokens=256))
        (request,) = system.provider.requests
        assert [m["content"] for m in request.messages] == [texts[0], *texts[-4:]]


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
        told = system.provider.requests[-1].messages
        assert told[0]["content"] == "First"
        assert len(told) < 500


_FIELDS = {
    "role": {"S": "user"},
    "thread_id": {"S": "thread_x"},
    "created_at": {"N": "1"},
    "status": {"S": "completed"},
}
