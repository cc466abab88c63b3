"""The folder that `serve` keeps its data in: one process at a time, and its key.

Invariant: whoever holds the lock is the only one who writes there. The lock is the system's
(`flock`), so it ends with the process, however it ends. Only the owner reads the folder.
"""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from types import TracebackType

from infra.command_error import CommandError
from infra.keys import make_key
from infra.local.settings import valid_key

_TRIES = 3  # a thread that is about to be cut off may still write a file amid the removal


class State:
    """The folder, held until `close`. Without a path it is a temporary one that goes with it."""

    def __init__(self, path: Path | None) -> None:
        self._temporary = path is None
        named = path or "in the system's temporary folder"
        try:
            self.path = _made(path)
            _make_private(self.path)
            self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CommandError(
                f"The state folder {named} is in use by another threadkeep; "
                "stop that one or choose another folder with --state."
            ) from None
        except OSError as error:
            raise CommandError(f"Can't use the state folder {named}: {error.strerror}.") from None

    def __enter__(self) -> "State":
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the folder up, or away with it if it is temporary."""
        for _ in range(_TRIES if self._temporary else 0):
            shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)

    @property
    def key_file(self) -> Path:
        """Where the folder's own key is."""
        return self.path / "api_key"

    def api_key(self) -> tuple[str, bool]:
        """The folder's own key, made at the first call, and whether it was made just now."""
        file = self.key_file
        try:
            key = file.read_bytes().decode("ascii", "replace").strip() if file.exists() else ""
            if made := not key:
                key = make_key()
                _write_private(file, key)
        except OSError as error:
            raise CommandError(f"Can't use the key file {file}: {error.strerror}.") from None
        if not valid_key(key):
            raise CommandError(f"Can't use the key file {file}: what it holds can't be a key.")
        return key, made


def _made(path: Path | None) -> Path:
    if path is None:
        return Path(tempfile.mkdtemp(prefix="threadkeep-"))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def _make_private(folder: Path) -> None:
    """Nobody else reads what is in the folder, whoever made it."""
    folder.chmod(0o700)
    for file in folder.iterdir():
        if file.is_file() and not file.is_symlink():
            file.chmod(0o600)


def _write_private(file: Path, text: str) -> None:
    """Write the file whole or not at all; it is private from its first byte on."""
    new = file.with_suffix(".new")
    new.unlink(missing_ok=True)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{text}\n")
    new.replace(file)
