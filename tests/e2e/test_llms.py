"""llms.txt is true: every command and document in it runs against its own server."""

import asyncio
import json
import re
import shutil
import subprocess
import threading
import urllib.request
from typing import Any, Final

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from api.reference.example import Question, questions

LIMIT_S: Final = 60.0


@pytest.fixture(scope="module")
def text(demo: Any) -> str:
    with urllib.request.urlopen(f"{demo.url}/llms.txt", timeout=LIMIT_S) as answer:
        return str(answer.read().decode())


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def first_line(command: str) -> str:
    """Run a command of the shell and return its first line that carries data."""
    assert shutil.which("curl"), "the commands need curl"
    process = subprocess.Popen(
        ["/bin/sh", "-c", f"exec {command}"], stdout=subprocess.PIPE, text=True
    )
    limit = threading.Timer(LIMIT_S, process.kill)
    limit.start()
    try:
        assert process.stdout is not None
        return next(line for line in process.stdout if "data" in line)
    finally:
        limit.cancel()
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def test_every_command_answers(demo: Any, text: str) -> None:
    commands = blocks(text, "sh")
    assert len(commands) == 3
    for command in commands:
        assert demo.url in command
        line = first_line(command).removeprefix("data: ")
        answer = json.loads(line)
        assert "errors" not in answer
        assert answer["data"]


def test_the_documents_are_the_examples_of_the_guide(text: str) -> None:
    documents = [document.strip() for document in blocks(text, "graphql")]
    assert documents == [question.document.strip() for question in questions()]


@pytest.mark.parametrize(
    "question", [q for q in questions() if not q.is_live], ids=lambda q: str(q.name)
)
def test_every_query_answers_without_errors(demo: Any, question: Question) -> None:
    answer = demo.query(question.document)
    assert "errors" not in answer, answer
    assert answer["data"]


@pytest.mark.parametrize(
    "question", [q for q in questions() if q.is_live], ids=lambda q: str(q.name)
)
async def test_every_subscription_tells_one_event_after_the_other(
    demo: Any, question: Question
) -> None:
    url = demo.url.replace("http", "ws", 1) + "/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    async with asyncio.timeout(LIMIT_S), connect(url, subprotocols=protocols) as socket:
        await socket.send('{"type":"connection_init"}')
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        payload = {"query": question.document}
        ask = {"id": "1", "type": "subscribe", "payload": payload}
        await socket.send(json.dumps(ask))
        for _ in range(2):
            event = json.loads(await socket.recv())
            assert event["type"] == "next"
            assert "errors" not in event["payload"]
