"""What a client says on one connection, in the chunks in which it arrives."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from bench.fuzz.draw import Draw
from bench.fuzz.request import Request, request
from bench.fuzz.text import spoiled
from bench.fuzz.world import World

MAX_REQUESTS: Final = 6


@dataclass(slots=True)
class Spoken:
    """What a client says on one connection, cut as it arrives."""

    chunks: list[bytes]
    requests: list[Request]
    is_http: bool = True


def spoken(draw: Draw, world: World) -> Spoken:
    """Return what a client says."""
    requests = [request(draw) for _ in range(1 + draw.upto(MAX_REQUESTS))]
    if draw.hit(0.5):
        # What is asked twice is known the second time: the direct way.
        requests += [draw.one(requests) for _ in range(1 + draw.upto(3))]
    if world.name == "closed" and draw.hit(0.8):
        for one in requests:
            one.headers.append(("Authorization", f"Bearer {world.token}"))
    told = [one.written() for one in requests]
    if draw.hit(0.15):
        place = int(draw.random() * len(told))
        told[place] = spoiled(draw, told[place])
        return Spoken(cut(draw, told), requests, is_http=False)
    return Spoken(cut(draw, told), requests)


def cut(draw: Draw, told: list[bytes]) -> list[bytes]:
    """Return requests in the chunks in which they arrive."""
    if draw.hit(0.5):
        return told
    data = b"".join(told)
    if draw.hit(0.05):
        step = draw.one((1, 2, 7, 100))
        return [data[at : at + step] for at in range(0, min(len(data), 600), step)] + [
            data[600:]
        ]
    cuts = sorted(int(draw.random() * len(data)) for _ in range(draw.upto(6)))
    edges = [0, *cuts, len(data)]
    chunks = [data[a:b] for a, b in pairwise(edges)]
    return [chunk for chunk in chunks if chunk]
