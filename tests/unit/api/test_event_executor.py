from collections.abc import AsyncIterator
from typing import Any

import strawberry
from graphql.execution import Executor

from api.event_executor import EventExecutor


@strawberry.type
class Leg:
    price: int


@strawberry.type
class Query:
    price: int = 0


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def leg(self) -> AsyncIterator[Leg]:
        for price in range(3):
            yield Leg(price=price)


async def test_an_event_leaves_nothing_behind_in_its_operation() -> None:
    memos = []

    class Watched(EventExecutor):
        def build_per_event_executor(self, payload: object) -> Executor[Any]:
            executor = super().build_per_event_executor(payload)
            memos.append((self._relevant_sub_fields, executor._relevant_sub_fields))
            return executor

    schema = strawberry.Schema(
        Query, subscription=Subscription, execution_context_class=Watched
    )
    events = await schema.subscribe("subscription { leg { price } }")
    prices = [event.data async for event in events]
    assert prices == [{"leg": {"price": n}} for n in range(3)]
    assert len(memos) == 3
    for operation, event in memos:
        assert operation == {}
        assert event
