"""An entry with `provider = "openai"`: a server that speaks Chat Completions, and its dialect."""

import re
from collections.abc import Mapping
from typing import Any, get_args

from threadkeep.providers.dialect import Dialect, TokenLimit
from threadkeep.providers.entry_settings import SWITCH, TEXT, EntrySetting, WrongEntry
from threadkeep.providers.openai_chat import OpenAIChat
from threadkeep.providers.port import Provider
from threadkeep.providers.unavailable import Unavailable

_LIMIT = EntrySetting(
    '"max_completion_tokens" or "max_tokens"', lambda v: v in get_args(TokenLimit)
)
_EMPTY = EntrySetting('an empty text: ""', lambda value: value == "")
_DIALECT: Mapping[str, EntrySetting] = {
    "usage": SWITCH,
    "token_limit": _LIMIT,
    "sampling": SWITCH,
    "merge_turns": SWITCH,
    "empty_content": _EMPTY,
}
OPENAI_SETTINGS: Mapping[str, EntrySetting] = {"base_url": TEXT, "api_key": TEXT, **_DIALECT}
OPENAI_REQUIRED = frozenset({"base_url"})
_VARIABLE = re.compile(r"env:([A-Za-z_][A-Za-z0-9_]*)")
_LATER = ("ssm:", "secret:")


def openai_chat(
    entry: Mapping[str, Any], environment: Mapping[str, str], *, require_key: bool
) -> Provider:
    """The server of an entry. Where its key may be missing and is, each of its turns fails."""
    variable = _variable(entry["api_key"]) if "api_key" in entry else None
    key = environment.get(variable, "").strip() if variable else ""
    if variable and not key and require_key:
        raise WrongEntry(f"the environment variable {variable}, which holds the key, is not set")
    try:
        server = OpenAIChat(
            base_url=entry["base_url"], api_key=key or None, dialect=_dialect(entry)
        )
    except ValueError as error:
        raise WrongEntry(str(error)) from None
    if variable and not key:
        which = f"{variable} with the key of the models {entry['match']!r}"
        return Unavailable(f"The environment variable {which} is not set where runs are executed.")
    return server


def _dialect(entry: Mapping[str, Any]) -> Dialect:
    given = {("ask_for_usage" if key == "usage" else key): entry.get(key) for key in _DIALECT}
    return Dialect(**{name: value for name, value in given.items() if value is not None})


def _variable(reference: str) -> str:
    """The environment variable that a key is in. That is the only place so far."""
    for prefix in _LATER:
        if reference.startswith(prefix):
            raise WrongEntry(f'api_key = "{prefix}…" is not supported yet: use "env:NAME"')
    variable = _VARIABLE.fullmatch(reference)
    if variable is None:
        raise WrongEntry('api_key must be "env:NAME": the environment variable that holds the key')
    return variable[1]
