"""THE route table. It drives API Gateway, the local server, the grants and the endpoint table in
the docs. All of it is behind every door of `functions.doors`.
"""

from functions.routes.assistants import ASSISTANTS
from functions.routes.messages import MESSAGES
from functions.routes.models import MODELS
from functions.routes.route import Route
from functions.routes.runs import RUNS
from functions.routes.threads import THREADS

__all__ = ["ROUTES", "Route"]

ROUTES = (*ASSISTANTS, *THREADS, *MESSAGES, *RUNS, *MODELS)
