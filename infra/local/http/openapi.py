"""`/openapi.json`: the document of the served API, for whoever asks for it; it needs no key."""

from infra.local.aws.proxy_event import HttpRequest, HttpResponse
from infra.local.http.front import Admit, Admitted
from infra.openapi import document

PATH = "/openapi.json"


def with_document(admit: Admit) -> Admit:
    """Admits what `admit` does, and answers the path of the document."""

    def admitted(head: HttpRequest) -> Admitted | HttpResponse:
        if head.method not in ("GET", "HEAD") or head.path != PATH:
            return admit(head)
        headers = (("content-type", "application/json"),)
        return HttpResponse(200, headers, document.text().encode())

    return admitted
