"""Function tools: rounds of calls and outputs, and the ways a waiting run can end."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from infra.local.server import Local
from tests.chat import asked
from tests.objects import long_text
from tests.scripted_provider import (
    CLOCK,
    ONE,
    TWO,
    USAGE,
    WEATHER,
    ScriptedProvider,
    Stall,
    calls,
    says,
)
from tests.system import Refused, System, running
from threadkeep.providers.port import Text


def waiting(system: System, *made: tuple[str, str, str], **fields: Any) -> dict[str, Any]:
    """A run that waits for the outputs of these calls."""
    system.provider.script = calls(*made)
    fields = {"tools": [WEATHER, CLOCK], **fields}
    run = system.new_run("How is the weather?", **fields)
    system.until(lambda: system.stored(run) == "requires_action")
    return system.seen(run)


def submit(system: System, run: dict[str, Any], **outputs: str) -> dict[str, Any]:
    given = [{"tool_call_id": id_, "output": output} for id_, output in outputs.items()]
    path = f"/threads/{run['thread_id']}/runs/{run['id']}/submit_tool_outputs"
    return system.post(path, {"tool_outputs": given})


def cancel(system: System, run: dict[str, Any]) -> dict[str, Any]:
    return system.post(f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")


def test_a_round_trip(tmp_path: Path) -> None:
    """Calls, outputs, answer: each step as the contract has it, usage summed over them."""
    with running(tmp_path) as system:
        run = waiting(system, ONE, TWO)
        assert run["required_action"] == {
            "type": "submit_tool_outputs",
            "submit_tool_outputs": {
                "tool_calls": [
                    {"id": i, "type": "function", "function": {"name": n, "arguments": a}}
                    for i, n, a in (ONE, TWO)
                ]
            },
        }
        assert run["usage"] is None
        (step,) = system.steps(run)
        assert (step["status"], step["usage"]) == ("in_progress", None)
        system.provider.script = says("Sunny")
        queued = submit(system, run, call_1="sun", call_2="12:00")
        assert (queued["status"], queued["required_action"]) == ("queued", None)
        assert queued["started_at"] == run["started_at"]
        run = system.ended(run)
        assert run["status"] == "completed"
        assert run["usage"]["total_tokens"] == 2 * USAGE.total
        first, second = system.steps(run)
        outputs = [c["function"]["output"] for c in first["step_details"]["tool_calls"]]
        assert outputs == ["sun", "12:00"]
        assert (first["status"], second["type"]) == ("completed", "message_creation")
        assert first["usage"]["total_tokens"] == USAGE.total


@pytest.mark.promise("11.1", "12.3")
def test_the_model_is_told_of_its_calls(tmp_path: Path) -> None:
    """The next turn has the calls and the outputs, unchanged; tools as they were given."""
    with running(tmp_path) as system:
        run = waiting(system, ONE, tool_choice="required")
        submit(system, run, call_1="sun")
        system.until(lambda: len(system.provider.requests) == 2)
        first, second = system.provider.requests
        assert first.tool_choice == "required"
        assert second.tool_choice == "auto"
        tools: Any = second.tools
        names = [tool["function"]["name"] for tool in tools]
        assert names == ["get_weather", "get_time"]
        *_, told, output = asked(second)
        assert told["tool_calls"][0]["function"] == {"name": ONE[1], "arguments": ONE[2]}
        assert output == {"role": "tool", "tool_call_id": "call_1", "content": "sun"}


@pytest.mark.promise("12.3")
def test_any_number_of_rounds(tmp_path: Path) -> None:
    """A run may call functions again and again."""
    with running(tmp_path) as system:
        run = waiting(system, ONE)
        for number in range(3):
            system.provider.script = calls((f"call_r{number}", "get_time", "{}"))
            submit(
                system,
                run,
                **{
                    system.seen(run)["required_action"]["submit_tool_outputs"]["tool_calls"][0][
                        "id"
                    ]: "x"
                },
            )
            system.until(lambda: system.stored(run) == "requires_action")
        system.provider.script = says("Done")
        submit(system, run, call_r2="x")
        run = system.ended(run)
        assert run["status"] == "completed"
        assert len(system.steps(run)) == 5


def test_text_before_calls_is_a_message_of_its_own(tmp_path: Path) -> None:
    """What the model says before it calls is kept, in a step before the calls'."""
    with running(tmp_path) as system:
        system.provider.script = calls(ONE, before="Let me see.")
        run = system.new_run("Hi", tools=[WEATHER])
        system.until(lambda: system.stored(run) == "requires_action")
        first, second = system.steps(run)
        assert [first["type"], second["type"]] == ["message_creation", "tool_calls"]
        assert [first["status"], second["status"]] == ["completed", "in_progress"]
        assert system.messages(run)[-1]["content"][0]["text"]["value"] == "Let me see."


