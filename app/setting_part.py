"""What the groups of settings have in common."""

import json
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Port = Annotated[int, Field(ge=0, le=65535)]
HttpUrl = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]
WsUrl = Annotated[str, Field(pattern=r"^wss?://[^\s/]+")]
Percent = Annotated[float, Field(ge=0, le=100)]


class Part(BaseModel):
    """A group of settings; read-only. Unknown names are told of by `unknown_names`."""

    model_config = ConfigDict(frozen=True, extra="ignore")


def json_list(value: object) -> object:
    """Return what a JSON text says; anything but a text as it is.

    Raises:
        ValueError: not JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as exc:
        raise ValueError('must be a JSON list such as ["dunamu"]') from exc
