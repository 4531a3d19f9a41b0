"""What a scenario that holds does to the state of its venue. Pure."""

from adapters.simulator.fault import Fault, Garbage, Throttle
from adapters.simulator.fx_calendar import friday_evening_ms
from adapters.simulator.holding import Holding
from adapters.simulator.scenario import EVERYWHERE
from adapters.simulator.scenario_table import ENDING

_SECOND_MS = 1_000
_WEEK_MS = 7 * 86_400_000
_TOO_MANY, _BANNED = 429, 418


def apply(holding: Holding, fault: Fault) -> None:
    """Add what a scenario does to what others have done; combinations add up."""
    name = holding.scenario.name
    if name in _FLAGS:
        setattr(fault, _FLAGS[name], True)
    elif name in ("rate-limited", "banned"):
        fault.throttles = (*fault.throttles, _throttle(holding))
    elif name == "fx-outage":
        fault.sources[holding.text("source")] = holding.whole("status")
    elif name in _NUMBERS:
        _apply_number(holding, fault)
    elif name == "delisting" and holding.venue == "upbit":
        code = holding.text("symbol") or ENDING["upbit"]
        fault.delisted[code] = holding.since_ms
    elif name == "garbage":
        fault.garbage = _garbage(holding)
    elif name == "rest-dead":
        fault.rest_dead = "hang" if holding.text("how") == "hang" else "refuse"


_FLAGS = {
    "silence": "mute",
    "heartbeat-only": "silent",
    "cut": "unreachable",
    "half-open": "half_open",
    "stream-dead": "stream_dead",
}
_NUMBERS = frozenset(
    {
        "server-error",
        "slow",
        "accept-then-close",
        "reordering",
        "duplicates",
        "clock-skew",
        "fx-frozen",
    }
)


def _apply_number(holding: Holding, fault: Fault) -> None:
    match holding.scenario.name:
        case "server-error":
            fault.status = holding.whole("status")
            fault.sockets = holding.flag("sockets")
        case "slow":
            fault.delay_ms += holding.whole("ms")
        case "accept-then-close":
            fault.closing = holding.whole("code")
        case "reordering":
            fault.reordered = holding.number("share")
        case "duplicates":
            fault.duplicated = holding.number("share")
            fault.copies = holding.whole("times")
        case "clock-skew":
            fault.skew_ms += holding.whole("ms")
        case _:
            weeks = holding.whole("weeks")
            fault.frozen_ms = friday_evening_ms(holding.since_ms) - weeks * _WEEK_MS


def _throttle(holding: Holding) -> Throttle:
    sockets = holding.flag("sockets")
    if holding.scenario.name == "banned":
        return Throttle(_BANNED, 0, holding.until_ms or 0, sockets=sockets)
    wait_ms = holding.whole("retry_after_s") * _SECOND_MS
    until_ms = holding.until_ms or 0
    group = holding.text("group").removeprefix(EVERYWHERE)
    return Throttle(_TOO_MANY, wait_ms, until_ms, group, sockets)


def _garbage(holding: Holding) -> Garbage:
    kinds = tuple(holding.text("kinds").split(","))
    # The rate sources have no sockets: all they can break is their answers.
    rest = holding.flag("rest") or holding.venue == "fx"
    return Garbage(holding.number("share"), kinds, rest)
