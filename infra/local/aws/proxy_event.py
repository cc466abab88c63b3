"""HTTP ⇄ API Gateway's proxy events (REST, payload version 1.0), as Lambda functions see them."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl
from uuid import uuid4

STAGE = "v1"
ACCOUNT = "000000000000"
API = "local"
_ARN = f"arn:aws:execute-api:local:{ACCOUNT}:{API}/{STAGE}"

ProxyEvent = dict[str, Any]


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came. `path` is still percent-encoded and has the stage in it."""

    method: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    body: bytes = field(default=b"", repr=False)
    source_ip: str = "127.0.0.1"
    id: str = field(default_factory=lambda: str(uuid4()))

    def header(self, name: str) -> str | None:
        """The header's last value, as API Gateway picks it."""
        values = [value for key, value in self.headers if key.lower() == name]
        return values[-1] if values else None


@dataclass(frozen=True)
class HttpResponse:
    """An answer as it goes out: its body whole, or in `chunks` as they are made."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(default=b"", repr=False)
    chunks: Iterator[bytes] | None = field(default=None, repr=False)


@dataclass(frozen=True)
class ProxyCall:
    """A request that met a resource: its template, and what stands for the template's names."""

    request: HttpRequest
    resource: str
    parameters: Mapping[str, str]
    now: float

    @property
    def path(self) -> str:
        return self.request.path.removeprefix(f"/{STAGE}")

    @property
    def method_arn(self) -> str:
        return f"{_ARN}/{self.request.method}{self.path}"


def proxy_event(call: ProxyCall, authorizer: Mapping[str, Any]) -> ProxyEvent:
    """What the function of a route is invoked with."""
    event = _event(call)
    event["requestContext"]["authorizer"] = dict(authorizer)
    event["body"], event["isBase64Encoded"] = _body(call.request.body)
    return event


def authorizer_event(call: ProxyCall) -> ProxyEvent:
    """What a REQUEST authorizer is invoked with: everything but the body."""
    return {"type": "REQUEST", "methodArn": call.method_arn, **_event(call)}


def http_response(answer: Mapping[str, Any]) -> HttpResponse:
    """A function's answer, on its way out."""
    body = answer.get("body") or ""
    return HttpResponse(
        status=int(answer["statusCode"]),
        headers=tuple((name, str(value)) for name, value in (answer.get("headers") or {}).items()),
        body=base64.b64decode(body) if answer.get("isBase64Encoded") else body.encode(),
        chunks=answer.get("chunks"),
    )


def _event(call: ProxyCall) -> ProxyEvent:
    request = call.request
    headers = _grouped(request.headers)
    query = _grouped(parse_qsl(request.query, keep_blank_values=True, errors="replace"))
    return {
        "resource": call.resource,
        "path": call.path,
        "httpMethod": request.method,
        "headers": _last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": _last(query),
        "multiValueQueryStringParameters": query,
        "pathParameters": dict(call.parameters) or None,
        "stageVariables": None,
        "requestContext": _context(call),
    }


def _context(call: ProxyCall) -> ProxyEvent:
    request = call.request
    return {
        "accountId": ACCOUNT,
        "apiId": API,
        "domainName": request.header("host"),
        "extendedRequestId": request.id,
        "httpMethod": request.method,
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("user-agent")},
        "path": request.path,
        "protocol": "HTTP/1.1",
        "requestId": request.id,
        "requestTime": datetime.fromtimestamp(call.now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(call.now * 1000),
        "resourceId": call.resource,
        "resourcePath": call.resource,
        "stage": STAGE,
    }


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]] | None:
    """All values of each name; API Gateway says null for none."""
    groups: dict[str, list[str]] = {}
    for name, value in pairs:
        groups.setdefault(name, []).append(value)
    return groups or None


def _last(groups: Mapping[str, list[str]] | None) -> dict[str, str] | None:
    return {name: values[-1] for name, values in groups.items()} if groups else None


def _body(body: bytes) -> tuple[str | None, bool]:
    try:
        return body.decode() or None, False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True
