"""How much may be asked (`KIMP_LIMIT__…`); docs/LIMITS.md tells each one's answer."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from api.limit import Limits
from app.setting_part import Part, Seconds
from domain.model.pace import MAX_THROTTLE_MS, MIN_THROTTLE_MS

Count = Annotated[int, Field(ge=1, le=1_000_000)]
Bytes = Annotated[int, Field(ge=8 * 1024, le=16 * 1024 * 1024)]
Cost = Annotated[float, Field(ge=1, le=1e12)]
_DEFAULT = Limits()


class LimitSettings(Part):
    """Bounds of documents, operations and callers."""

    body_bytes: Bytes = Field(
        _DEFAULT.body_bytes, description="Bytes of a request's body; more: 413."
    )
    query_string_bytes: Bytes = Field(
        _DEFAULT.query_string_bytes,
        description="Bytes of a GET request's query string; more: 414.",
    )
    message_bytes: Bytes = Field(
        _DEFAULT.message_bytes,
        description="Bytes of a WebSocket message; more: the socket closes with 1009.",
    )
    tokens: Count = Field(
        _DEFAULT.tokens, description="Lexical tokens of a document, comments too."
    )
    depth: Count = Field(_DEFAULT.depth, description="Nested fields, leaves included.")
    introspection_depth: Count = Field(
        _DEFAULT.introspection_depth,
        description="Nested fields below `__schema` and `__type`.",
    )
    aliases: Count = Field(
        _DEFAULT.aliases,
        description="Aliased fields of an operation; fragments count where spread.",
    )
    directives: Count = Field(
        _DEFAULT.directives,
        description="Directives of an operation; fragments count where spread.",
    )
    selections: Count = Field(
        _DEFAULT.selections,
        description="Fields of an operation; fragments count where spread.",
    )
    repetitions: Count = Field(
        _DEFAULT.repetitions,
        description=(
            "Pairs of fields of an operation that answer under one name in one place."
        ),
    )
    list_size: int = Field(
        _DEFAULT.list_size,
        ge=500,
        le=1000,
        description="Rows per page (`first`); 500 is the largest default of a field.",
    )
    reads: Count = Field(
        _DEFAULT.reads,
        description="Reads of a venue (tickers, books, candles, trades) an operation.",
    )
    history_reads: Count = Field(
        _DEFAULT.history_reads,
        description="Fields of an operation that ask the database.",
    )
    history_rows: Count = Field(
        _DEFAULT.history_rows,
        description="Bars and snapshots an operation may ask for, every `first` added.",
    )
    cost: Annotated[int, Field(ge=1000, le=1_000_000_000)] = Field(
        _DEFAULT.cost, description="Cost of an operation, as docs/LIMITS.md counts it."
    )
    rate: Cost = Field(
        _DEFAULT.rate,
        description="Cost a second that one caller (key or address) may use.",
    )
    burst: Cost = Field(
        _DEFAULT.burst,
        description="Cost a caller may use at once after a quiet time; not below cost.",
    )
    timeout_s: Seconds = Field(
        _DEFAULT.timeout_s,
        description="Time an operation may take; a subscription, to its first event.",
    )
    sockets: Count = Field(
        _DEFAULT.sockets,
        description="WebSockets open at once of one caller (key or address).",
    )
    operations: Count = Field(
        _DEFAULT.operations, description="Operations running at once on a WebSocket."
    )
    subscriptions: Count = Field(
        _DEFAULT.subscriptions,
        description="Subscriptions running at once of one caller (key or address).",
    )
    throttle_ms: int = Field(
        _DEFAULT.throttle_ms,
        ge=MIN_THROTTLE_MS,
        le=MAX_THROTTLE_MS,
        description=(
            "Least time between a subscription's events, in ms; a smaller "
            "`throttleMs` is taken as this one."
        ),
    )
    init_timeout_s: Seconds = Field(
        _DEFAULT.init_timeout_s,
        description="A WebSocket without connection_init so long is closed with 4408.",
    )
    suggestions: bool = Field(
        _DEFAULT.suggestions,
        description="Let errors name what the schema has: `Did you mean …?`.",
    )

    @model_validator(mode="after")
    def _cost_fits(self) -> Self:
        if self.burst < self.cost:
            raise ValueError("burst must not be below cost, or it would never be full")
        return self

    def limits(self, *, introspection: bool = True) -> Limits:
        """Return the limits; `introspection` is a setting of `KIMP_HTTP__…`."""
        return Limits(**self.model_dump(), introspection=introspection)
