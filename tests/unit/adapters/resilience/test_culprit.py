from collections.abc import Sequence

import pytest

from adapters.resilience.culprit import unknown_code
from adapters.resilience.error import RequestRejected

CODES = [f"KRW-C{n}" for n in range(100)]


class Venue:
    """Refuses every list with a code that it does not know."""

    def __init__(self, unknown: str, status: int = 404) -> None:
        self.unknown = unknown
        self.status = status
        self.asked = 0

    async def ask(self, codes: Sequence[str]) -> None:
        self.asked += 1
        if self.unknown in codes:
            raise RequestRejected("venue.rest", self.status)


def is_not_found(refusal: RequestRejected) -> bool:
    return refusal.status == 404


@pytest.mark.parametrize("unknown", [CODES[0], CODES[41], CODES[99]])
async def test_it_is_found_in_seven_questions(unknown: str) -> None:
    venue = Venue(unknown)
    assert await unknown_code(CODES, venue.ask, is_not_found) == unknown
    assert venue.asked <= 7


async def test_one_code_alone_needs_no_question() -> None:
    venue = Venue(CODES[0])
    assert await unknown_code(CODES[:1], venue.ask, is_not_found) == CODES[0]
    assert venue.asked == 0


async def test_another_refusal_is_passed_on() -> None:
    venue = Venue(CODES[0], status=400)
    with pytest.raises(RequestRejected):
        await unknown_code(CODES, venue.ask, is_not_found)
