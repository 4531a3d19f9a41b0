"""Where the server listens, and who may call it (`KIMP_HTTP__…`)."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from api.caller import networks
from api.origin import is_origin
from api.status import StatusProfile
from app.setting_part import Part, Port, Seconds, json_list


class HttpSettings(Part):
    """Where the server listens, and who may call it from a browser."""

    host: str = Field("127.0.0.1", min_length=1, description="Address to listen on.")
    port: Port = Field(8000, description="Port to listen on; 0 takes a free one.")
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "Sites whose pages may call the API, as a JSON list. `[]`: same-origin "
            'pages and clients without Origin. `["*"]`: every site, without '
            "credentials."
        ),
    )
    graphiql: bool = Field(True, description="Serve GraphiQL at /graphql.")
    introspection: bool = Field(
        True,
        description="Answer `__schema` and `__type`; /schema.graphql stays there.",
    )
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description=(
            "Networks whose `Forwarded` and `X-Forwarded-For` are believed, as a JSON "
            'list such as `["10.0.0.0/8"]`; the rightmost other address is the caller.'
        ),
    )
    status_profile: StatusProfile = Field(
        StatusProfile.AUDITS,
        description=(
            "HTTP statuses of GraphQL answers. `audits`: those of graphql-http's "
            "audits (request errors 400, as `application/json` 200). `draft-2026`: "
            "those of the GraphQL-over-HTTP draft (422, partial success 294)."
        ),
    )
    ping_interval_s: float = Field(
        0.0,
        ge=0,
        le=3600,
        description=(
            "A WebSocket silent for so long is sent graphql-transport-ws `ping`, and "
            "closed with 1011 without an answer in 20 s; 0: never. WebSocket's own "
            "pings (RFC 6455) go out every 20 s in any case."
        ),
    )
    reuse_port: bool = Field(
        False,
        description=(
            "Let other processes listen on the same port, the kernel spreads callers "
            "(Linux). `kimp serve --workers` sets it for its processes."
        ),
    )
    drain_s: Seconds = Field(
        5.0, description="How long open requests may take to end at a shutdown."
    )

    @field_validator("allowed_origins", "trusted_proxies", mode="before")
    @classmethod
    def _a_json_list(cls, value: object) -> object:
        return json_list(value)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if not is_origin(origin):
                raise ValueError(f"{origin!r} is no origin such as https://example.com")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        networks(value)
        return value
