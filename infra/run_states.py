"""docs/run_states.md: the life of a run, as a diagram and a table, of `domain.run_state` alone."""

from collections import defaultdict
from collections.abc import Iterator

from threadkeep.domain.run_state import ENDS, TRANSITIONS, Transition

_PAGE = """\
# The states of a run

Everything that starts, resumes, cancels or ends a run is one transaction whose condition is on the
run's item: its status is one of *from*, and what *guard* says holds. Whoever loses reads the run
again and acts by this table. There is no other lock.

*as read*: attempt, steps and open step are those that the writer last read or wrote. So what it
closes is what is open, and an older attempt of the executor can write nothing.

A run past its deadline is over for every reader, whether or not anybody has written that down.

Made of `layers/core/threadkeep/domain/run_state.py` by `make docs`; change that.

"""
_DEADLINE = {"before": "now < expires_at", "after": "now ≥ expires_at", "any": ""}


def text() -> str:
    """The page."""
    return f"{_PAGE}{_diagram()}\n{_table()}"


def _diagram() -> str:
    """A Mermaid diagram: an edge for each pair of statuses, with all that lead over it."""
    edges: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name, transition in TRANSITIONS.items():
        for source in transition.sources or ("[*]",):
            edges[source, transition.target].append(name)
    lines = [
        f"{source} --> {target}: {', '.join(names)}" for (source, target), names in edges.items()
    ]
    lines += [f"{status} --> [*]" for status in sorted(ENDS)]
    inner = "".join(f"    {line}\n" for line in lines)
    return f"```mermaid\nstateDiagram-v2\n{inner}```\n"


def _table() -> str:
    head = "| transition | from | to | writer | guard | open step |\n|---|---|---|---|---|---|\n"
    rows = (
        f"| {name} | {', '.join(t.sources) or 'none'} | {t.target} | {t.writer} | {_guard(t)} |"
        f" {t.step or ''} |\n"
        for name, t in TRANSITIONS.items()
    )
    return head + "".join(rows)


def _guard(transition: Transition) -> str:
    return ", ".join(_guards(transition))


def _guards(transition: Transition) -> Iterator[str]:
    if not transition.sources:
        yield "no run is active on the thread"
        return
    if transition.as_read:
        yield "as read"
    if transition.leg:
        yield "leg = mine"
    if deadline := _DEADLINE[transition.deadline]:
        yield deadline
