"""A bare ASGI app on uvicorn with httptools: reads the request, writes a ready answer.

python -m bench.query.peer.bare_server DATA

No GraphQL and no JSON: which answer is told by the operation's name in the body.
"""

import json
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.query.peer.serving import run

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

NAME_PLACE = 3
"""Of `{"operationName":"Coin",…` split at quotes."""


class Ready:
    """The answers by the operation's name."""

    def __init__(self, answers: dict[str, str]) -> None:
        self._answers = {name.encode(): told.encode() for name, told in answers.items()}

    async def __call__(
        self, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        """Answer a request."""
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        answer = self._answers[body.split(b'"', NAME_PLACE + 1)[NAME_PLACE]]
        length = str(len(answer)).encode()
        headers = [(b"content-type", b"application/json"), (b"content-length", length)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


if __name__ == "__main__":
    told = json.loads(Path(sys.argv[1]).read_text())
    run(Ready(told["ready"]))
