"""The run's state machine: the one ASL file, read by CDK and by the emulated one."""

import re
from collections.abc import Mapping
from pathlib import Path

ASL = Path(__file__).parent / "aws" / "run.asl.json"


def definition(values: Mapping[str, str]) -> str:
    """The file's text with its `${placeholders}` filled, as CloudFormation's
    DefinitionSubstitutions do.
    """
    return re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], ASL.read_text())