def test_outputs_that_are_not_awaited(tmp_path: Path) -> None:
    """Missing, unknown and doubled ids, and runs that do not wait: the contract's 400."""
    with running(tmp_path) as system:
        run = waiting(system, ONE, TWO)
        for given in (["call_1"], ["call_1", "call_x"], ["call_1", "call_2", "call_x"], []):
            with pytest.raises(Refused) as refused:
                submit(system, run, **dict.fromkeys(given, "x"))
            text = f"Expected tool outputs for call_ids ['call_1', 'call_2'], got {given}"
            assert (refused.value.status, refused.value.error["message"]) == (400, text)
        system.provider.script = says("Done")
        submit(system, run, call_1="", call_2="")
        system.ended(run)
        with pytest.raises(Refused) as refused:
            submit(system, run, call_1="x", call_2="x")
        text = 'Runs in status "completed" do not accept tool outputs.'
        assert refused.value.error["message"] == text


@pytest.mark.promise("12.6")
@pytest.mark.parametrize("tools", [[WEATHER], []])
def test_a_function_that_the_run_does_not_have(tmp_path: Path, tools: list[Any]) -> None:
    """The app is shown it like any other, and says that there is none: the run goes on."""
    with running(tmp_path) as system:
        unknown = ("call_2", "multi_tool_use.parallel", "{}")
        run = waiting(system, ONE, unknown, tools=tools)
        made = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        assert [call["function"]["name"] for call in made] == ["get_weather", unknown[1]]
        system.provider.script = says("I see")
        submit(system, run, call_1="sun", call_2="no such function")
        assert system.ended(run)["status"] == "completed"


@pytest.mark.parametrize("name", ["", " ", "f\x00", "f\ufffd", "f" * 257, "two\nlines"])
def test_a_function_whose_name_cant_be_shown(tmp_path: Path, name: str) -> None:
    """Nobody could answer it: the run fails, and says so."""
    provider = ScriptedProvider(calls(("call_1", name, "{}")))
    with running(tmp_path, provider=provider) as system:
        run = system.ended(system.new_run("Hi", tools=[WEATHER]))
        assert run["status"] == "failed"
        text = "The model called a function whose name can't be shown."
        assert run["last_error"] == {"code": "server_error", "message": text}


@pytest.mark.promise("12.5")
def test_one_call_at_a_time(tmp_path: Path) -> None:
    """Without parallel_tool_calls a turn's first call is its only one."""
    with running(tmp_path) as system:
        run = waiting(system, ONE, TWO, parallel_tool_calls=False)
        made = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        assert [call["id"] for call in made] == ["call_1"]


def test_large_outputs_are_kept_whole(tmp_path: Path) -> None:
    """An output larger than an item is stored and shown as it was sent."""
    with running(tmp_path) as system:
        run = waiting(system, ONE)
        system.provider.script = says("Done")
        output = long_text(1)
        submit(system, run, call_1=output)
        step, _ = system.steps(system.ended(run))
        assert step["step_details"]["tool_calls"][0]["function"]["output"] == output


