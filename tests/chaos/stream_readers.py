"""Readers of a run's stream, each in a thread of its own, and what holds of all they are told."""

import json
import threading
from collections.abc import Iterator
from itertools import chain
from typing import Any

from tests.system import System
from threadkeep.domain import run_state
from threadkeep.domain.references import RunRef

Frame = tuple[str, Any]
Frames = list[Frame]

ENDS = {f"thread.run.{status}" for status in run_state.ENDS}
STOPS = {*ENDS, "thread.run.requires_action"}
PING = ": ping"

_PATIENCE = 20.0  # real seconds until a reader counts as hanging


class Reader:
    """Reads a stream to its end. `frames` are what it was told so far, `pings` are counted."""

    def __init__(self, stream: Iterator[Frame]) -> None:
        self.frames: Frames = []
        self.pings = 0
        self._stream = stream
        self._thread = threading.Thread(target=self._read, name="reader", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for frame in self._stream:
            if frame[0] == PING:
                self.pings += 1
            else:
                self.frames.append(frame)

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def result(self) -> Frames:
        """All frames, once the stream has ended."""
        self._thread.join(_PATIENCE)
        assert self.over, f"a reader hangs after {names(self.frames)}"
        return self.frames


class Audience:
    """A streamed run, on a new thread if none is given, with readers from its start on."""

    def __init__(self, system: System, thread_id: str = "", **fields: Any) -> None:
        self._system = system
        thread_id = thread_id or system.thread("Hi")["id"]
        assistant_id = fields.pop("assistant_id", "") or system.assistant()["id"]
        body = {"assistant_id": assistant_id, "stream": True, **fields}
        stream = system.stream(f"/threads/{thread_id}/runs", body)
        first = next(stream)
        self.run: dict[str, Any] = first[1]
        self.path = f"/threads/{thread_id}/runs/{self.run['id']}"
        creator = Reader(chain([first], self._patiently(stream, 1)))
        self._readers = [creator, self.reader()]

    def reader(self, after: int = 0) -> Reader:
        """One who joins now, at the event behind number `after`."""
        return Reader(self._resumed(after))

    def submit(self, **outputs: str) -> None:
        """The outputs, with a stream; who was told so far resumes behind that."""
        given = [{"tool_call_id": id_, "output": output} for id_, output in outputs.items()]
        told = self.told
        body = {"tool_outputs": given, "stream": True}
        resumed = self.reader(told)
        stream = self._system.stream(f"{self.path}/submit_tool_outputs", body)
        self._readers = [Reader(self._patiently(stream, told)), resumed]

    def frames(self, after: int = 0) -> Frames:
        """What everybody was told: the same, also whoever joins now."""
        told, *others = [reader.result() for reader in [*self._readers, self.reader(after)]]
        for other in others:
            assert other == told, f"{names(other)} is not {names(told)}"
        return told

    def ends(self) -> list[Frames]:
        """What each of those was told who are there, once their streams have ended."""
        return [reader.result() for reader in self._readers]

    def said(self, name: str) -> bool:
        """Whether everybody was told an event of this name."""
        return all(name in names(list(reader.frames)) for reader in self._readers)

    def _resumed(self, after: int) -> Iterator[Frame]:
        stream = self._system.stream(f"{self.path}/stream", **{"Last-Event-ID": str(after)})
        return self._patiently(stream, after)

    def _patiently(self, stream: Iterator[Frame], told: int) -> Iterator[Frame]:
        """The stream, resumed whenever it ends because the run is not taken up yet."""
        for frame in stream:
            if frame[0] == "error" and "still queued" in frame[1]["message"]:
                yield from self._resumed(told)
                return
            told += frame[0] != PING
            yield frame

    @property
    def told(self) -> int:
        """The number of the last event so far."""
        ref = RunRef("acme", self.run["thread_id"], self.run["id"])
        return self._system.local.services.store.run_events.after(ref, 0)[-1].seq


def names(frames: Frames) -> list[str]:
    return [name for name, _ in frames]


def check(frames: Frames) -> None:
    """One version of everything, in the order that the strictest SDK wants."""
    *told, last = names(frames)
    assert last == "done"
    assert told[-1] in STOPS
    assert not STOPS & set(told[:-1])
    _check_start(frames)
    _check_announcements(frames)
    _check_messages(frames)
    _check_calls(frames)


def _check_start(frames: Frames) -> None:
    """The run has started when it was told to have: a further attempt does not start it anew."""
    runs = [data for name, data in frames if _kind(name) == "thread.run"]
    statuses = [run["status"] for run in runs]
    if "in_progress" in statuses:
        since = runs[statuses.index("in_progress") :]
        assert len({run["started_at"] for run in since}) == 1


def _check_announcements(frames: Frames) -> None:
    """Nothing is announced twice, nothing told before it is; at the run's end all is closed."""
    for kind in ("thread.message", "thread.run.step"):
        own = [(name, data) for name, data in frames if _kind(name) == kind]
        announced = [data["id"] for name, data in own if name == f"{kind}.created"]
        assert len(announced) == len(set(announced)), f"{kind} announced twice"
        closing = {f"{kind}.{s}" for s in ("completed", "incomplete", "failed", "cancelled")}
        closed = [d["id"] for name, d in own if name in closing | {f"{kind}.expired"}]
        assert len(closed) == len(set(closed)), f"{kind} closed twice"
        if names(frames)[-2] in ENDS:
            assert set(announced) <= set(closed), f"{kind} left open"
        for name, data in own:
            if name.endswith(".delta"):
                before = own[: own.index((name, data))]
                assert data["id"] in [d["id"] for n, d in before if n == f"{kind}.created"]


def _kind(name: str) -> str:
    return name.rpartition(".")[0]


def _check_messages(frames: Frames) -> None:
    """A message ends with what was said of it, and is as it was announced in all else."""
    for name, data in frames:
        if name in ("thread.message.completed", "thread.message.incomplete"):
            assert text_of(data) == said(frames, data["id"])
            announced = [d for n, d in frames if n == "thread.message.created"]
            created = [d["created_at"] for d in announced if d["id"] == data["id"]]
            assert created == [data["created_at"]]


def _check_calls(frames: Frames) -> None:
    """A step that ends here has the calls that were told, if it was announced here."""
    told: dict[str, list[list[str]]] = {}
    for name, data in frames:
        if name == "thread.run.step.created":
            told[data["id"]] = []
        if name == "thread.run.step.delta":
            for call in data["delta"]["step_details"]["tool_calls"]:
                if "id" in call:
                    told[data["id"]].append([call["id"], ""])
                told[data["id"]][call["index"]][1] += call["function"]["arguments"]
        if name.startswith("thread.run.step.") and name.rpartition(".")[2] in _CLOSED:
            calls = data["step_details"].get("tool_calls", [])
            made = [[call["id"], call["function"]["arguments"]] for call in calls]
            assert made == told.get(data["id"], made)


_CLOSED = ("completed", "failed", "cancelled", "expired")


def said(frames: Frames, message_id: str = "") -> str:
    """What was said, of one message or of all."""
    deltas = [data for name, data in frames if name == "thread.message.delta"]
    own = [d for d in deltas if message_id in ("", d["id"])]
    return "".join(d["delta"]["content"][0]["text"]["value"] for d in own)


def text_of(message: Any) -> str:
    return "".join(part["text"]["value"] for part in message["content"])


def error_of(frames: Frames) -> str:
    """The message of the error that the stream ended with."""
    name, data = frames[-1]
    assert name == "error"
    assert json.dumps(data["error"]) == json.dumps({k: v for k, v in data.items() if k != "error"})
    return str(data["message"])
