"""Sources of prices and rates (`KIMP_UPBIT__…`, `KIMP_BINANCE__…`, `KIMP_FX__…`)."""

from typing import Annotated, Literal

from pydantic import Field, field_validator
from pydantic_settings import NoDecode

from app.setting_part import HttpUrl, Part, Seconds, WsUrl, json_list

FxSourceName = Literal["dunamu", "frankfurter", "open_er_api"]


class UpbitSettings(Part):
    """Upbit, the domestic side."""

    rest_url: HttpUrl = Field(
        "https://api.upbit.com", description="Base of the REST API; a path is kept."
    )
    ws_url: WsUrl = Field(
        "wss://api.upbit.com/websocket/v1", description="The WebSocket's full URL."
    )
    silence_bound_s: Seconds = Field(
        10.0, description="A feed that brought no data for this long is not live."
    )
    icon_url: str = Field(
        "https://static.upbit.com/logos/{symbol}.png",
        pattern=r"^($|https?://.+)",
        description=(
            "Address stored for the icon of a new coin, `{symbol}` stands for Upbit's "
            "ticker; empty: none is stored."
        ),
    )


class BinanceSettings(Part):
    """Binance, the global side."""

    rest_url: HttpUrl = Field(
        "https://data-api.binance.vision",
        description="Base of the REST API; a path is kept.",
    )
    ws_url: WsUrl = Field(
        "wss://data-stream.binance.vision",
        description="Base of the streams; `/stream` is appended.",
    )
    silence_bound_s: Seconds = Field(
        5.0, description="A feed that brought no data for this long is not live."
    )


class FxSettings(Part):
    """Sources of the official US dollar rate."""

    sources: Annotated[tuple[FxSourceName, ...], NoDecode] = Field(
        ("dunamu", "frankfurter"),
        description=(
            "Sources in order of preference, as a JSON list of dunamu, frankfurter and "
            "open_er_api. The terms of open.er-api.com ask for attribution and forbid "
            "redistribution: it is off by default."
        ),
    )
    dunamu_url: HttpUrl = Field(
        "https://quotation-api-cdn.dunamu.com", description="Base of Dunamu's API."
    )
    frankfurter_url: HttpUrl = Field(
        "https://api.frankfurter.dev", description="Base of Frankfurter's API."
    )
    open_er_api_url: HttpUrl = Field(
        "https://open.er-api.com", description="Base of the open.er-api.com API."
    )
    max_age_s: float = Field(
        864_000.0,
        gt=0,
        le=31_536_000,
        description="A rate whose instant is older than this is refused.",
    )

    @field_validator("sources", mode="before")
    @classmethod
    def _a_json_list(cls, value: object) -> object:
        return json_list(value)

    @field_validator("sources")
    @classmethod
    def _once_each(cls, value: tuple[FxSourceName, ...]) -> tuple[FxSourceName, ...]:
        if len(set(value)) != len(value):
            raise ValueError("names a source twice")
        return value
