"""The state folder: one process at a time, a private key that stays, a temporary one that goes."""

import tempfile
from pathlib import Path

import pytest

from infra.command_error import CommandError
from infra.local.state import State


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o777


def test_a_folder_is_made_and_stays(tmp_path: Path) -> None:
    """The folder may be missing; it is made for its owner alone, and kept."""
    folder = tmp_path / "a" / "b"
    with State(folder) as state:
        assert state.path == folder
        (folder / "data").write_text("kept")
    assert (folder / "data").read_text() == "kept"
    assert mode(folder) == 0o700


def test_a_temporary_folder_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a path nothing is left at the end."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with State(None) as state:
        assert state.path.parent == tmp_path
        (state.path / "data").write_text("gone")
    assert list(tmp_path.iterdir()) == []


def test_a_folder_has_one_holder(tmp_path: Path) -> None:
    """A second process is refused while the first one holds the folder, and let in after."""
    with State(tmp_path), pytest.raises(CommandError, match="in use by another threadkeep"):
        State(tmp_path)
    State(tmp_path).close()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """What can't be a folder is refused by name."""
    file = tmp_path / "file"
    file.write_text("")
    for path in (file, file / "below"):
        with pytest.raises(CommandError, match=f"Can't use the state folder {path}: "):
            State(path)


def test_the_key_is_private_and_stays(tmp_path: Path) -> None:
    """The key is made once, in a file that only its owner reads, and is the same ever after."""
    with State(tmp_path) as state:
        key, made = state.api_key()
    assert made
    assert key.startswith("sk-")
    assert mode(tmp_path / "api_key") == 0o600
    with State(tmp_path) as state:
        assert state.api_key() == (key, False)


def test_what_is_there_becomes_private(tmp_path: Path) -> None:
    """Whoever made the folder and its files, and however."""
    tmp_path.chmod(0o755)
    for name in ("api_key", "dynamodb.db", "dynamodb.db-wal"):
        (tmp_path / name).write_text("")
        (tmp_path / name).chmod(0o644)
    State(tmp_path).close()
    assert mode(tmp_path) == 0o700
    assert {mode(file) for file in tmp_path.iterdir()} == {0o600}


def test_an_unfinished_key_is_made_anew(tmp_path: Path) -> None:
    """A crash amid the first start leaves no empty key behind, and no half of one."""
    (tmp_path / "api_key").write_text("\n")
    (tmp_path / "api_key.new").write_text("sk-half")
    with State(tmp_path) as state:
        key, _ = state.api_key()
    assert len(key) > 20
    assert {path.name for path in tmp_path.iterdir()} == {"lock", "api_key"}


@pytest.mark.parametrize("content", [b"\xff\xfe", b"two words", b"sk-a,b", "sk-ü".encode()])
def test_a_key_file_that_holds_no_key_is_refused(tmp_path: Path, content: bytes) -> None:
    """What can't be sent as a key isn't used as one; the file is named, not its content."""
    (tmp_path / "api_key").write_bytes(content)
    with State(tmp_path) as state, pytest.raises(CommandError, match="Can't use the key file"):
        state.api_key()
