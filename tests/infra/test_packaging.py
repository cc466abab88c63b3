"""What lies in the zips."""

import ast
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from functions.deployment import FUNCTIONS
from functions.routes import ROUTES
from infra.aws.packaging import REQUIREMENTS, ROOT, WRAPPER, Packages, stage


def _say(_line: str) -> None:
    pass


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Packages:
    """The folders without third-party packages, made under a private umask."""
    former = os.umask(0o077)
    try:
        return stage(tmp_path_factory.mktemp("packages"), _say, bundle=False)
    finally:
        os.umask(former)


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def _sources(folder: str) -> set[str]:
    paths = (ROOT / folder).rglob("*")
    return {
        str(path.relative_to(ROOT / folder))
        for path in paths
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_core_layer_has_threadkeep_under_python(packages: Packages) -> None:
    """`/opt/python` is where the managed runtime looks; no bytecode of this machine is there."""
    expected = {f"python/threadkeep/{f}" for f in _sources("layers/core/threadkeep")}
    assert _files(packages.core) == expected


def test_the_runtime_layer_has_the_wrapper_and_its_loop(packages: Packages) -> None:
    """The wrapper lies where AWS_LAMBDA_EXEC_WRAPPER names it, in `/opt`."""
    loop = {f"python/threadkeep_runtime/{f}" for f in _sources("layers/runtime/threadkeep_runtime")}
    assert _files(packages.runtime) == {WRAPPER, *loop}


def test_the_functions_zip_has_functions_and_models_at_its_root(packages: Packages) -> None:
    """The working folder of a function is the zip's root."""
    expected = {f"functions/{f}" for f in _sources("functions")} | {"models.toml"}
    assert _files(packages.functions) == expected


def test_every_entry_and_handler_is_in_the_functions_zip(packages: Packages) -> None:
    """What AWS calls, and what `entry` imports for it."""
    modules = {f.entry.rpartition(".")[0] for f in FUNCTIONS.values()}
    for module in modules | {route.handler for route in ROUTES}:
        assert (packages.functions / f"{module.replace('.', '/')}.py").exists(), module


def _imports(folder: Path) -> set[str]:
    """The top-level names that the code in a folder imports."""
    imported = set()
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                imported.add(node.module.partition(".")[0])
    return imported


def test_what_is_deployed_imports_nothing_that_is_not(packages: Packages) -> None:
    """Only the standard library, the two packages and what the layer's lock names."""
    lock = re.findall(r"^([a-z0-9-]+)==", REQUIREMENTS.read_text(), re.MULTILINE)
    known = {name.replace("-", "_") for name in lock} | {"functions", "threadkeep"}
    imported = _imports(packages.core) | _imports(packages.functions)
    assert imported - sys.stdlib_module_names <= known


def test_the_runtime_needs_nothing_but_python(packages: Packages) -> None:
    """It runs before anything else can be imported, and can't be broken by what is."""
    imported = _imports(packages.runtime) - sys.stdlib_module_names
    assert imported == {"threadkeep_runtime"}


def test_lambda_s_user_may_read_everything(packages: Packages) -> None:
    """Whatever the umask was here: files readable, folders open, the wrapper a program."""
    wrapper = packages.runtime / WRAPPER
    for folder in (packages.core, packages.runtime, packages.functions):
        for path in (folder, *folder.rglob("*")):
            opened = path.is_dir() or path == wrapper
            assert path.stat().st_mode & 0o777 == (0o755 if opened else 0o644)


def test_the_dependency_layer_is_for_python_3_13_on_arm64(tmp_path: Path) -> None:
    """Built for real, without docker: what is compiled is for the functions' machine, and nothing
    of this machine is in it.
    """
    said: list[str] = []
    layer = stage(tmp_path, said.append).dependencies
    files = _files(layer)
    compiled = {name for name in files if name.endswith(".so")}
    assert compiled
    assert all(name.endswith("cpython-313-aarch64-linux-gnu.so") for name in compiled)
    for package in ("aws_lambda_powertools", "botocore", "pydantic", "pydantic_core"):
        assert f"python/{package}/__init__.py" in files
    assert not (layer / "python" / "boto3").exists()
    assert not (layer / "python" / "bin").exists()
    assert not [name for name in files if name.endswith("RECORD")]
    here = str(tmp_path).encode()
    assert not [name for name in files if here in (layer / name).read_bytes()]
    assert said[0] == "Fetching the packages of the layer (Python 3.13, arm64)"
    assert bool([name for name in files if name.endswith(".pyc")]) == (
        sys.version_info[:2] == (3, 13)
    )


def test_node_comes_with_the_python_packages() -> None:
    """CDK runs on a machine without Node: the path is set before CDK can be imported."""
    code = (
        "import infra.aws, os, sys; "
        "assert 'jsii' not in sys.modules; print(os.environ['JSII_NODE'])"
    )
    environment = {name: v for name, v in os.environ.items() if name != "JSII_NODE"}
    result = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    node = Path(result.stdout.strip())
    assert node.is_relative_to(sys.prefix)
    version = subprocess.run([node, "--version"], check=True, capture_output=True, text=True)
    assert int(version.stdout.removeprefix("v").partition(".")[0]) >= 22
