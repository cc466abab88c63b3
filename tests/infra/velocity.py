"""API Gateway's template emulator, as far as our templates need it."""

from collections.abc import Mapping
from typing import Any

import airspeed


class Velocity:
    """Templates of one request, filled in. `set_headers` are those that a template has set."""

    def __init__(self, method: str, path: str, headers: Mapping[str, str] | None = None) -> None:
        self.set_headers: dict[str, str] = {}
        override = {"header": self.set_headers}
        self._values = {
            "context": {"httpMethod": method, "path": path, "responseOverride": override},
            "input": _Input(headers or {}),
            "util": _Util(),
        }

    def text(self, template: str) -> str:
        """What the template makes."""
        return str(airspeed.Template(template).merge(self._values))


class _Input:
    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def params(self) -> Mapping[str, Any]:
        return {"header": self._headers, "path": {}, "querystring": {}}


class _Util:
    def escapeJavaScript(self, text: str) -> str:  # noqa: N802  (its name in API Gateway)
        for character in ("\\", "'", '"'):
            text = text.replace(character, f"\\{character}")
        return text
