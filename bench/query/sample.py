"""What peers tell: so many boards and the coins, as our own server told them."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.query.operation import PAGE, Operation, operations
from bench.query.server import Asked
from bench.query.shape import difference

BOARDS = 16
BETWEEN_S = 0.2
EVERY = 1000
"""Rows of one page that hold all coins."""


class WrongAnswer(Exception):
    """A peer does not answer what we answer."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The data file of the peers, and our answers by the requests' bodies."""

    path: Path
    operations: Sequence[Operation]
    answers: dict[str, Any]

    def check(self, server: Asked) -> None:
        """See that a server answers every body as ours did.

        Raises:
            WrongAnswer: one is different; says where.
            ServerFailed: one is an error.
        """
        for body, told in self.answers.items():
            found = difference(told, server.data(body))
            if found:
                raise WrongAnswer(found)


def take(
    server: Asked, folder: Path, sleep: Callable[[float], None] = time.sleep
) -> Sample:
    """Ask our server for what the peers are to tell, and write it to a file.

    Raises:
        ServerFailed: an answer is an error.
    """
    by_name = {asked.name: asked for asked in operations([""])}
    boards = []
    for _ in range(BOARDS):
        boards.append(_nodes(server, by_name["board"], "premiums"))
        sleep(BETWEEN_S)
    coins = _nodes(server, by_name["coins"], "coins")
    wanted = operations([coin["symbol"] for coin in boards[0]])
    bodies = [body for asked in wanted for body in asked.bodies()]
    # Several parts ask the same operation: the first one's answer is the ready one.
    ready = {
        asked.operation_name: server.ask(asked.bodies()[0])
        for asked in reversed(wanted)
    }
    path = folder / "data.json"
    path.write_text(
        json.dumps(
            {
                "boards": boards,
                "coins": coins,
                "ready": {name: told.decode() for name, told in ready.items()},
            }
        )
    )
    return Sample(path, wanted, {b: server.data(b) for b in bodies})


def _nodes(server: Asked, asked: Operation, field: str) -> list[dict[str, Any]]:
    body = asked.bodies()[0].replace(f'"first":{PAGE}', f'"first":{EVERY}')
    return [edge["node"] for edge in server.data(body)[field]["edges"]]
