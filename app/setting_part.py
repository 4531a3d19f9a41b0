"""What the groups of settings have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Percent = Annotated[float, Field(ge=0, le=100)]


class Part(BaseModel):
    """A group of settings; read-only. Unknown names are told of by `unknown_names`."""

    model_config = ConfigDict(frozen=True, extra="ignore")
