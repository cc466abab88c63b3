"""Who is asking: the API key in the header of the request's door decides the project.

API Gateway keeps the answer by that header for 300 s and uses it for every method and path behind
the door. So nothing but this header may decide, and the answer allows all of them. A wrong key is
answered with Deny, which the gateway turns into the contract's 401.
"""

from typing import Any

from functions.doors import AZURE, door_of
from functions.lambda_function import LambdaEvent, LambdaHandler, for_lambda
from threadkeep.domain.api_keys import hash_key, mask_key
from threadkeep.services import Services


def build(_function: str, services: Services) -> LambdaHandler:
    """The authorizer."""

    def handler(event: LambdaEvent, _context: object) -> dict[str, Any]:
        key = _key(event)
        project_id = services.store.api_keys.project_of(hash_key(key)) if key else None
        if project_id is None:
            return _policy(event, "Deny", {"masked_key": mask_key(key)})
        return _policy(event, "Allow", {"project_id": project_id})

    return handler


def _key(event: LambdaEvent) -> str:
    door, headers = door_of(event["resource"]), event["headers"] or {}
    header = door.key_header.lower()
    given: str = next((v for name, v in headers.items() if name.lower() == header), "")
    if door is AZURE:
        return given.strip()
    scheme, _, key = given.partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _policy(event: LambdaEvent, effect: str, context: dict[str, str]) -> dict[str, Any]:
    stage = "/".join(event["methodArn"].split("/")[:2])
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": f"{stage}/*/*"}
    return {
        "principalId": context.get("project_id", "unknown"),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": context,
    }


handler = for_lambda(build)
