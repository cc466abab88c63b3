"""What `serve` says when it is ready: where it is, which keys open it, and a program to paste."""

from infra.local.settings import Settings
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

client = OpenAI(base_url="{base_url}", api_key="{key}")
assistant = client.beta.assistants.create(model="{model}", instructions="Be brief.")
thread = client.beta.threads.create()
client.beta.threads.messages.create(thread.id, role="user", content="Hello!")
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
messages = client.beta.threads.messages.list(thread.id)
print(run.status, "-", messages.data[0].content[0].text.value)
"""


def welcome(
    version: str, base_url: str, keys: dict[str, str], settings: Settings, catalogue: Catalogue
) -> str:
    """The whole text. It is the one place that shows keys."""
    width = max(map(len, keys))
    opened = [f"{key:{width}}  project {project}" for key, project in keys.items()]
    state = settings.state or "a temporary folder, removed at the end; --state DIR keeps the data"
    example = _EXAMPLE.format(base_url=base_url, key=next(iter(keys)), model=_model(catalogue))
    lines = [
        f"Threadkeep {version} is ready. Ctrl-C ends it.",
        "",
        f"  base_url  {base_url}",
        "  api_key   " + "\n            ".join(opened),
        f"  state     {state}",
        f"  models    {settings.models or _ECHO}",
        "",
        "Try it (pip install openai):",
        "",
        example,
    ]
    return "\n".join(lines) + "\n"


def _model(catalogue: Catalogue) -> str:
    """A name that an answer comes for."""
    names = catalogue.names()
    preferred = "gpt-4o"
    return preferred if preferred in names or not names else names[0]
