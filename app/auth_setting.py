"""Who may ask (`KIMP_AUTH__…`)."""

from typing import Literal

from pydantic import Field

from app.setting_part import Part


class AuthSettings(Part):
    """API keys; docs/ACCESS.md has the whole story."""

    mode: Literal["open", "keys"] = Field(
        "open",
        description=(
            "`open`: everybody may ask; a key that is shown is honoured for its own "
            "limits. `keys`: nothing of /graphql is answered without one "
            "(`kimp keys create`)."
        ),
    )
