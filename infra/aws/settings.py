"""What an owner may set: the keys of cdk.json's `context`, also given as `cdk … -c key=value`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from functions.deployment import FUNCTIONS
from threadkeep.settings import Settings, described, read, switch, whole, words

# What the executor still needs after the deadline, to write the end of the run.
_MARGIN = 60
_MAX_RUN_SECONDS = FUNCTIONS["executor"].timeout - _MARGIN
_STACK = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,39}")


@dataclass(frozen=True, kw_only=True)
class StackSettings(Settings):
    """Without `streaming` every function is on Lambda's own Python runtime. Without `bundle` the
    layer of third-party packages is left empty, which only the tests want.
    """

    stack: str = described(
        words(
            "1 to 40 letters, digits and hyphens",
            "name of the stack",
            lambda text: _STACK.fullmatch(text) is not None,
        ),
        default="Threadkeep",
    )
    prod: bool = described(
        switch("whether tables are kept whatever happens to the stack"), default=False
    )
    streaming: bool = described(switch("whether runs can be streamed"), default=True)
    bundle: bool = described(switch("whether the layer of packages is built"), default=True)

    run_seconds: int = described(
        whole(1, _MAX_RUN_SECONDS, "seconds that a run may take"), default=600
    )

    @staticmethod
    def of(context: Callable[[str], Any]) -> "StackSettings":
        """The settings in CDK's context, all of them, or SettingError."""
        return StackSettings(**read(StackSettings, context, str, sparse=False))