def test_cancelling_a_waiting_run(tmp_path: Path) -> None:
    """It ends at once; its answer shows `cancelling`, its step is cancelled, the thread free."""
    with running(tmp_path) as system:
        run = waiting(system, ONE)
        assert cancel(system, run)["status"] == "cancelling"
        run = system.seen(run)
        assert run["status"] == "cancelled"
        assert run["cancelled_at"]
        assert [step["status"] for step in system.steps(run)] == ["cancelled"]
        system.post(f"/threads/{run['thread_id']}/messages", {"role": "user", "content": "Again"})
        with pytest.raises(Refused) as refused:
            cancel(system, run)
        assert refused.value.error["message"] == "Cannot cancel run with status 'cancelled'."


@pytest.mark.promise("10.5")
def test_cancelling_a_run_whose_model_stalls(tmp_path: Path) -> None:
    """`cancelling` at once; then cancelled, with what had been said kept as incomplete."""
    with running(tmp_path, provider=ScriptedProvider([Text("So far"), Stall()])) as system:
        run = system.new_run("Hi")
        system.until(lambda: system.steps(run))
        assert cancel(system, run)["status"] == "cancelling"
        run = system.ended(run, moving=0.25)
        assert run["status"] == "cancelled"
        answer = system.messages(run)[-1]
        assert answer["incomplete_details"] == {"reason": "run_cancelled"}
        assert answer["content"][0]["text"]["value"] == "So far"
        assert [step["status"] for step in system.steps(run)] == ["cancelled"]


def test_a_waiting_run_expires(tmp_path: Path) -> None:
    """At its deadline for readers, durably by the machine's Wait; late outputs are refused."""
    with running(tmp_path) as system:
        run = waiting(system, ONE)
        system.advance(600)
        assert system.seen(run)["status"] == "expired"
        with pytest.raises(Refused) as refused:
            submit(system, run, call_1="late")
        text = 'Runs in status "expired" do not accept tool outputs.'
        assert refused.value.error["message"] == text
        with pytest.raises(Refused) as refused:
            cancel(system, run)
        assert refused.value.error["message"] == "Cannot cancel run with status 'expired'."
        assert system.ended(run)["status"] == "expired"
        assert [step["status"] for step in system.steps(run)] == ["expired"]


def test_the_deadline_is_not_moved_by_outputs(tmp_path: Path) -> None:
    """The clock is not restarted: the next leg expires when the first would have."""
    with running(tmp_path) as system:
        run = waiting(system, ONE)
        system.advance(500)
        system.provider.script = [Stall()]
        assert submit(system, run, call_1="x")["expires_at"] == run["expires_at"]
        system.until(lambda: system.stored(run) == "in_progress")
        system.advance(99)
        assert system.seen(run)["status"] == "in_progress"
        system.advance(1)
        assert system.ended(run)["status"] == "expired"


@pytest.mark.promise("12.7")
def test_hosted_tools_may_be_left_out(tmp_path: Path) -> None:
    """Of runs of an assistant that has them, and of runs that bring them along."""
    hosted: list[dict[str, Any]] = [{"type": "code_interpreter"}, {"type": "file_search"}]
    dropping = partial(Local, unavailable_tools="drop")
    with running(tmp_path, local=dropping) as system:
        for mine, own in (([*hosted, WEATHER], {}), ([], {"tools": [*hosted, WEATHER]})):
            assistant = system.assistant(tools=mine)["id"]
            assert len(system.assistant(tools=mine)["tools"]) == len(mine)
            run = system.run(system.thread("Hi")["id"], assistant, **own)
            assert [tool["type"] for tool in run["tools"]] == ["function"]
            assert system.ended(run)["status"] == "completed"


@pytest.mark.promise("12.7")
def test_hosted_tools_are_refused_unless_the_owner_says_otherwise(tmp_path: Path) -> None:
    """The app can go on without them, by tools of the run's own."""
    with running(tmp_path) as system:
        assistant = system.assistant(tools=[{"type": "file_search"}])["id"]
        with pytest.raises(Refused, match="unavailable_tools=drop"):
            system.run(system.thread("Hi")["id"], assistant)
        run = system.run(system.thread("Hi")["id"], assistant, tools=[])
        assert system.ended(run)["status"] == "completed"
