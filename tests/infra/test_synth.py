"""Synthesis: the same stack from everywhere, and clear words where it can't be made."""

from pathlib import Path

import pytest

from infra.aws.settings import StackSettings
from tests.infra.conftest import Synthesized, synthesize
from tests.infra.template import Template
from threadkeep.settings import SettingError

_DEFAULTS = {
    "stack": "Threadkeep",
    "prod": False,
    "run_seconds": 600,
    "poll_after_ms": 500,
    "strict_beta": False,
    "unavailable_tools": "refuse",
    "streaming": True,
    "bundle": True,
    "cors_origins": [],
}


def test_make_synth_and_the_cdk_app_make_the_same_template(synthesized: Synthesized) -> None:
    """`make synth`, without the CLI, gives what `cdk synth` gives."""
    assert synthesized.template.document == synthesized.by_app.document


def test_make_synth_says_where_the_template_is_and_how_big(synthesized: Synthesized) -> None:
    """The last thing printed is the template's place and its number of resources."""
    template = synthesized.template
    assert synthesized.printed == f"{template.path}: {len(template.resources)} resources\n"


def test_the_stack_is_far_from_cloudformation_s_limit(template: Template) -> None:
    """A stack may have 500 resources and an API 300; the routes still to come must fit."""
    assert len(template.resources) < 250
    assert len(template.of_type("AWS::ApiGateway::Resource")) < 60


def test_the_template_says_where_the_api_is(template: Template) -> None:
    """The output is an SDK's `base_url`, without a slash at its end."""
    (api,) = template.of_type("AWS::ApiGateway::RestApi")
    (value,) = (output["Value"] for output in template.document["Outputs"].values())
    assert value == {
        "Fn::Join": [
            "",
            [
                *("https://", {"Ref": api}, ".execute-api.", {"Ref": "AWS::Region"}, "."),
                *({"Ref": "AWS::URLSuffix"}, "/v1"),
            ],
        ]
    }


def test_every_name_carries_the_stack_s(synthesized: Synthesized) -> None:
    """Two stacks live in one account: their tables, functions and machines are told apart."""
    kept = synthesized.production
    names = [
        *kept.tables().values(),
        *(f["FunctionName"] for f in kept.of_type("AWS::Lambda::Function").values()),
        kept.only("AWS::StepFunctions::StateMachine")["StateMachineName"],
    ]
    assert all(name.startswith("Kept-") for name in names)


def test_a_wrong_setting_ends_the_synthesis_with_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the setting by its name, no traceback."""
    with pytest.raises(SystemExit, match=r"^2$"):
        synthesize(tmp_path, {"prod": "perhaps"})
    assert capsys.readouterr().err == "prod must be true or false, not 'perhaps'.\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("stack", ""),
        ("stack", "under_score"),
        ("stack", "1st"),
        ("stack", "x" * 41),
        ("stack", None),
        ("prod", None),
        ("prod", "yes"),
        ("bundle", 1),
        ("run_seconds", 0),
        ("run_seconds", -5),
        ("run_seconds", 841),
        ("run_seconds", "600.5"),
        ("run_seconds", "٣٠٠"),
        ("run_seconds", True),
        ("poll_after_ms", 0),
        ("poll_after_ms", 60_001),
        ("strict_beta", "on"),
        ("unavailable_tools", "ignore"),
        ("streaming", "on"),
        ("streaming", None),
        ("cors_origins", "https://app.example/"),
        ("cors_origins", ["app.example"]),
        ("cors_origins", [1]),
        ("cors_origins", True),
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(name: str, value: object) -> None:
    """The message names the setting; nothing is guessed."""
    with pytest.raises(SettingError, match=f"^{name} must be"):
        StackSettings.of({**_DEFAULTS, name: value}.get)


def test_settings_from_the_command_line_are_texts() -> None:
    """`cdk … -c prod=true -c run_seconds=840` means what it says."""
    texts = {
        "stack": "A-1",
        "prod": "true",
        "run_seconds": "840",
        "poll_after_ms": "60000",
        "strict_beta": "true",
        "unavailable_tools": "drop",
        "streaming": "false",
        "bundle": "False",
        "cors_origins": "https://app.example, *",
    }
    assert StackSettings.of(texts.get) == StackSettings(
        stack="A-1",
        prod=True,
        run_seconds=840,
        poll_after_ms=60_000,
        strict_beta=True,
        unavailable_tools="drop",
        streaming=False,
        bundle=False,
        cors_origins=("https://app.example", "*"),
    )
