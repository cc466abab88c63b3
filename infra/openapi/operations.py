"""What each endpoint takes and answers. Where it is, says the route table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from infra.openapi import answers, run_answers
from threadkeep.wire.bodies.assistants import CreateAssistant, ModifyAssistant
from threadkeep.wire.bodies.messages import CreateMessage, ModifyMessage
from threadkeep.wire.bodies.runs import (
    CreateRun,
    CreateThreadAndRun,
    ModifyRun,
    SubmitToolOutputs,
)
from threadkeep.wire.bodies.threads import CreateThread, ModifyThread


@dataclass(frozen=True)
class PageOf:
    """A page of objects of this shape, whose ids have this prefix."""

    shape: Any
    prefix: str


@dataclass(frozen=True)
class Deleted:
    """What is answered when an object of this kind is gone."""

    kind: str
    prefix: str


@dataclass(frozen=True)
class Operation:
    """`answer` is a shape, a page, a deletion, or None: for a stream of events alone, and for what
    is always `refused`.

    `query` names the parameters that are not those of a page, `headers` what else it listens to.
    """

    answer: Any
    body: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    refused: bool = False


# By the handler's dotted name, without its first part.
OPERATIONS: Mapping[str, Operation] = {
    "assistants.create": Operation(answers.AssistantObject, CreateAssistant),
    "assistants.list": Operation(PageOf(answers.AssistantObject, "asst")),
    "assistants.retrieve": Operation(answers.AssistantObject),
    "assistants.modify": Operation(answers.AssistantObject, ModifyAssistant),
    "assistants.delete": Operation(Deleted("assistant", "asst")),
    "threads.create": Operation(answers.ThreadObject, CreateThread),
    "threads.list": Operation(PageOf(answers.ThreadObject, "thread")),
    "threads.retrieve": Operation(answers.ThreadObject),
    "threads.modify": Operation(answers.ThreadObject, ModifyThread),
    "threads.delete": Operation(Deleted("thread", "thread")),
    "messages.create": Operation(answers.MessageObject, CreateMessage),
    "messages.list": Operation(PageOf(answers.MessageObject, "msg"), query=("run_id",)),
    "messages.retrieve": Operation(answers.MessageObject),
    "messages.modify": Operation(answers.MessageObject, ModifyMessage),
    "messages.delete": Operation(Deleted("thread.message", "msg")),
    "runs.create": Operation(run_answers.RunObject, CreateRun, query=("include[]",)),
    "threads.create_and_run": Operation(run_answers.RunObject, CreateThreadAndRun),
    "runs.list": Operation(PageOf(run_answers.RunObject, "run")),
    "runs.retrieve": Operation(run_answers.RunObject),
    "runs.modify": Operation(run_answers.RunObject, ModifyRun),
    "runs.cancel": Operation(run_answers.RunObject),
    "runs.submit_tool_outputs": Operation(run_answers.RunObject, SubmitToolOutputs),
    "runs.stream": Operation(None, headers=("Last-Event-ID",)),
    "run_steps.list": Operation(PageOf(run_answers.RunStepObject, "step"), query=("include[]",)),
    "run_steps.retrieve": Operation(run_answers.RunStepObject, query=("include[]",)),
    "models.list": Operation(answers.ModelList),
    "models.retrieve": Operation(answers.ModelObject),
    "models.delete": Operation(None, refused=True),
}
