"""`python -m bench.legibility`: how far a reader has to walk, as figures of the code itself.

One attempt of a streamed text run is executed and watched. A *room* is a module that the attempt
enters; what the store does inside itself is not entered, its functions are read by their names. Nor
does a reader walk through the domain: its values and pure functions are the vocabulary, which is
looked up; the rooms of the domain are counted apart. A *move* is a call from a function into one of
another module, counted once however often it is made. A *return* is a move into a room that the
reader has been in before. The rest is sizes.
"""

import ast
import statistics
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from tests.system import System

_ROOT = Path(__file__).parent.parent
_FOLDERS = ("functions", "layers", "infra")
_CORE = (str(_ROOT / "functions"), str(_ROOT / "layers"))
_STORE = "threadkeep/store/"
_DOMAIN = "threadkeep/domain/"


class Walk:
    """The calls of an attempt between modules, each once, in the order of the first."""

    def __init__(self) -> None:
        self.moves: dict[tuple[str, str], str] = {}  # (from function, to function) → module entered

    def __call__(self, frame: FrameType, event: str, _: object) -> None:
        if event != "call" or not (to := _module(frame)):
            return
        caller = frame.f_back
        while caller and not _module(caller):
            caller = caller.f_back
        if caller and (origin := _module(caller)) != to and _STORE not in origin:
            move = f"{origin}:{caller.f_code.co_qualname}", f"{to}:{frame.f_code.co_qualname}"
            self.moves.setdefault(move, to)

    @property
    def rooms(self) -> list[str]:
        """Those with a part in what happens."""
        return [room for room in self._entered if _DOMAIN not in room]

    @property
    def vocabulary(self) -> list[str]:
        """The rooms of the domain."""
        return [room for room in self._entered if _DOMAIN in room]

    @property
    def returns(self) -> int:
        """Moves into a room, the domain's left out, that was entered before."""
        return sum(_DOMAIN not in room for room in self.moves.values()) - len(self.rooms)

    @property
    def _entered(self) -> list[str]:
        return list(dict.fromkeys(self.moves.values()))


def walk() -> Walk:
    """Execute one attempt of a streamed text run."""
    walk = Walk()
    with tempfile.TemporaryDirectory() as folder:
        system = System(Path(folder))
        thread = system.thread("Hi")["id"]
        body = {"assistant_id": system.assistant()["id"], "stream": True}
        _, run = next(system.stream(f"/threads/{thread}/runs", body))
        reference = {"project_id": "acme", "thread_id": thread, "run_id": run["id"], "leg": 1}
        sys.setprofile(walk)
        try:
            system.local.invoke("executor", {"action": "execute", "run": reference})
        finally:
            sys.setprofile(None)
        assert system.seen(run)["status"] == "completed"
        system.local.stop()
    return walk


def _module(frame: FrameType) -> str:
    """The module of the product that the frame is in; a class body or a generated one is none."""
    file = frame.f_code.co_filename
    return str(Path(file).relative_to(_ROOT)) if file.startswith(_CORE) else ""


def _sources() -> Iterator[tuple[Path, str]]:
    for folder in _FOLDERS:
        for path in sorted((_ROOT / folder).rglob("*.py")):
            if "build" not in path.parts:
                yield path, path.read_text()


def _types(tree: ast.Module) -> Iterator[str]:
    """The classes and the type aliases of a module, those of its own alone left out."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.BinOp() | ast.Subscript()):
                if name[0].isupper() and not name.isupper():
                    yield name


def _row(name: str, *figures: object) -> None:
    print(f"| {name} | {' | '.join(map(str, figures))} |")


def main() -> None:
    way = walk()
    lines, functions, types = [], [], defaultdict(set)
    for path, source in _sources():
        tree = ast.parse(source)
        lines.append(len(source.splitlines()))
        functions += [
            (node.end_lineno or node.lineno) - node.lineno + 1
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        for name in _types(tree):
            types[name].add(path)
    shared = {name: len(places) for name, places in types.items() if len(places) > 1}
    print("| measure | figure |\n|---|---:|")
    _row("rooms on the way of a streamed text run", len(way.rooms))
    _row("returns to a room", way.returns)
    _row("modules of the domain that they speak of", len(way.vocabulary))
    _row(
        "lines of the rooms",
        sum(len((_ROOT / m).read_text().splitlines()) for m in way.rooms),
    )
    _row(
        "modules: number, median, longest",
        f"{len(lines)}, {statistics.median(lines):.0f}, {max(lines)}",
    )
    _row(
        "functions: number, median, 95th percentile, longest",
        f"{len(functions)}, {statistics.median(functions):.0f},"
        f" {statistics.quantiles(functions, n=20)[-1]:.0f}, {max(functions)}",
    )
    _row("lines of the product", sum(lines))
    _row("names that several modules give to a type of their own", len(shared))
    print("\nRooms, in the order of entering:", ", ".join(Path(m).stem for m in way.rooms))
    print("Of the domain:", ", ".join(Path(m).stem for m in way.vocabulary))
    print("Types of one name:", ", ".join(f"{n} {c} times" for n, c in sorted(shared.items())))


if __name__ == "__main__":
    main()
