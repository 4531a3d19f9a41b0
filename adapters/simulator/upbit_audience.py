"""Who gets what of Upbit's stream, in which format."""

from collections.abc import Iterator

from adapters.simulator.connection import Connection
from adapters.simulator.upbit_field import Format
from adapters.simulator.upbit_request import Topic

Listeners = tuple[Topic, Format, set[Connection]]


class Audience:
    """Listeners by channel and market, each wanting a shape of it in a format."""

    __slots__ = ("_members",)

    def __init__(self) -> None:
        self._members: dict[
            tuple[str, str], dict[tuple[Topic, Format], set[Connection]]
        ] = {}

    def of(self, channel: str, code: str) -> Iterator[Listeners]:
        """Yield each shape and format that somebody wants of a market, and who."""
        for (topic, form), members in self._members.get((channel, code), {}).items():
            yield topic, form, members

    def add(self, connection: Connection, topic: Topic, form: Format) -> None:
        """Let a connection hear a topic."""
        members = self._members.setdefault((topic.channel, topic.code), {})
        members.setdefault((topic, form), set()).add(connection)

    def remove(self, connection: Connection, topic: Topic, form: Format) -> None:
        """Let a connection hear a topic no longer."""
        key = topic.channel, topic.code
        members = self._members.get(key, {})
        variant = topic, form
        members.get(variant, set()).discard(connection)
        if not members.get(variant):
            members.pop(variant, None)
        if not members:
            self._members.pop(key, None)
