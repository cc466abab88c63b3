"""`make synth [OUT=dir]`: the template without docker, an account or the CDK CLI."""

import json
import sys
from pathlib import Path

from infra.aws.app import run, say_aside


def main(arguments: list[str]) -> None:
    """Synthesize into the folder that is given (`cdk.out`), and say where the template is."""
    template = run(Path(arguments[0] if arguments else "cdk.out"), say_aside)
    resources = json.loads(template.read_text())["Resources"]
    sys.stdout.write(f"{template}: {len(resources)} resources\n")


if __name__ == "__main__":
    main(sys.argv[1:])
