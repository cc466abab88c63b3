"""`/openapi.json`: the document of the served API, for whoever asks for it; it needs no key."""

from infra.local.front import Answer
from infra.local.proxy_event import HttpRequest, HttpResponse
from infra.openapi import document

PATH = "/openapi.json"


def with_document(answer: Answer) -> Answer:
    """Answers what `answer` does, and the path of the document."""

    def answered(request: HttpRequest) -> HttpResponse:
        if (request.method, request.path) != ("GET", PATH):
            return answer(request)
        headers = (("content-type", "application/json"),)
        return HttpResponse(200, headers, document.text().encode())

    return answered
