"""An embedded Step Functions: the states that our ASL uses, durable through kill -9.

Anything else is refused by name.
"""

from infra.local.function_error import FunctionError
from infra.local.stepfunctions.service import StepFunctions

__all__ = ["FunctionError", "StepFunctions"]
