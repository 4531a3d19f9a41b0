"""A rate source over a real connection."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from adapters.fx import dunamu, frankfurter, open_er_api
from adapters.resilience.http import UpstreamHttp
from domain.model.error import UpstreamUnavailable

MakeHttp = Callable[..., UpstreamHttp]


async def test_dunamu_is_asked_as_a_browser_below_the_configured_base(
    make_http: MakeHttp, venue: Any
) -> None:
    venue.bodies[dunamu.PATH] = '[{"basePrice":1348.50,"timestamp":1793341800123}]'
    quote = await dunamu.DunamuSource(make_http(dunamu.HEADERS)).latest()
    assert (quote.rate, quote.as_of_ms) == (Decimal("1348.50"), 1793341800123)
    assert venue.asked == [(dunamu.PATH, {"codes": dunamu.CODE})]
    assert venue.headers[0]["User-Agent"] == dunamu.HEADERS["User-Agent"]


@pytest.mark.parametrize(
    "kind",
    [
        dunamu.DunamuSource,
        frankfurter.FrankfurterSource,
        open_er_api.OpenErApiSource,
    ],
)
async def test_a_source_that_is_not_there_is_unavailable(
    make_http: MakeHttp, kind: Any
) -> None:
    with pytest.raises(UpstreamUnavailable):
        await kind(make_http()).latest()
