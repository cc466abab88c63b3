"""HTTP ⇄ proxy events: the shapes that API Gateway documents for REST APIs."""

import base64
import json

import pytest

from infra.local.aws.proxy_event import (
    HttpRequest,
    ProxyCall,
    authorizer_event,
    http_response,
    proxy_event,
)

NOW = 1_800_000_000.25
REQUEST = HttpRequest(
    method="POST",
    path="/v1/threads/thread_a/messages",
    query="limit=2&order=asc&order=desc&empty=&a%20b=c+d",
    headers=(
        ("host", "localhost:8000"),
        ("user-agent", "curl/8"),
        ("authorization", "Bearer sk-1"),
        ("x-twice", "one"),
        ("x-twice", "two"),
    ),
    body='{"content":"grüße"}'.encode(),
    source_ip="127.0.0.9",
    id="11111111-2222-3333-4444-555555555555",
)
CALL = ProxyCall(REQUEST, "/threads/{thread_id}/messages", {"thread_id": "thread_a"}, NOW)
CONTEXT = {
    "accountId": "000000000000",
    "apiId": "local",
    "domainName": "localhost:8000",
    "extendedRequestId": "11111111-2222-3333-4444-555555555555",
    "httpMethod": "POST",
    "identity": {"sourceIp": "127.0.0.9", "userAgent": "curl/8"},
    "path": "/v1/threads/thread_a/messages",
    "protocol": "HTTP/1.1",
    "requestId": "11111111-2222-3333-4444-555555555555",
    "requestTime": "15/Jan/2027:08:00:00 +0000",
    "requestTimeEpoch": 1_800_000_000_250,
    "resourceId": "/threads/{thread_id}/messages",
    "resourcePath": "/threads/{thread_id}/messages",
    "stage": "v1",
}
COMMON = {
    "resource": "/threads/{thread_id}/messages",
    "path": "/threads/thread_a/messages",
    "httpMethod": "POST",
    "headers": {
        "host": "localhost:8000",
        "user-agent": "curl/8",
        "authorization": "Bearer sk-1",
        "x-twice": "two",
    },
    "multiValueHeaders": {
        "host": ["localhost:8000"],
        "user-agent": ["curl/8"],
        "authorization": ["Bearer sk-1"],
        "x-twice": ["one", "two"],
    },
    "queryStringParameters": {"limit": "2", "order": "desc", "empty": "", "a b": "c d"},
    "multiValueQueryStringParameters": {
        "limit": ["2"],
        "order": ["asc", "desc"],
        "empty": [""],
        "a b": ["c d"],
    },
    "pathParameters": {"thread_id": "thread_a"},
    "stageVariables": None,
}


def test_a_function_is_invoked_with_a_proxy_event() -> None:
    """The event of a route is API Gateway's, key for key."""
    assert proxy_event(CALL, {"principalId": "p", "project_id": "p"}) == {
        **COMMON,
        "requestContext": {**CONTEXT, "authorizer": {"principalId": "p", "project_id": "p"}},
        "body": '{"content":"grüße"}',
        "isBase64Encoded": False,
    }


def test_the_authorizer_is_invoked_with_a_request_event() -> None:
    """The authorizer sees everything but the body, and the method's ARN."""
    assert authorizer_event(CALL) == {
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:local:000000000000:local"
        "/v1/POST/threads/thread_a/messages",
        **COMMON,
        "requestContext": CONTEXT,
    }


def test_what_is_empty_is_null() -> None:
    """No query, no parameters, no headers and no body are null, as API Gateway sends them."""
    event = proxy_event(ProxyCall(HttpRequest("GET", "/v1/models"), "/models", {}, NOW), {})
    empty = (
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "headers",
        "multiValueHeaders",
        "body",
    )
    assert {name: event[name] for name in empty} == dict.fromkeys(empty)
    assert event["isBase64Encoded"] is False


def test_a_body_that_is_no_text_comes_as_base64() -> None:
    """Bytes that are no UTF-8 arrive unchanged."""
    request = HttpRequest("POST", "/v1/threads", body=b"\xff\x00\xfe")
    event = proxy_event(ProxyCall(request, "/threads", {}, NOW), {})
    assert event["isBase64Encoded"] is True
    assert base64.b64decode(event["body"]) == b"\xff\x00\xfe"


@pytest.mark.parametrize("query", ["%ff%fe=%ff", "&&==&", "a=%zz", "%", "=" * 5000])
def test_no_query_is_too_odd_for_json(query: str) -> None:
    """Whatever the query holds, the event is JSON."""
    request = HttpRequest("GET", "/v1/threads", query=query)
    json.dumps(proxy_event(ProxyCall(request, "/threads", {}, NOW), {})).encode()


def test_an_answer_becomes_a_response() -> None:
    """Status, headers and text of a function's answer go out as they are."""
    response = http_response(
        {"statusCode": 200, "headers": {"x-a": 1}, "body": "grüße", "isBase64Encoded": False}
    )
    assert response.status == 200
    assert response.headers == (("x-a", "1"),)
    assert response.body == "grüße".encode()


def test_an_answer_in_base64_is_decoded() -> None:
    """An answer of bytes goes out as bytes, one without a body as an empty one."""
    encoded = {"statusCode": 200, "body": base64.b64encode(b"\xff").decode()}
    assert http_response({**encoded, "isBase64Encoded": True}).body == b"\xff"
    assert http_response({"statusCode": 204, "headers": None}).body == b""


def test_neither_key_nor_content_is_in_a_repr() -> None:
    """A request may be printed without showing its key or its body."""
    assert "sk-1" not in repr(CALL)
    assert "content" not in repr(CALL)
