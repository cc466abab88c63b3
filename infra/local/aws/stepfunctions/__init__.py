"""The emulated Step Functions: the states that our ASL uses, durable through kill -9.

Anything else is refused by name.
"""

from infra.local.aws.function_error import FunctionError
from infra.local.aws.stepfunctions.service import StepFunctions

__all__ = ["FunctionError", "StepFunctions"]
