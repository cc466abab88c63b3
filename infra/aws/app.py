"""The CDK app: what cdk.json names and `make synth` calls, so that both give the same template."""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from aws_cdk import App

from infra.aws.packaging import ROOT, PackagingError, stage
from infra.aws.settings import StackSettings
from infra.aws.stack import Threadkeep
from threadkeep.settings import SettingError

CDK_JSON = ROOT / "cdk.json"


def synthesize(out: Path | None, say: Callable[[str], None]) -> Path:
    """Write the assembly to `out` (None: where the CDK CLI wants it); the template's path."""
    # The CLI hands cdk.json's context to the app; without it the app reads it itself. What the CLI
    # gives counts before it.
    app = App(
        outdir=str(out) if out else None,
        context=json.loads(CDK_JSON.read_text())["context"],
        analytics_reporting=False,
    )
    settings = StackSettings.of(app.node.try_get_context)
    with tempfile.TemporaryDirectory(prefix="threadkeep-") as folder:
        packages = stage(Path(folder), say, bundle=settings.bundle)
        say("Synthesizing")
        stack = Threadkeep(app, settings, packages)
        assembly = app.synth()
    return Path(str(assembly.directory), str(stack.template_file))


def run(out: Path | None, say: Callable[[str], None]) -> Path:
    """As `synthesize`; what is wrong with the settings or the packages is one clear line."""
    try:
        return synthesize(out, say)
    except (SettingError, PackagingError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None


def say_aside(line: str) -> None:
    """A line of progress; standard output is for the result."""
    sys.stderr.write(f"{line}\n")


if __name__ == "__main__":
    run(None, say_aside)
