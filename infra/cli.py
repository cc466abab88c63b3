"""The command line: `threadkeep serve` and `threadkeep keys create`.

Each command imports what it needs when it runs: `serve` never loads what only AWS needs.
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import NoReturn

from infra.command_error import CommandError

_DESCRIPTION = "The OpenAI Assistants API v2, self-hosted: on this machine and in your AWS account."
_SERVE = (
    "Serve the whole API from this process. Each option can also be set in the environment, "
    "under the name in brackets."
)


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        raise CommandError(f"{message} (see: {self.prog} --help)")


def main(argv: Sequence[str] | None = None, environment: Mapping[str, str] = os.environ) -> int:
    """Run a command; the exit code. What its user can put right is one line and a 2."""
    try:
        return _run(_parser().parse_args(argv), environment)
    except CommandError as error:
        print(f"threadkeep: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 0  # nothing had begun that had to be ended


def _run(options: argparse.Namespace, environment: Mapping[str, str]) -> int:
    if options.command == "serve":
        _serve(options, environment)
    return _create_key(options.project, options.stack)


def _serve(options: argparse.Namespace, environment: Mapping[str, str]) -> NoReturn:
    from infra.local.serve import serve  # noqa: PLC0415  (only when it is asked for)
    from infra.local.settings import settings  # noqa: PLC0415

    serve(settings(options, environment), version("threadkeep"))


def _create_key(project: str, stack: str) -> int:
    # Imported here: boto3 is no part of what `serve` needs.
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    from infra.keys import KeyNotCreated, create_in_aws  # noqa: PLC0415

    try:
        key = create_in_aws(stack, project)
    except (KeyNotCreated, BotoCoreError, ClientError) as error:
        raise CommandError(" ".join(str(error).split())) from None
    print(key)
    print("It is shown this once: only its hash is stored.", file=sys.stderr)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="threadkeep", description=_DESCRIPTION, allow_abbrev=False)
    parser.add_argument("--version", action="version", version=f"%(prog)s {version('threadkeep')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_serve(commands)
    _add_keys(commands)
    return parser


def _add_serve(commands: "argparse._SubParsersAction[_Parser]") -> None:
    from infra.local.settings import add_options  # noqa: PLC0415

    serve = commands.add_parser(
        "serve", help="serve the API on this machine", description=_SERVE, allow_abbrev=False
    )
    add_options(serve)


def _add_keys(commands: "argparse._SubParsersAction[_Parser]") -> None:
    keys = commands.add_parser("keys", help="make API keys for a deployed stack")
    actions = keys.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a key, show it once and store its hash")
    create.add_argument("--project", required=True, help="the project that the key opens")
    create.add_argument("--stack", default="Threadkeep", help="the stack's name (%(default)s)")
