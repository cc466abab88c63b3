"""How often an endpoint waits for DynamoDB on the good path."""

from pathlib import Path

from functions.routes import ROUTES
from tests.faults import RoundTrips
from tests.system import running


def test_round_trips_are_as_the_route_table_says(tmp_path: Path) -> None:
    """One for everything but creating a run (two), whose assistant is read first."""
    with running(tmp_path) as system:
        count = RoundTrips()
        system.local.transport.interceptors.append(count)
        assistant_id = system.assistant()["id"]
        system.get(f"/assistants/{assistant_id}")
        thread_id = system.thread("Hi")["id"]
        system.get(f"/threads/{thread_id}")
        system.post(f"/threads/{thread_id}/messages", {"role": "user", "content": "Hi"})
        system.get(f"/threads/{thread_id}/messages")
        run = system.run(thread_id, assistant_id)
        system.seen(run)
        system.steps(run)
        system.get(f"/threads/{thread_id}/runs")
        system.post("/threads/runs", {"assistant_id": assistant_id, "instructions": "Hi"})
        system.get("/models")
        assert {r.handler: count.of[r.handler] for r in ROUTES} == {
            r.handler: r.round_trips for r in ROUTES
        }
