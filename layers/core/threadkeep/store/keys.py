"""The keys of items. Each begins with the project, which the authorizer alone decides."""

from threadkeep.domain.references import RunRef, ThreadRef
from threadkeep.store.expressions import Value


def key_of(ref: ThreadRef | RunRef) -> dict[str, Value]:
    """The key of the thread's or the run's item."""
    if isinstance(ref, RunRef):
        return {"thread": ref.thread.path, "run_id": ref.run_id}
    return {"thread": ref.path}
