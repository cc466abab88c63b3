"""The words of settings that the domain, the functions and both hosts share."""

from typing import Literal

# What becomes of a hosted tool that a deployment can't run: its runs are refused, or go without.
UnavailableTools = Literal["refuse", "drop"]
