"""What `serve` says when it is ready: where it is, which keys open it, and a program to paste."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.settings import ServeSettings
from threadkeep.providers.catalogue import Catalogue

_ECHO = """\
every name, by the built-in `echo`, which repeats your last message. For a real model, write
              [[model]]
              match = "*"
              provider = "openai"                       # any server that speaks Chat Completions
              base_url = "http://127.0.0.1:11434/v1"
              model = "the name it has there"
            into a file and start again with --models FILE"""

_EXAMPLE = """\
from openai import OpenAI

client = OpenAI(base_url="{base_url}", api_key={key})
assistant = client.beta.assistants.create(model="{model}", instructions="Be brief.")
thread = client.beta.threads.create()
client.beta.threads.messages.create(thread.id, role="user", content="Hello!")
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
messages = client.beta.threads.messages.list(thread.id)
print(run.status, "-", messages.data[0].content[0].text.value)
"""


@dataclass(frozen=True)
class Keys:
    """The keys that open something, and their projects. `file` holds the key if it is the state
    folder's own; `made` just now, it is shown, this once.
    """

    projects: Mapping[str, str]
    file: Path | None = None
    made: bool = False

    def lines(self) -> list[str]:
        """What opens which project."""
        if self.file is None:
            count = Counter(self.projects.values())
            return [f"{n} given for the project {project}" for project, n in count.items()]
        ((key, project),) = self.projects.items()
        return [f"{key if self.made else f'in {self.file}'}  project {project}"]

    def in_code(self) -> str:
        """An expression for the key, in a program."""
        if self.file is None:
            return '"YOUR KEY"'
        ((key, _),) = self.projects.items()
        return f'"{key}"' if self.made else f'open("{self.file}").read().strip()'


def welcome(
    version: str, base_url: str, keys: Keys, settings: ServeSettings, catalogue: Catalogue
) -> str:
    """The whole text. It is the one place that shows a key."""
    state = settings.state or "a temporary folder, removed at the end; --state DIR keeps the data"
    key, model = keys.in_code(), _model(catalogue)
    lines = [
        f"Threadkeep {version} is ready. Ctrl-C ends it.",
        "",
        f"  base_url  {base_url}",
        "  api_key   " + "\n            ".join(keys.lines()),
        f"  state     {state}",
        f"  models    {settings.models or _ECHO}",
        "",
        "Try it (pip install openai):",
        "",
        _EXAMPLE.format(base_url=base_url, key=key, model=model),
    ]
    return "\n".join(lines) + "\n"


def _model(catalogue: Catalogue) -> str:
    """A name that an answer comes for."""
    names = catalogue.names()
    preferred = "gpt-4o"
    return preferred if preferred in names or not names else names[0]
