"""How Upbit's REST answers are judged, and what its refusals mean."""

from typing import Final

from adapters.resilience.error import RequestRejected
from adapters.resilience.http import NOT_FOUND
from adapters.resilience.question import AnswerRule
from adapters.upbit.candle import BadCandle
from adapters.upbit.wire import UndecodableFrame
from domain.model.number import MalformedNumber

UPSTREAM: Final = "upbit.rest"
ANSWER_RULE: Final = AnswerRule(
    UPSTREAM,
    unreadable=UndecodableFrame,
    unusable=(UndecodableFrame, MalformedNumber, BadCandle),
)
# {"error":{"name":404,"message":"Code not found"}}; a path that is wrong is a 404 too.
UNKNOWN_CODE: Final = "code not found"


def is_unknown_code(refusal: RequestRejected) -> bool:
    """Whether the venue refused a request because it has no such market."""
    return refusal.status == NOT_FOUND and UNKNOWN_CODE in refusal.excerpt.lower()
