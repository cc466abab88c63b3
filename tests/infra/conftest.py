"""The packages, laid out as in Lambda. The stack, synthesized once: by `make synth`'s program, as
the CDK CLI does it, and for production. Importing CDK takes seconds, so the first and the last
share this process.
"""

import contextlib
import io
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pydantic
import pytest

from infra.aws import app, synth
from infra.aws.packaging import ROOT, stage
from tests.infra import invoked
from tests.infra.runtime_api import PACKAGES
from tests.infra.template import Template

CDK_JSON = app.CDK_JSON
ORIGINS = ("https://app.example", "http://localhost:3000")  # whose pages may call in production


@dataclass(frozen=True)
class Synthesized:
    """The three templates, and what `make synth` printed."""

    template: Template
    by_app: Template
    production: Template
    printed: str


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Synthesized:
    """What all tests of the template look at; the third-party packages are left out."""
    made, by_app, kept = (tmp_path_factory.mktemp(name) for name in ("synth", "app", "kept"))
    process = _start_app(by_app)
    printed = synthesize(made, {"bundle": False})
    # As from the command line, where every value is a text; none is the default.
    production = {
        "bundle": "false",
        "prod": "true",
        "stack": "Kept",
        "run_seconds": "300",
        "poll_after_ms": "900",
        "strict_beta": "true",
        "unavailable_tools": "drop",
        "streaming": "false",
        "cors_origins": ", ".join(ORIGINS),
    }
    synthesize(kept, production)
    _, error = process.communicate(timeout=180)
    assert process.returncode == 0, error
    return Synthesized(
        Template(made / "Threadkeep.template.json"),
        Template(by_app / "Threadkeep.template.json"),
        Template(kept / "Kept.template.json"),
        printed,
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """`/opt` and `/var/task`: the layers one over the other, and the functions' zip.

    For the layer of third-party packages stands the folder where this machine has them.
    """
    folder = tmp_path_factory.mktemp("built")
    packages = stage(folder / "packages", lambda _: None, bundle=False)
    layers = folder / "opt"
    for layer in (packages.core, packages.runtime):
        shutil.copytree(layer, layers, dirs_exist_ok=True)
    (layers / PACKAGES).parent.mkdir(parents=True)
    (layers / PACKAGES).symlink_to(Path(pydantic.__file__).parents[1])
    shutil.copy(invoked.__file__, packages.functions)
    return layers, packages.functions


@pytest.fixture(scope="session")
def template(synthesized: Synthesized) -> Template:
    """The template that `make synth` makes."""
    return synthesized.template


def synthesize(out: Path, context: Mapping[str, object]) -> str:
    """Run `make synth`'s program with a cdk.json that differs in this context; what it prints."""
    settings = json.loads(CDK_JSON.read_text())
    settings["context"] |= context
    changed = out / "cdk.json"
    changed.write_text(json.dumps(settings))
    printed = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed):
        patch.setattr(app, "CDK_JSON", changed)
        synth.main([str(out)])
    return printed.getvalue()


def _start_app(out: Path) -> "subprocess.Popen[str]":
    """The command in cdk.json, with what the CDK CLI gives to it: the folder and `-c` values."""
    command = shlex.split(json.loads(CDK_JSON.read_text())["app"])
    given = {"CDK_OUTDIR": str(out), "CDK_CONTEXT_JSON": json.dumps({"bundle": False})}
    return subprocess.Popen(
        [sys.executable, *command[1:]],
        cwd=ROOT,
        env={**os.environ, **given},
        text=True,
        stderr=subprocess.PIPE,
    )
