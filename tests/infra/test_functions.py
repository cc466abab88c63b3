"""The functions in the template are those of `functions.deployment`."""

from pathlib import Path

import pytest

from functions.deployment import FUNCTIONS
from tests.infra.conftest import Synthesized
from tests.infra.template import Properties, Template
from threadkeep.config import Config


def _variables(function: Properties) -> dict[str, str]:
    return dict(function["Environment"]["Variables"])


def test_the_functions_are_those_of_the_deployment_table(template: Template) -> None:
    """None is missing, and CDK made none of its own."""
    assert sorted(template.functions().values()) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_what_the_deployment_table_says(name: str, template: Template) -> None:
    """Entry, memory and timeout; Python 3.13 on arm64, with both layers."""
    function = template.function(name)
    expected = FUNCTIONS[name]
    assert function["Handler"] == expected.entry
    assert function["MemorySize"] == expected.memory
    assert function["Timeout"] == expected.timeout
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    layers = {f"${{{id_}}}" for id_ in template.of_type("AWS::Lambda::LayerVersion")}
    assert len(layers) == 2
    assert set(function["Layers"]) == layers


def test_the_layers_are_for_what_the_functions_run_on(template: Template) -> None:
    """A layer of another Python or processor would fail at the first import."""
    for layer in template.of_type("AWS::Lambda::LayerVersion").values():
        assert layer["CompatibleRuntimes"] == ["python3.13"]
        assert layer["CompatibleArchitectures"] == ["arm64"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_the_environment_is_the_one_that_the_configuration_reads(
    name: str, template: Template
) -> None:
    """`Config.from_environment` finds everything; only who starts runs knows the machine."""
    variables = _variables(template.function(name))
    (machine,) = template.of_type("AWS::StepFunctions::StateMachine")
    arn = f"${{{machine}}}" if FUNCTIONS[name].starts_runs else ""
    assert variables["THREADKEEP_FUNCTION"] == name
    assert Config.from_environment(variables) == Config(
        "Threadkeep-", arn, Path("models.toml"), run_seconds=600
    )


def test_the_run_time_is_configurable(synthesized: Synthesized) -> None:
    """Every function knows how long a run may take."""
    for function in synthesized.production.of_type("AWS::Lambda::Function").values():
        assert _variables(function)["THREADKEEP_RUN_SECONDS"] == "300"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_variable_holds_anything_else(name: str, template: Template) -> None:
    """A template is no place for a secret: the list of variables is closed."""
    known = {"FUNCTION", "MODELS", "RUN_SECONDS", "TABLE_PREFIX"}
    if FUNCTIONS[name].starts_runs:
        known.add("STATE_MACHINE_ARN")
    variables = _variables(template.function(name))
    assert set(variables) == {f"THREADKEEP_{variable}" for variable in known}


def test_every_function_logs_to_a_group_of_its_own_for_30_days(template: Template) -> None:
    """A log group that Lambda makes by itself would be kept for ever."""
    groups = template.of_type("AWS::Logs::LogGroup")
    for group in groups.values():
        assert group["RetentionInDays"] == 30
    used = [
        f["LoggingConfig"]["LogGroup"] for f in template.of_type("AWS::Lambda::Function").values()
    ]
    assert len(set(used)) == len(FUNCTIONS)
    assert set(used) <= {f"${{{id_}}}" for id_ in groups}
