"""Where requests wait by the simulator's clock, which a test may turn."""

import asyncio


class WaitingRoom:
    """Requests of one venue that are not answered yet."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Future[None], int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    async def wait(self, until_ms: int = 0) -> None:
        """Wait until a `release` at or after an instant; 0 waits for `empty` only."""
        future = asyncio.get_running_loop().create_future()
        self._waiting[future] = until_ms
        try:
            await future
        finally:
            self._waiting.pop(future, None)

    def release(self, now_ms: int) -> None:
        """Let go whose time has come."""
        for future, until_ms in tuple(self._waiting.items()):
            if 0 < until_ms <= now_ms:
                _let_go(future)

    def empty(self) -> None:
        """Let everyone go."""
        for future in tuple(self._waiting):
            _let_go(future)


def _let_go(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
