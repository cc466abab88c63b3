"""Tools: their definitions, the choice among them, and the resources they work on."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field

from threadkeep.domain.json_values import JSONObject
from threadkeep.wire.bodies.fields import (
    OBJECT,
    STRING,
    FileId,
    LongText,
    Name,
    Object,
    Part,
    string_or,
)

_RANKER = "default_2024_08_21"  # what `auto` is reported as


class CodeInterpreterTool(Part):
    """Runs Python."""

    type: Literal["code_interpreter"]

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type}


class RankingOptions(Part):
    """How results are ranked. `hybrid_search` was only sent by the service: it may come back."""

    ranker: Literal["auto", "default_2024_08_21"] | None = None
    score_threshold: Annotated[float, Field(ge=0, le=1)]
    hybrid_search: Object | None = None


class FileSearchOptions(Part):
    """Overrides for a search."""

    max_num_results: Annotated[int, Field(ge=1, le=50)] | None = None
    ranking_options: RankingOptions | None = None


class FileSearchTool(Part):
    """Searches vector stores."""

    type: Literal["file_search"]
    file_search: FileSearchOptions | None = None

    def to_json(self) -> dict[str, Any]:
        """With the ranking options that apply."""
        options = self.file_search or FileSearchOptions()
        ranking = options.ranking_options or RankingOptions(score_threshold=0.0)
        shown: dict[str, Any] = {}
        if options.max_num_results is not None:
            shown["max_num_results"] = options.max_num_results
        shown["ranking_options"] = {
            "ranker": _RANKER,
            "score_threshold": ranking.score_threshold,
            "hybrid_search": ranking.hybrid_search,
        }
        return {"type": self.type, "file_search": shown}


class Function(Part):
    """A function of the app's."""

    name: Name
    description: LongText | None = None
    parameters: Object | None = None
    strict: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """With the parameters and the strictness that apply."""
        shown: dict[str, Any] = {"name": self.name}
        if self.description is not None:
            shown["description"] = self.description
        if self.parameters is None:
            shown["parameters"] = {"type": "object", "properties": {}}
        else:
            shown["parameters"] = self.parameters
        shown["strict"] = bool(self.strict)
        return shown


class FunctionTool(Part):
    """Calls a function of the app's."""

    type: Literal["function"]
    function: Function

    def to_json(self) -> dict[str, Any]:
        return {"type": self.type, "function": self.function.to_json()}


Tool = Annotated[CodeInterpreterTool | FunctionTool | FileSearchTool, Discriminator("type")]


class ChosenFunction(Part):
    """The function that must be called."""

    name: Name


class ChooseFunction(Part):
    """Forces a call of a function."""

    type: Literal["function"]
    function: ChosenFunction


class ChooseFileSearch(Part):
    """Forces a search."""

    type: Literal["file_search"]


class ChooseCodeInterpreter(Part):
    """Forces a call of the code interpreter."""

    type: Literal["code_interpreter"]


_Chosen = Annotated[
    ChooseFunction | ChooseFileSearch | ChooseCodeInterpreter, Discriminator("type")
]
ToolChoice = Annotated[
    Annotated[Literal["none", "auto", "required"], STRING] | Annotated[_Chosen, OBJECT],
    string_or("an object"),
]


class CodeInterpreterResources(Part):
    """Files for the code interpreter."""

    file_ids: Annotated[list[FileId], Field(max_length=20)] | None = None


class FileSearchResources(Part):
    """The vector store to search."""

    vector_store_ids: Annotated[list[FileId], Field(max_length=1)] | None = None


class NewFileSearchResources(FileSearchResources):
    """The vector store to search, or one to make."""

    vector_stores: Annotated[list[Object], Field(max_length=1)] | None = None


class ToolResources(Part):
    """What tools work on."""

    code_interpreter: CodeInterpreterResources | None = None
    file_search: FileSearchResources | None = None

    def to_json(self) -> dict[str, Any]:
        """What was given, tool by tool."""
        shown: dict[str, Any] = {}
        if self.code_interpreter is not None:
            shown["code_interpreter"] = {"file_ids": self.code_interpreter.file_ids or []}
        if self.file_search is not None:
            shown["file_search"] = {"vector_store_ids": self.file_search.vector_store_ids or []}
        return shown


class NewToolResources(ToolResources):
    """What tools work on, for a holder that is being made."""

    file_search: NewFileSearchResources | None = None


def tools_json(tools: Iterable[Tool]) -> list[JSONObject]:
    """Tool definitions as they are stored and shown."""
    return [tool.to_json() for tool in tools]


def with_code_interpreter(tools: Iterable[JSONObject], resources: JSONObject) -> JSONObject:
    """Resources as shown: whoever has a code interpreter has a list of files, if an empty one."""
    if any(tool["type"] == "code_interpreter" for tool in tools):
        empty: Mapping[str, Any] = {"code_interpreter": {"file_ids": []}}
        return {**empty, **resources}
    return resources
