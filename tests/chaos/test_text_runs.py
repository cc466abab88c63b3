"""One text run through the whole chain: create, stream, dispatcher, state machine, executor."""

from pathlib import Path

from tests.scripted_provider import ScriptedProvider, says
from tests.system import running
from threadkeep.domain.runs import Usage


def test_a_text_run_completes(tmp_path: Path) -> None:
    """A queued run becomes completed, with one message, one step and the provider's usage."""
    provider = ScriptedProvider(says("Hel", "lo!"))
    with running(tmp_path, provider=provider) as system:
        queued = system.new_run("Hi", metadata={"k": "v"})
        assert queued["status"] == "queued"
        run = system.ended(queued)
        assert run["status"] == "completed"
        assert run["metadata"] == {"k": "v"}
        assert run["usage"]["total_tokens"] == 17
        (step,) = system.steps(run)
        assert step["status"] == "completed"
        answer = system.messages(run)[-1]
        assert step["step_details"]["message_creation"]["message_id"] == answer["id"]
        assert answer["content"] == [
            {"type": "text", "text": {"value": "Hello!", "annotations": []}}
        ]
        assert answer["run_id"] == run["id"]


def test_usage_is_the_sum_of_the_steps(tmp_path: Path) -> None:
    """What the run cost is what its steps cost."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run())
        (step,) = system.steps(run)
        assert run["usage"] == step["usage"]
        assert Usage(prompt_tokens=12, completion_tokens=5).total == run["usage"]["total_tokens"]


def test_an_execution_that_comes_again(tmp_path: Path) -> None:
    """It finds the run over, asks no model, and is done."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run("Hi"))
        reference = {"project_id": "acme", "thread_id": run["thread_id"], "run_id": run["id"]}
        event = {"action": "execute", "run": {**reference, "leg": 1}}
        assert system.local.invoke("executor", event) == {"next": "done", "until": None}
        assert len(system.provider.requests) == 1
