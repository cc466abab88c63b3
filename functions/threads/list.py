"""GET /threads: an extension, asked for since 2023"""

from typing import TYPE_CHECKING

from functions.request import Request
from threadkeep.services import Services
from threadkeep.wire import objects

if TYPE_CHECKING:
    from threadkeep.wire import shapes


def handle(request: Request, services: Services) -> "shapes.PageObject[shapes.ThreadObject]":
    page = services.store.threads.list(request.project_id, request.page("thread"))
    return objects.page_object(page, objects.thread_object)
