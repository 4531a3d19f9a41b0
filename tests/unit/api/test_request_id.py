"""The name of a request: a proxy's own where it is sane, else one of ours."""

import asyncio
from collections.abc import Iterator

import pytest
from structlog.contextvars import clear_contextvars

from api.request_id import bind_request_id, current_request_id


@pytest.fixture(autouse=True)
def _unnamed() -> Iterator[None]:
    clear_contextvars()
    yield
    clear_contextvars()


def test_a_sane_name_is_kept() -> None:
    assert bind_request_id("proxy-1.a_B") == "proxy-1.a_B"
    assert current_request_id() == "proxy-1.a_B"


@pytest.mark.parametrize("given", [None, "", "a" * 65, "a b", 'a"\n', "é"])
def test_any_other_is_replaced(given: str | None) -> None:
    name = bind_request_id(given)
    assert name != given
    assert len(name) == 32
    assert current_request_id() == name


def test_without_a_request_every_failure_has_a_name_of_its_own() -> None:
    assert current_request_id() != current_request_id()


async def test_tasks_inherit_a_name_and_keep_theirs_to_themselves() -> None:
    outer = bind_request_id()

    async def inner() -> tuple[str, str]:
        inherited = current_request_id()
        return inherited, bind_request_id()

    inherited, own = await asyncio.create_task(inner())
    assert inherited == outer
    assert own != outer
    assert current_request_id() == outer
