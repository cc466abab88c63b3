"""All tables, over one database."""

from threadkeep.domain.ids import IdSource
from threadkeep.store.api_keys import ApiKeys
from threadkeep.store.assistants import Assistants
from threadkeep.store.database import Database
from threadkeep.store.messages import Messages
from threadkeep.store.new_runs import NewRuns
from threadkeep.store.remains import Remains
from threadkeep.store.run_events import RunEvents
from threadkeep.store.run_steps import RunSteps
from threadkeep.store.runs import Runs
from threadkeep.store.threads import Threads
from threadkeep.store.transitions import Transitions


class Store:
    """What handlers and execution keep their objects in."""

    def __init__(self, database: Database, ids: IdSource) -> None:
        self.api_keys = ApiKeys(database)
        self.assistants = Assistants(database)
        self.threads = Threads(database)
        self.messages = Messages(database, ids)
        self.new_runs = NewRuns(database, ids)
        self.runs = Runs(database)
        self.transitions = Transitions(database)
        self.run_steps = RunSteps(database)
        self.run_events = RunEvents(database)
        self.remains = Remains(database)
