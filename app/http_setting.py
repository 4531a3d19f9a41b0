"""Where the server listens, and who may call it (`KIMP_HTTP__…`)."""

from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

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

    @field_validator("allowed_origins", mode="before")
    @classmethod
    def _ajson_list(cls, value: object) -> object:
        return json_list(value)

    @field_validator("allowed_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for origin in value:
            if origin != "*" and not origin.startswith(("http://", "https://")):
                raise ValueError(f"{origin!r} is no origin such as https://example.com")
        return value
