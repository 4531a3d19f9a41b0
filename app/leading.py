"""What a process does only while it leads."""

import asyncio
from collections.abc import Sequence

from app.supervisor import Worker, supervise
from domain.services.leader_service import LeaderService


class LeaderWork:
    """Runs workers for each leadership, from its begin to its end."""

    def __init__(self, leader: LeaderService, workers: Sequence[Worker]) -> None:
        self._leader = leader
        self._workers = list(workers)

    async def run(self) -> None:
        """Run them for ever, while this process leads.

        Raises:
            ExceptionGroup: a worker died by surprise.
        """
        while True:
            await self._leader.wait_leading()
            await self._work()

    async def _work(self) -> None:
        stop = asyncio.Event()
        working = asyncio.create_task(supervise(self._workers, stop), name="leading")
        ending = asyncio.create_task(self._leader.wait_following(), name="led")
        try:
            await asyncio.wait([working, ending], return_when=asyncio.FIRST_COMPLETED)
        finally:
            ending.cancel()
            stop.set()
            await asyncio.wait([working])
        working.result()
