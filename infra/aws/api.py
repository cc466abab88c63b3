"""The REST API: the route table behind each door and its authorizer, and an answer for all else."""

from collections.abc import Iterable

from aws_cdk import Aws, Duration
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from functions.doors import DOORS, Door
from functions.routes import ROUTES, Route
from infra.aws.cors import Cors
from infra.aws.errors import add_gateway_responses, mock_method
from infra.aws.functions import LambdaFunctions
from infra.aws.settings import StackSettings
from infra.gateway_responses import method_not_allowed, not_found
from infra.unsupported import UNSUPPORTED

_STAGE = "v1"
_TIMEOUT = Duration.seconds(29)
_STREAM_TIMEOUT = Duration.minutes(15)
_AUTHORIZER_CACHE = Duration.seconds(300)


class Api(Construct):
    """Regional, stage `v1`: its address is an SDK's `base_url` as it is."""

    def __init__(
        self, scope: Construct, settings: StackSettings, functions: LambdaFunctions
    ) -> None:
        super().__init__(scope, "Api")
        self._streaming = settings.streaming
        self._cors = Cors(settings.cors_origins)
        self._api = apigateway.RestApi(
            self,
            "Rest",
            rest_api_name=settings.stack,
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            deploy_options=apigateway.StageOptions(stage_name=_STAGE),
            cloud_watch_role=False,
        )
        self._api.node.try_remove_child("Endpoint")  # the stack has an output of its own
        # `url` would end in a slash, and plain HTTP callers put a path behind it.
        host = f"{self._api.rest_api_id}.execute-api.{Aws.REGION}.{Aws.URL_SUFFIX}"
        self.base_url = f"https://{host}/{_STAGE}"
        for door in DOORS:
            self._add_routes(door, functions)
        self._add_refusals()
        add_gateway_responses(self._api, self._cors)

    def _add_routes(self, door: Door, functions: LambdaFunctions) -> None:
        authorizer = apigateway.RequestAuthorizer(
            self,
            f"Authorizer-{door.name}",
            handler=functions["authorizer"],
            identity_sources=[apigateway.IdentitySource.header(door.key_header)],
            results_cache_ttl=_AUTHORIZER_CACHE,
        )
        for route in ROUTES:
            self._api.root.resource_for_path(door.prefix + route.path).add_method(
                route.method,
                self._integration(route, functions),
                authorization_type=apigateway.AuthorizationType.CUSTOM,
                authorizer=authorizer,
            )

    def _integration(
        self, route: Route, functions: LambdaFunctions
    ) -> apigateway.LambdaIntegration:
        stream = route.streaming and self._streaming
        return apigateway.LambdaIntegration(
            functions[route.function],
            timeout=_STREAM_TIMEOUT if stream else _TIMEOUT,
            response_transfer_mode=apigateway.ResponseTransferMode.STREAM if stream else None,
            # A permission for each function, not for each method: a stack has 500 resources.
            scope_permission_to_method=False,
        )

    def _add_refusals(self) -> None:
        """API Gateway itself would answer 403 to a method or path that is not there."""
        methods: dict[str, set[str]] = {}
        for door in DOORS:
            for route in ROUTES:
                methods.setdefault(door.prefix + route.path, set()).add(route.method)
        for path in sorted(_with_parents(methods)):
            answer = method_not_allowed if path in methods else not_found
            allow = ", ".join(sorted(methods.get(path, ())))
            mock_method(self._api.root.resource_for_path(path), answer, self._cors, allow=allow)
        mock_method(self._api.root, not_found, self._cors)
        for door in DOORS:
            rest = self._api.root.resource_for_path(f"{door.prefix}/{{proxy+}}")
            mock_method(rest, not_found, self._cors, UNSUPPORTED)


def _with_parents(paths: Iterable[str]) -> set[str]:
    """The paths of all resources that the API has for these, but the root."""
    parts = (path.strip("/").split("/") for path in paths)
    return {"/" + "/".join(part[: n + 1]) for part in parts for n in range(len(part))}
