"""The kinds of providers that `models.toml` can name. A new one is a module and a line here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from threadkeep.providers.echo import Echo
from threadkeep.providers.entry_settings import EntrySetting
from threadkeep.providers.openai_entry import OPENAI_REQUIRED, OPENAI_SETTINGS, openai_chat
from threadkeep.providers.port import Provider

if TYPE_CHECKING:
    from botocore.session import Session

Feature = Literal["tools", "response_format", "reasoning_effort"]
"""Parameters of a run that not every kind of provider can honour."""


@dataclass(frozen=True)
class Means:
    """What a provider may be built with.

    `environment` holds its key, if it needs one; `require_key`: it must be there now. `session` is
    for providers that are AWS services; it is made when one asks for it.
    """

    environment: Mapping[str, str]
    session: "Callable[[], Session]"
    require_key: bool = True


Build: TypeAlias = Callable[[Mapping[str, Any], Means], Provider]


@dataclass(frozen=True)
class Kind:
    """A kind of provider: the settings of its entries, how one is built, and what it cannot do.

    `build` is given an entry whose settings hold; it raises WrongEntry for what only it can see.
    """

    build: Build
    settings: Mapping[str, EntrySetting]
    required: frozenset[str] = frozenset()
    unsupported: frozenset[Feature] = frozenset()


PROVIDERS: Mapping[str, Kind] = {
    "echo": Kind(lambda _entry, _means: Echo(), settings={}),
    "openai": Kind(
        lambda entry, means: openai_chat(entry, means.environment, require_key=means.require_key),
        OPENAI_SETTINGS,
        required=OPENAI_REQUIRED,
    ),
}
