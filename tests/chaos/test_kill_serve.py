"""kill -9 of the whole local server: what was acknowledged is there, what was going goes on."""

from pathlib import Path
from typing import Any

from openai import OpenAI

from tests.model_server import ModelServer
from tests.model_turns import Call, Say, Stall, Turn
from tests.serve_process import KEY, Serve, models, serving

RUNS = 10
TOOL: Any = {"type": "function", "function": {"name": "get_weather", "parameters": {}}}


def client(serve: Serve) -> OpenAI:
    return OpenAI(base_url=serve.base_url, api_key=KEY, max_retries=0)


def test_killed_amid_runs(tmp_path: Path) -> None:
    """All runs, just queued, in progress, waiting for outputs or being cancelled, end after the
    restart; the deadline of one that waits is the same.
    """
    turn: list[Turn] = [Call("get_weather")]
    with ModelServer(lambda _: turn[0]) as model:
        options = ["--api-key", KEY, "--state", str(tmp_path), *models(tmp_path, model.base_url)]
        with serving(tmp_path, *options) as serve, client(serve) as sdk:
            assistant = sdk.beta.assistants.create(model="gpt-4o", tools=[TOOL])
            new_run: Any = {
                "assistant_id": assistant.id,
                "thread": {"messages": [{"role": "user", "content": "Hi"}]},
            }
            waiting = sdk.beta.threads.create_and_run_poll(**new_run, poll_interval_ms=20)
            assert waiting.status == "requires_action"
            turn[0] = Stall()
            stalled = [sdk.beta.threads.create_and_run(**new_run) for _ in range(RUNS)]
            model.wait_for_requests(RUNS + 1)
            cancelled = sdk.beta.threads.runs.cancel(stalled[0].id, thread_id=stalled[0].thread_id)
            stalled.append(sdk.beta.threads.create_and_run(**new_run))
            serve.kill()
        turn[0] = Say("Hello again")
        with serving(tmp_path, *options) as serve, client(serve) as sdk:
            runs = sdk.beta.threads.runs
            for run in stalled[1:]:
                ended = runs.poll(run.id, thread_id=run.thread_id, poll_interval_ms=50)
                assert ended.status == "completed"
                answers = sdk.beta.threads.messages.list(run.thread_id, run_id=run.id).data
                assert len(answers) == 1
                assert ended.expires_at is None
            ended = runs.poll(cancelled.id, thread_id=cancelled.thread_id, poll_interval_ms=50)
            assert ended.status == "cancelled"
            assert runs.retrieve(waiting.id, thread_id=waiting.thread_id) == waiting
            ended = runs.submit_tool_outputs_and_poll(
                run_id=waiting.id,
                thread_id=waiting.thread_id,
                tool_outputs=[{"tool_call_id": "call_1", "output": "sun"}],
                poll_interval_ms=50,
            )
            assert ended.status == "completed"
