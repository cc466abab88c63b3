"""The catalogue: which model name leads to which provider (`models.toml`). The first match wins."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from botocore.session import Session

from threadkeep.providers.echo import Echo
from threadkeep.providers.known_models import KNOWN_MODELS
from threadkeep.providers.models_file import CatalogueError, Rule, read_rules
from threadkeep.providers.port import Provider
from threadkeep.providers.registry import Feature, Means

__all__ = ["Catalogue", "CatalogueError", "Entry", "Means"]


@dataclass(frozen=True)
class Entry:
    """Where a model name leads: the provider, and what the provider calls the model.

    `context_window` is in tokens; `max_turns` is how many model turns a run may take;
    `unsupported` is what runs may not ask of it.
    """

    provider: Provider
    model: str
    context_window: int = 128_000
    max_turns: int = 50
    unsupported: frozenset[Feature] = frozenset()


class Catalogue:
    """Maps model names to providers."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._rules = tuple(rules)

    @staticmethod
    def load(path: Path, means: Means | None = None) -> "Catalogue":
        """The catalogue in a file. Keys are read from the environment now, not at a call.

        Where they need not be there, for functions that only resolve names, a key may be missing:
        then the entry's calls fail.
        """
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError:
            raise CatalogueError(f"{path}: this is not UTF-8 text.") from None
        except OSError as error:
            raise CatalogueError(f"{path}: can't be read: {error.strerror}.") from None
        return Catalogue.parse(text, str(path), means)

    @staticmethod
    def parse(text: str, file: str, means: Means | None = None) -> "Catalogue":
        """The catalogue that `text` describes; errors name `file`."""
        return Catalogue(read_rules(text, file, means or Means(os.environ, Session)))

    @staticmethod
    def of(provider: Provider) -> "Catalogue":
        """Every name leads to `provider`, under the name that was asked for."""
        return Catalogue([Rule("*", provider)])

    @staticmethod
    def echo() -> "Catalogue":
        """Every name leads to the echo."""
        return Catalogue.of(Echo())

    def resolve(self, name: str) -> Entry | None:
        """Where `name` leads, None if nowhere."""
        for rule in self._rules:
            if fnmatchcase(name, rule.match):
                model = rule.model or name
                return Entry(rule.provider, model, unsupported=rule.unsupported, **rule.limits)
        return None

    def names(self) -> list[str]:
        """The names to offer: those the catalogue spells out, then the known ones it answers to."""
        spelt_out = [rule.match for rule in self._rules if not set(rule.match) & set("*?[")]
        known = [name for name in KNOWN_MODELS if self.resolve(name)]
        return list(dict.fromkeys(spelt_out + known))
