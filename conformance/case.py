"""What a client is to do, and how it went."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

NO_WORD = "no word of it"

# How a step is told: transport, step, and the reason where it failed, else None.
Told = tuple[str, str, str | None]


class ClientFailed(Exception):
    """A client ended without a word, or said something else than was agreed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where clients work: a server, their packages, and a folder of their own."""

    url: str  # of the GraphQL endpoint
    closed_url: str  # of one without introspection and suggestions
    stock_url: str  # of stock Strawberry
    node: Path  # the Node programs, beside their packages
    python: Callable[[str], Path]  # the Python of an environment
    folder: Path
    cases: int  # that schemathesis makes


@dataclass(frozen=True, slots=True)
class Client:
    """A client, its pinned version, and the steps it does over each transport."""

    name: str
    version: str
    ways: Mapping[str, Sequence[str]]
    run: Callable[[Place], Iterable[Told]]


@dataclass(frozen=True, slots=True)
class Row:
    """A client over one transport: its steps, and why those failed that did."""

    client: str
    version: str
    transport: str
    steps: tuple[str, ...]
    failures: tuple[str, ...]

    @property
    def is_passed(self) -> bool:
        """Whether every step went well."""
        return not self.failures


def rows(client: Client, place: Place) -> list[Row]:
    """Let a client do its steps; one that it does not speak of has failed."""
    told: dict[tuple[str, str], str | None] = {}
    silence = NO_WORD
    try:
        for transport, step, reason in client.run(place):
            told[transport, step] = reason
    except ClientFailed as exc:
        silence = str(exc)
    return [
        Row(
            client.name,
            client.version,
            transport,
            tuple(steps),
            tuple(
                f"{step}: {reason}"
                for step in steps
                if (reason := told.get((transport, step), silence)) is not None
            ),
        )
        for transport, steps in client.ways.items()
    ]
