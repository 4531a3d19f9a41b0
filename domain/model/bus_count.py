"""What an ingest and its followers did over the bus, counted since the start."""

from dataclasses import dataclass


@dataclass(slots=True)
class BusCount:
    """Mutable; each figure only grows.

    `published` messages of ours were taken by the bus, `refused` ones because somebody
    else had published. `followed` messages were taken by the board, `outdated` ones of
    an older term were not, `unreadable` ones were of an encoding or coin not known
    here. `resyncs` are boards that were read as a whole, `states_kept` those kept for
    late comers, `failures` questions the bus did not answer. `takeovers` are the
    leaderships of this process.
    """

    published: int = 0
    refused: int = 0
    followed: int = 0
    outdated: int = 0
    unreadable: int = 0
    resyncs: int = 0
    failures: int = 0
    takeovers: int = 0
    states_kept: int = 0
