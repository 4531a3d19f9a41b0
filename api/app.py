"""The ASGI application: every address this server answers."""

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute

from api.answer import NOSNIFF, failure
from api.deps import ApiDeps
from api.endpoint import GraphQLEndpoint, page
from api.error import MASKED_MESSAGE, masked
from api.graphiql import static_routes
from api.icon import IconEndpoint
from api.observation import Observation
from api.origin import cors
from api.probe import Probe
from api.reference.route import Documents
from api.shield import Masking, Shield

__all__ = ["ApiDeps", "create_app"]

_ADDRESSES = """\
kimchi-premium: live kimchi premiums over GraphQL

/graphql          GraphQL: POST, GET, WebSocket (graphql-transport-ws), event streams
/docs             guide, reference and examples; /llms.txt for language models
/schema.graphql   the schema
/icons/{symbol}   pictures of coins
/health /ready /metrics
"""


def create_app(deps: ApiDeps) -> Starlette:
    """Return the application over the domain's services.

    Raises:
        ValueError: an allowed origin is none.
    """
    graphql = GraphQLEndpoint(deps)

    async def front(_request: Request) -> Response:
        if deps.graphiql:
            return await page()
        return PlainTextResponse(_ADDRESSES, headers=NOSNIFF)

    async def refused(_request: Request, exc: Exception) -> Response:
        status = exc.status_code if isinstance(exc, HTTPException) else 500
        message = "there is nothing at this address" if status == 404 else str(exc)
        return failure(message, status, deps.clock.now_ms())

    async def failed(request: Request, exc: Exception) -> Response:
        more = masked(exc, request.url.path)
        return failure(MASKED_MESSAGE, 500, deps.clock.now_ms(), more)

    app = Starlette(
        routes=[
            Route("/", front),
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
            Route("/icons/{symbol}", IconEndpoint(deps).get),
            *Probe(deps).routes(),
            *Documents(deps).routes(),
            *static_routes(),
        ],
        middleware=[
            Middleware(Observation, traffic=deps.traffic, clock=deps.clock),
            Middleware(Shield),
            *cors(deps.allowed_origins),
            Middleware(Masking, clock=deps.clock),
        ],
        exception_handlers={HTTPException: refused, Exception: failed},
    )
    # For servers that give sockets to conversations themselves.
    app.state.graphql = graphql
    return app
