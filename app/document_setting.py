"""Which documents may be asked (`KIMP_DOCUMENT__…`)."""

from typing import Literal

from pydantic import Field

from api.persisted import CACHE_BYTES
from app.setting_part import Part


class DocumentSettings(Part):
    """Persisted documents; docs/ACCESS.md has the whole story."""

    mode: Literal["open", "warn", "only"] = Field(
        "open",
        description=(
            "`open`: every document. `warn`: likewise, but one that is sent as text is "
            "counted, and logged once. `only`: those of the manifest, by their ID."
        ),
    )
    manifest: str = Field(
        "",
        description=(
            "A JSON file of trusted documents, as the tools of Apollo, Relay and "
            "graphql-codegen write it; read at the start. Empty: none."
        ),
    )
    cache_bytes: int = Field(
        CACHE_BYTES,
        ge=0,
        le=1024**3,
        description=(
            "Bytes of the documents that are remembered for their hash "
            "(`extensions.persistedQuery`); the least recently used goes."
        ),
    )
