"""One at a time through the event loop."""

import asyncio

from domain.services.turnstile import Turnstile


async def test_one_passes_in_each_round_in_the_order_they_came() -> None:
    turnstile = Turnstile()
    passed: list[str] = []
    rounds = 0

    async def worker(name: str) -> None:
        await turnstile.turn()
        passed.append(f"{name}{rounds}")

    tasks = [asyncio.ensure_future(worker(name)) for name in "abcd"]
    while len(passed) < len(tasks):
        await asyncio.sleep(0)  # a turn, counted
        rounds += 1
    assert [entry[0] for entry in passed] == ["a", "b", "c", "d"]
    turns = [int(entry[1:]) for entry in passed]
    assert turns == list(range(turns[0], turns[0] + 4))


async def test_who_leaves_holds_nobody_up() -> None:
    turnstile = Turnstile()
    tasks = [asyncio.ensure_future(turnstile.turn()) for _ in range(4)]
    await asyncio.sleep(0)  # all line up
    for task in (tasks[0], tasks[1], tasks[3]):
        task.cancel()
    async with asyncio.timeout(5.0):
        await tasks[2]
        await turnstile.turn()


async def test_when_all_have_left_it_serves_who_comes_next() -> None:
    turnstile = Turnstile()
    task = asyncio.ensure_future(turnstile.turn())
    await asyncio.sleep(0)  # it lines up
    task.cancel()
    await asyncio.sleep(0)  # it leaves
    async with asyncio.timeout(5.0):
        await turnstile.turn()
