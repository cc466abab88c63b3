"""`docs/settings.md`: every setting, from where each is described."""

from infra.aws.settings import StackSettings
from infra.local.settings import ServeSettings
from threadkeep.settings import Settings, as_text, settings_of, variable

_HEAD = """\
# Settings

One model describes them all: `layers/core/threadkeep/settings.py`. A host adds its own:
`infra/local/settings.py`, `infra/aws/settings.py`. A value that makes no sense is refused by name,
with what is allowed. Made by `make docs`; change the code.
"""
_SERVE = """
## `threadkeep serve`

An option, else an environment variable, else the default. `--api-key KEY[:PROJECT]`
(`THREADKEEP_API_KEY`) is apart: it may be given more than once, and is never shown again.

| option | variable | default | value | what it is |
|---|---|---|---|---|
"""
_STACK = """
## The stack

A key of `context` in `cdk.json`, or `cdk … -c key=value`. Functions read theirs from the variables.

| key | variable of the functions | default | value | what it is |
|---|---|---|---|---|
"""


def text() -> str:
    """The page."""
    return _HEAD + _SERVE + _rows(ServeSettings) + _STACK + _rows(StackSettings)


def _rows(cls: type[Settings]) -> str:
    of_all = {name for name, _, _ in settings_of(Settings)}
    rows = []
    for name, default, setting in settings_of(cls):
        serves = cls is ServeSettings
        where = f"--{setting.each or name.replace('_', '-')}" if serves else name
        known = f"`{variable(name)}`" if serves or name in of_all else ""
        shown = "" if default in (None, ()) else f"`{as_text(default)}`"
        value = setting.allowed.replace("|", "\\|")
        rows.append(f"| `{where}` | {known} | {shown} | {value} | {setting.text} |\n")
    return "".join(rows)
