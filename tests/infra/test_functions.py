"""The functions in the template are those of `functions.deployment`."""

from pathlib import Path

import pytest

from functions.deployment import FUNCTIONS
from functions.permissions import START_RUNS
from functions.routes import ROUTES
from tests.infra.conftest import ORIGINS, Synthesized
from tests.infra.template import Properties, Template
from threadkeep.config import Config

_STREAMING = {route.function for route in ROUTES if route.streaming}


def _layers(template: Template, function: Properties) -> list[str]:
    """The function's layers, in the order in which Lambda lays them over another."""
    known = template.of_type("AWS::Lambda::LayerVersion")
    names = {f"${{{id_}}}": id_.removeprefix("Functions")[:-8] for id_ in known}
    return [names[layer] for layer in function["Layers"]]


def _variables(function: Properties) -> dict[str, str]:
    return dict(function["Environment"]["Variables"])


def test_the_functions_are_those_of_the_deployment_table(template: Template) -> None:
    """None is missing, and CDK made none of its own."""
    assert sorted(template.functions().values()) == sorted(FUNCTIONS)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_is_what_the_deployment_table_says(name: str, template: Template) -> None:
    """Entry, memory and timeout; Python 3.13 on arm64, with the layers."""
    function = template.function(name)
    expected = FUNCTIONS[name]
    assert function["Handler"] == expected.entry
    assert function["MemorySize"] == expected.memory
    assert function["Timeout"] == expected.timeout
    assert function["Runtime"] == "python3.13"
    assert function["Architectures"] == ["arm64"]
    runtime = ["Runtime"] if name in _STREAMING else []
    assert _layers(template, function) == ["Dependencies", "Core", *runtime]


def test_a_function_streams_with_all_its_routes_or_with_none() -> None:
    """Its runtime answers all of them in one way."""
    assert _STREAMING.isdisjoint(route.function for route in ROUTES if not route.streaming)
    assert sorted(_STREAMING) == ["run_streams"]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_streams_runs_on_the_runtime_of_its_layer(name: str, template: Template) -> None:
    """Lambda starts the layer's wrapper, and the code knows that it may stream; elsewhere neither
    is so.
    """
    variables = _variables(template.function(name))
    expected = {"AWS_LAMBDA_EXEC_WRAPPER": "/opt/stream", "THREADKEEP_STREAMING": "true"}
    found = {key: value for key, value in variables.items() if key in expected}
    assert found == (expected if name in _STREAMING else {})


def test_the_wrapper_is_uploaded_as_a_program(synthesized: Synthesized) -> None:
    """Lambda refuses to start a wrapper without its executable bit."""
    (wrapper,) = synthesized.template.path.parent.glob("asset.*/stream")
    assert wrapper.stat().st_mode & 0o777 == 0o755


@pytest.mark.parametrize("name", FUNCTIONS)
def test_with_streaming_off_lambda_s_own_runtime_serves_all(
    name: str, synthesized: Synthesized
) -> None:
    """No wrapper, no layer for it, `stream: true` is refused, and no function outlives its caller
    because it might have streamed.
    """
    function = synthesized.production.function(name)
    variables = _variables(function)
    assert "AWS_LAMBDA_EXEC_WRAPPER" not in variables
    assert Config.from_environment(variables).streaming is False
    assert _layers(synthesized.production, function) == ["Dependencies", "Core"]
    assert len(synthesized.production.of_type("AWS::Lambda::LayerVersion")) == 2
    assert function["Timeout"] == (29 if name in _STREAMING else FUNCTIONS[name].timeout)


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
    arn = f"${{{machine}}}" if START_RUNS in FUNCTIONS[name].grants else ""
    assert variables["THREADKEEP_FUNCTION"] == name
    assert Config.from_environment(variables) == Config(
        "Threadkeep-",
        arn,
        Path("models.toml"),
        run_seconds=600,
        poll_after_ms=500,
        streaming=name in _STREAMING,
    )


def test_the_settings_reach_the_functions(synthesized: Synthesized) -> None:
    """Every function knows how long a run may take, what pollers are told, and how strict it is."""
    for function in synthesized.production.of_type("AWS::Lambda::Function").values():
        config = Config.from_environment(_variables(function))
        assert (config.run_seconds, config.poll_after_ms, config.strict_beta) == (300, 900, True)
        assert config.unavailable_tools == "drop"
        assert config.cors_origins == ORIGINS


@pytest.mark.parametrize("name", FUNCTIONS)
def test_no_variable_holds_anything_else(name: str, template: Template) -> None:
    """A template is no place for a secret: the list of variables is closed."""
    known = {
        "THREADKEEP_CORS_ORIGINS",
        "THREADKEEP_FUNCTION",
        "THREADKEEP_MODELS",
        "THREADKEEP_POLL_AFTER_MS",
        "THREADKEEP_RUN_SECONDS",
        "THREADKEEP_STRICT_BETA",
        "THREADKEEP_TABLE_PREFIX",
        "THREADKEEP_UNAVAILABLE_TOOLS",
    }
    if START_RUNS in FUNCTIONS[name].grants:
        known.add("THREADKEEP_STATE_MACHINE_ARN")
    if name in _STREAMING:
        known |= {"AWS_LAMBDA_EXEC_WRAPPER", "THREADKEEP_STREAMING"}
    assert set(_variables(template.function(name))) == known


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
