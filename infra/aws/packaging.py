"""What goes into the zips: third-party packages, `threadkeep`, the runtime that can stream, and the
functions with models.toml.

Made by pip and copying alone, without docker. The same sources give the same bytes on every
machine with the same Python, so what did not change is not deployed again.
"""

import compileall
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode

ROOT = Path(__file__).parents[2]
REQUIREMENTS = ROOT / "layers" / "deps" / "requirements.txt"
WRAPPER = "stream"  # in the runtime's layer: what AWS_LAMBDA_EXEC_WRAPPER names
RUNTIME = (3, 13)  # the Python of the functions; aarch64 is their processor
_SOURCES = shutil.ignore_patterns("__pycache__", "*.pyc")

Say = Callable[[str], None]


class PackagingError(Exception):
    """The zips can't be made; the message says why."""


@dataclass(frozen=True)
class Packages:
    """The folders that become the zips."""

    dependencies: Path
    core: Path
    runtime: Path
    functions: Path


def stage(into: Path, say: Say, *, bundle: bool = True) -> Packages:
    """The content of the zips, in folders under `into`."""
    names = ("dependencies", "core", "runtime", "functions")
    packages = Packages(*(into / name for name in names))
    _package("layers/core/threadkeep", packages.core / "python")
    _package("layers/runtime/threadkeep_runtime", packages.runtime / "python")
    shutil.copy(ROOT / "layers/runtime" / WRAPPER, packages.runtime)
    _functions(packages.functions)
    _dependencies(packages.dependencies / "python", say, bundle=bundle)
    if bundle:
        _compile(packages, say)
    for path in into.rglob("*"):
        # Lambda runs as another user: a private umask here must not hide the code there.
        path.chmod(0o755 if path.is_dir() or path == packages.runtime / WRAPPER else 0o644)
    return packages


def _package(name: str, into: Path) -> None:
    source = ROOT / name
    shutil.copytree(source, into / source.name, ignore=_SOURCES)


def _functions(into: Path) -> None:
    _package("functions", into)
    models = ROOT / "models.toml"
    if not models.exists():
        raise PackagingError("models.toml is missing: it says which model answers for which name.")
    shutil.copy(models, into)


def _dependencies(into: Path, say: Say, *, bundle: bool) -> None:
    into.mkdir(parents=True)
    if not bundle:
        shutil.copy(REQUIREMENTS, into)  # CDK takes no empty folder
        return
    say("Fetching the packages of the layer (Python 3.13, arm64)")
    pip = subprocess.run(  # noqa: S603  (our own arguments)
        _pip(into), check=False, capture_output=True, text=True
    )
    if pip.returncode:
        raise PackagingError(f"pip could not fetch the layer's packages:\n{pip.stderr.strip()}")
    # Scripts carry this machine's paths, and so do the lists that have their hashes.
    shutil.rmtree(into / "bin", ignore_errors=True)
    for record in into.glob("*.dist-info/RECORD"):
        record.unlink()


def _pip(into: Path) -> list[str]:
    options = "--quiet --disable-pip-version-check --no-compile --no-deps --require-hashes"
    target = "--implementation cp --only-binary=:all:"
    platforms = "--platform manylinux2014_aarch64 --platform manylinux_2_28_aarch64"
    version = f"--python-version {RUNTIME[0]}.{RUNTIME[1]}"
    return [
        *(sys.executable, "-m", "pip", "install"),
        *f"{options} {target} {platforms} {version}".split(),
        *("--target", str(into), "--requirement", str(REQUIREMENTS)),
    ]


def _compile(packages: Packages, say: Say) -> None:
    """Compile ahead: a read-only bundle can't keep what it compiles, at every cold start."""
    if sys.version_info[:2] != RUNTIME:
        # Bytecode is good for one minor version only.
        say("Not compiled ahead: only Python 3.13 can. Cold starts will take longer")
        return
    for folder, place in (
        (packages.dependencies, "/opt"),
        (packages.core, "/opt"),
        (packages.runtime, "/opt"),
        (packages.functions, "/var/task"),
    ):
        compileall.compile_dir(
            folder, ddir=place, quiet=1, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH
        )
