"""What a message says: its parts, in their order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from threadkeep.domain.json_values import JSONObject

Detail = Literal["auto", "low", "high"]


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text. Its annotations mark places in it, as the API shows them."""

    value: str
    annotations: Sequence[JSONObject] = ()


@dataclass(frozen=True, slots=True)
class ImageUrl:
    """A picture on the web."""

    url: str
    detail: Detail = "auto"


@dataclass(frozen=True, slots=True)
class ImageFile:
    """A picture among the files."""

    file_id: str
    detail: Detail = "auto"


ContentPart: TypeAlias = TextPart | ImageUrl | ImageFile


def text_of(content: Iterable[ContentPart]) -> str:
    """The texts of the parts, a line break between them."""
    return "\n".join(part.value for part in content if isinstance(part, TextPart))
