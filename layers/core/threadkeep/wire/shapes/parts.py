"""What several answers have in common: ids, times, tools, resources and formats."""

from typing import Annotated, Any, Literal, NotRequired

from pydantic import Discriminator, Field
from typing_extensions import TypedDict  # before 3.12, pydantic needs this one

from threadkeep.wire.ids import id_schema


def _id(prefix: str) -> Any:
    return Field(json_schema_extra={**id_schema(prefix)})


AssistantId = Annotated[str, _id("asst")]
ThreadId = Annotated[str, _id("thread")]
MessageId = Annotated[str, _id("msg")]
RunId = Annotated[str, _id("run")]
StepId = Annotated[str, _id("step")]
Time = Annotated[int, Field(ge=0, description="Unix seconds")]
Tokens = Annotated[int, Field(ge=0)]
AnyObject = dict[str, Any]


class CodeInterpreterToolObject(TypedDict):
    type: Literal["code_interpreter"]


class RankingOptionsObject(TypedDict):
    ranker: Literal["default_2024_08_21"]
    score_threshold: float
    hybrid_search: AnyObject | None


class FileSearchOptionsObject(TypedDict):
    max_num_results: NotRequired[int]
    ranking_options: RankingOptionsObject


class FileSearchToolObject(TypedDict):
    type: Literal["file_search"]
    file_search: FileSearchOptionsObject


class FunctionObject(TypedDict):
    name: str
    description: NotRequired[str]
    parameters: AnyObject
    strict: bool


class FunctionToolObject(TypedDict):
    type: Literal["function"]
    function: FunctionObject


ToolObject = Annotated[
    CodeInterpreterToolObject | FileSearchToolObject | FunctionToolObject, Discriminator("type")
]


class CodeInterpreterResourcesObject(TypedDict):
    file_ids: list[str]


class FileSearchResourcesObject(TypedDict):
    vector_store_ids: list[str]


class ToolResourcesObject(TypedDict):
    code_interpreter: NotRequired[CodeInterpreterResourcesObject]
    file_search: NotRequired[FileSearchResourcesObject]


class TextFormatObject(TypedDict):
    type: Literal["text"]


class JSONFormatObject(TypedDict):
    type: Literal["json_object"]


class SchemaObject(TypedDict):
    name: str
    description: NotRequired[str]
    schema: NotRequired[AnyObject]
    strict: NotRequired[bool]


class SchemaFormatObject(TypedDict):
    type: Literal["json_schema"]
    json_schema: SchemaObject


FormatObject = Annotated[
    TextFormatObject | JSONFormatObject | SchemaFormatObject, Discriminator("type")
]
ResponseFormatObject = Literal["auto"] | FormatObject
