"""The shapes of all answers.

Only mypy and the OpenAPI document read them: handlers import this under TYPE_CHECKING, so a cold
start pays nothing.
"""

from threadkeep.wire.shapes.objects import (
    AssistantObject,
    DeletedAssistant,
    DeletedMessage,
    DeletedThread,
    ErrorResponse,
    MessageObject,
    ModelList,
    ModelObject,
    PageObject,
    ThreadObject,
)
from threadkeep.wire.shapes.runs import RunObject, RunStepObject

__all__ = [
    "AssistantObject",
    "DeletedAssistant",
    "DeletedMessage",
    "DeletedThread",
    "ErrorResponse",
    "MessageObject",
    "ModelList",
    "ModelObject",
    "PageObject",
    "RunObject",
    "RunStepObject",
    "ThreadObject",
]
