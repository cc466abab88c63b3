"""No text holds up a regular expression: other projects' requests would wait for it."""

import subprocess
import sys
from pathlib import Path

import pytest

_PATIENCE = 120  # seconds for what takes three


def _try_all(*folders: str, patience: float) -> str:
    command = [sys.executable, "-m", "tests.unit.regular_expressions", *folders]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience, check=True)
    return done.stdout


def test_every_regular_expression_is_linear() -> None:
    """Whatever it is given, of 50,000 characters."""
    assert "uses of regular expressions are linear" in _try_all(patience=_PATIENCE)


@pytest.mark.parametrize(
    "used",
    [
        r're.fullmatch(r"https?://[^\s/?#]+\S*", url)',
        r'_ABOUT = re.compile(r"\binput\b.*\b(long|large|tokens?)\b", re.DOTALL); _ABOUT.search(x)',
        r'_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)"); _NUMBER.fullmatch(x)',
    ],
)
def test_one_that_is_not_is_found(tmp_path: Path, used: str) -> None:
    """Three that this product had: with the square of the length they take minutes."""
    (tmp_path / "guilty.py").write_text(used)
    with pytest.raises(subprocess.TimeoutExpired):
        _try_all(str(tmp_path), patience=4)
