"""The gateway's own answers, filled in by API Gateway's templates.

A method's template goes through a template engine, a gateway response's does not: there a variable
stands as it is, so it must be safe within JSON by itself.
"""

import json
from collections.abc import Callable

from aws_cdk import aws_apigateway as apigateway

from infra.gateway_responses import GATEWAY_RESPONSES, Refused
from threadkeep.wire.errors import Answer
from threadkeep.wire.headers import OPENAI_VERSION

# `openai-processing-ms` is missing here: the gateway knows no such number while it answers.
_HEADERS = {"x-request-id": "context.requestId", "openai-version": f"'{OPENAI_VERSION}'"}
_REFUSED = Refused(
    request_id="$context.requestId",
    method="$context.httpMethod",
    path="$context.path",
    masked_key="$context.authorizer.masked_key",
)
# The escape of an apostrophe is JavaScript's, but not JSON's.
_SAFE_PATH = """#set($path = $util.escapeJavaScript($context.path).replaceAll("\\\\'", "'"))\n"""
# A body of a type that has no template would reach the MOCK integration and fail it.
_BODIES = (
    "application/json",
    "application/octet-stream",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "text/plain",
)


def add_gateway_responses(api: apigateway.RestApi) -> None:
    """Give every answer of the gateway the contract's envelope."""
    for name, answer_to in GATEWAY_RESPONSES.items():
        answer = answer_to(_REFUSED)
        headers = {header: f"'{value}'" for header, value in answer.headers.items()}
        api.add_gateway_response(
            name,
            type=apigateway.ResponseType.of(name),
            # The defaults stand for many answers, each with a status of its own.
            status_code=None if name.startswith("DEFAULT_") else str(answer.status),
            response_headers={**_HEADERS, **headers},
            templates={"application/json": _json(answer)},
        )


def mock_method(resource: apigateway.IResource, answer_to: Callable[[Refused], Answer]) -> None:
    """Answer every method that the resource has no route for, without a function or a key."""
    answer = answer_to(_REFUSED._replace(path="$path"))
    status = str(answer.status)
    headers = {f"method.response.header.{name}": value for name, value in _HEADERS.items()}
    resource.add_method(
        "ANY",
        apigateway.MockIntegration(
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_templates=dict.fromkeys(_BODIES, f'{{"statusCode": {status}}}'),
            integration_responses=[
                apigateway.IntegrationResponse(
                    status_code=status,
                    response_parameters=headers,
                    response_templates={"application/json": _SAFE_PATH + _json(answer)},
                )
            ],
        ),
        authorization_type=apigateway.AuthorizationType.NONE,
        method_responses=[
            apigateway.MethodResponse(
                status_code=status, response_parameters=dict.fromkeys(headers, True)
            )
        ],
    )


def _json(answer: Answer) -> str:
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
