"""The audits of graphql-http: what GraphQL over HTTP asks of a server."""

from dataclasses import dataclass
from pathlib import Path

from conformance.program import lines


@dataclass(frozen=True, slots=True)
class Audit:
    """An audit: its ID, its words, and why the server does not pass, else None."""

    id: str
    words: str
    failure: str | None

    @property
    def level(self) -> str:
        """MUST, SHOULD or MAY."""
        return self.words.split()[0]


def audits(node: Path, url: str) -> list[Audit]:
    """Return what each audit says of a server.

    Raises:
        ClientFailed: it said nothing.
    """
    return [Audit(*told) for told in lines(["node", "audit.mjs", url], node)]
