"""How often an endpoint waits for DynamoDB on the good path."""

from pathlib import Path

from functions.routes import ROUTES, Route
from tests.chaos.test_tool_runs import cancel, submit, waiting
from tests.faults import RoundTrips
from tests.scripted_provider import ONE
from tests.system import Refused, running

_CREATE_RUNS = ("functions.runs.create", "functions.threads.create_and_run")
_OF_WAITING_RUNS = (
    "functions.runs.cancel",
    "functions.runs.stream",
    "functions.runs.submit_tool_outputs",
)
_BODIES: dict[str, dict[str, object]] = {
    "functions.assistants.create": {"model": "gpt-4o"},
    "functions.messages.create": {"role": "user", "content": "Hi"},
    "functions.threads.create": {},
}


def _last(route: Route) -> tuple[bool, int]:
    """Deletions come last, of the innermost things first."""
    return route.method == "DELETE", -len(route.path)


def test_round_trips_are_as_the_route_table_says(tmp_path: Path) -> None:
    """One, but a change reads what it changes first, and a run its assistant."""
    with running(tmp_path) as system:
        run = system.ended(system.new_run("Hi"))
        ids = {
            "assistant_id": run["assistant_id"],
            "thread_id": run["thread_id"],
            "message_id": system.messages(run)[0]["id"],
            "run_id": run["id"],
            "step_id": system.steps(run)[0]["id"],
            "model": "gpt-4o",
        }
        new_run = {"assistant_id": run["assistant_id"], "instructions": "Hi"}
        count = RoundTrips()
        system.local.transport.interceptors.append(count)
        for route in sorted(ROUTES, key=_last):
            if route.handler in _OF_WAITING_RUNS:
                continue
            count.of[route.handler] = 0
            body = _BODIES.get(route.handler, {"metadata": {"new": "value"}})
            if route.handler in _CREATE_RUNS:
                body = new_run
            sent = body if route.method == "POST" else None
            try:
                answer = system.request(route.method, route.path.format(**ids), sent, "acme")
            except Refused:
                assert route.handler == "functions.models.delete", (
                    "the only one that has no good path"
                )
                answer = {}
            assert count.of[route.handler] == route.round_trips, route
            if answer.get("object") == "thread.run":
                system.ended(answer)  # a thread that is locked would refuse what follows


def test_round_trips_of_a_waiting_run(tmp_path: Path) -> None:
    """Outputs read the run and its step; a cancel reads the run."""
    expected = {route.handler: route.round_trips for route in ROUTES}
    with running(tmp_path) as system:
        count = RoundTrips()
        system.local.transport.interceptors.append(count)
        submit(system, waiting(system, ONE), call_1="x")
        cancel(system, waiting(system, ONE))
        for handler in ("functions.runs.submit_tool_outputs", "functions.runs.cancel"):
            assert count.of[handler] == expected[handler], handler
