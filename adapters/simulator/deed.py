"""Which deed belongs to which scenario."""

from adapters.simulator.action import (
    Action,
    Emptying,
    Ending,
    HalfOpening,
    ShuttingDown,
    age,
    close,
    cut,
)
from adapters.simulator.binance_socket import BinanceSocket
from adapters.simulator.fault import Venue
from adapters.simulator.hub import Hub
from adapters.simulator.market import Market
from adapters.simulator.market_action import (
    Delisting,
    NewListing,
    PriceJump,
    TickerCollision,
)
from adapters.simulator.network import Network
from adapters.simulator.upbit_socket import UpbitSocket


def deeds(
    hubs: dict[Venue, Hub],
    networks: dict[Venue, Network],
    market: Market,
    upbit: UpbitSocket,
    binance: BinanceSocket,
) -> dict[str, Action]:
    """Return the deeds by the scenario's name; the rest is state and no more."""
    return {
        "cut": Ending(hubs, cut),
        "stream-dead": Ending(hubs, cut),
        "accept-then-close": Ending(hubs, close),
        "24-hour-cut": Ending(hubs, age),
        "server-shutdown": ShuttingDown(binance.hub, binance.announce_shutdown),
        "slow": Emptying(networks),
        "rest-dead": Emptying(networks),
        "half-open": HalfOpening(hubs, networks),
        "price-jump": PriceJump(market),
        "delisting": Delisting(market, upbit),
        "new-listing": NewListing(market),
        "ticker-collision": TickerCollision(market),
    }
