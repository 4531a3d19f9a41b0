"""How Binance's REST answers are judged, and what its refusals mean."""

from typing import Final

import msgspec
from msgspec import DecodeError, Struct

from adapters.binance.candle import BadCandle
from adapters.binance.wire import UndecodableFrame
from adapters.resilience.error import RequestRejected
from adapters.resilience.http import NOT_FOUND
from adapters.resilience.question import AnswerRule
from domain.model.number import MalformedNumber

UPSTREAM: Final = "binance.rest"
BAD_REQUEST: Final = 400
ANSWER_RULE: Final = AnswerRule(
    UPSTREAM,
    unreadable=UndecodableFrame,
    unusable=(UndecodableFrame, MalformedNumber, BadCandle),
    refusals=(BAD_REQUEST, NOT_FOUND),
)
# {"code":-1121,"msg":"Invalid symbol."}
INVALID_SYMBOL: Final = -1121
# {"code":-1100,"msg":"Illegal characters found in parameter 'symbol'; legal …"}: said
# of other parameters, too.
ILLEGAL_CHARACTERS: Final = -1100
_SYMBOL: Final = "parameter 'symbol"


class _Refusal(Struct):
    code: int = 0
    msg: str = ""


def is_unknown_symbol(refusal: RequestRejected) -> bool:
    """Whether the venue refused a request because it has no such market."""
    if refusal.status != BAD_REQUEST:
        return False
    try:
        told = msgspec.json.decode(refusal.excerpt, type=_Refusal)
    except (DecodeError, RecursionError):
        return f'"code":{INVALID_SYMBOL},' in refusal.excerpt  # its end was cut off
    if told.code == ILLEGAL_CHARACTERS:
        return _SYMBOL in told.msg
    return told.code == INVALID_SYMBOL
