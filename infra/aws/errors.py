"""The gateway's own answers, filled in by API Gateway's templates.

A method's template goes through a template engine, a gateway response's does not: there a variable
stands as it is, so it must be safe within JSON by itself.
"""

import json
from collections.abc import Callable, Mapping

from aws_cdk import aws_apigateway as apigateway

from infra.aws.cors import Cors
from infra.gateway_responses import GATEWAY_RESPONSES, Refused
from threadkeep.wire.errors import ErrorAnswer
from threadkeep.wire.headers import OPENAI_VERSION

AnswerTo = Callable[[Refused], ErrorAnswer]

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


def add_gateway_responses(api: apigateway.RestApi, cors: Cors) -> None:
    """Give every answer of the gateway the contract's envelope."""
    for name, answer_to in GATEWAY_RESPONSES.items():
        answer = answer_to(_REFUSED)
        headers = {header: f"'{value}'" for header, value in answer.headers.items()}
        api.add_gateway_response(
            name,
            type=apigateway.ResponseType.of(name),
            # The defaults stand for many answers, each with a status of its own.
            status_code=None if name.startswith("DEFAULT_") else str(answer.status),
            response_headers={**_HEADERS, **cors.on_refusals, **headers},
            templates={"application/json": _json(answer)},
        )


def mock_method(
    resource: apigateway.IResource,
    answer_to: AnswerTo,
    cors: Cors,
    apart: Mapping[str, AnswerTo] | None = None,
    allow: str = "",
) -> None:
    """Answer every method that the resource has no route for, without a function or a key.

    Paths that match a pattern of `apart` are answered by its own text, with the same status.
    `allow` lists the methods that the resource has.
    """
    answer = answer_to(_REFUSED._replace(allow=allow))
    status = str(answer.status)
    own = {name: f"'{value}'" for name, value in answer.headers.items()}
    headers = {**_HEADERS, **cors.on_refusals, **own}
    refusal = _response(status, headers, _body(answer_to, apart or {}))
    responses = [refusal]
    request = f'{{"statusCode": {status}}}'
    if cors.origins:
        headers = {**_HEADERS, **cors.on_preflights}
        responses.append(_response("204", headers, cors.preflight, selection_pattern="204"))
        request = f'#if($context.httpMethod == "OPTIONS"){{"statusCode": 204}}#else{request}#end'
    resource.add_method(
        "ANY",
        apigateway.MockIntegration(
            passthrough_behavior=apigateway.PassthroughBehavior.NEVER,
            request_templates=dict.fromkeys(_BODIES, request),
            integration_responses=responses,
        ),
        authorization_type=apigateway.AuthorizationType.NONE,
        method_responses=[_declared(response) for response in responses],
    )


def _response(
    status: str, headers: Mapping[str, str], template: str, selection_pattern: str | None = None
) -> apigateway.IntegrationResponse:
    return apigateway.IntegrationResponse(
        status_code=status,
        selection_pattern=selection_pattern,
        response_parameters={f"method.response.header.{n}": value for n, value in headers.items()},
        response_templates={"application/json": template},
    )


def _declared(response: apigateway.IntegrationResponse) -> apigateway.MethodResponse:
    return apigateway.MethodResponse(
        status_code=response.status_code,
        response_parameters=dict.fromkeys(response.response_parameters or {}, True),
    )


def _body(answer_to: AnswerTo, apart: Mapping[str, AnswerTo]) -> str:
    """The template of a body, one line for the path and one for each text."""
    refused = _REFUSED._replace(path="$path")
    lines = [_json(answer_to(refused))]
    if apart:
        cases = (
            f'if($context.path.matches("{pattern}"))\n{_json(answer(refused))}\n'
            for pattern, answer in apart.items()
        )
        lines = [f"#{'#else'.join(cases)}#else", *lines, "#end"]
    return _SAFE_PATH + "\n".join(lines)


def _json(answer: ErrorAnswer) -> str:
    return json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
