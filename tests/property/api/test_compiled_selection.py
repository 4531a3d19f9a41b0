"""Compiled selections answer as graphql-core does, whatever is selected of whatever."""

import json
from dataclasses import dataclass, replace
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLObjectType,
    parse,
    validate,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.compiled.selection import CompiledEvent, SelectionCompiler
from api.event_executor import EventExecutor
from api.list_plan import Irregular
from api.moment import Moment
from api.type.premium import Premium as PremiumView
from api.type.update import PremiumsUpdate
from domain.model.premium import Premium
from domain.services.premium_watch import PremiumsEvent
from tests.selection_strategy import (
    COIN,
    MAX_DEPTH,
    SCHEMA,
    SYMBOLS,
    VARIABLES,
    Board,
    Document,
    counts,
    names,
    stamps,
    versions,
)


@dataclass(frozen=True)
class Operation:
    text: str
    root: str
    variables: dict[str, object]


@st.composite
def operations(draw: st.DrawFn) -> Operation:
    """Draw a valid subscription to `premiums` or `premium`."""
    root = draw(st.sampled_from(["premiums", "premiums", "premium"]))
    kind = "PremiumsUpdate" if root == "premiums" else "Premium"
    document = Document(draw)
    found = SCHEMA.type_map[kind]
    assert isinstance(found, GraphQLObjectType)
    selected = document.selection(found, MAX_DEPTH)
    if root == "premiums" and draw(st.booleans()):
        selected = f"{selected[:-1]} premiums {{ {document.item(COIN, MAX_DEPTH)} }} }}"
    arguments = '(symbol: "BTC")' if root == "premium" else ""
    alias = draw(st.sampled_from(["", "live: "]))
    defined = ", ".join(VARIABLES[name] for name in sorted(document.used))
    head = f"subscription S({defined})" if defined else "subscription"
    text = "\n".join(
        [f"{head} {{ {alias}{root}{arguments} {selected} }}", *document.fragments]
    )
    given_values: dict[str, object] = {}
    for name in sorted(document.used & {"basis", "maybe"}):
        choices = ["OFFICIAL_FX", "KRW_USDT", None]
        chosen = draw(st.sampled_from(choices))
        if chosen is not None:
            given_values[name] = chosen
    for name in sorted(document.used & {"yes", "no"}):
        if draw(st.booleans()):
            given_values[name] = draw(st.booleans())
    return Operation(text, root, given_values)


events = st.builds(
    PremiumsEvent,
    counts,
    stamps,
    st.booleans(),
    st.lists(versions, max_size=4).map(tuple),
    st.lists(names, max_size=2).map(tuple),
)


def long_way(asked: Operation, source: object, moment: Moment) -> ExecutionResult:
    """Return graphql-core's answer, as the server has it executed."""
    view = (
        PremiumsUpdate.from_domain(source, moment)
        if isinstance(source, PremiumsEvent)
        else PremiumView.from_domain(source, moment)  # type: ignore[arg-type]  # a Premium
    )
    document = parse(asked.text)
    executor = EventExecutor.build(
        SCHEMA, document, raw_variable_values=asked.variables
    )
    assert isinstance(executor, EventExecutor), executor
    result: Any = executor.build_per_event_executor(view).execute_operation(False)
    assert isinstance(result, ExecutionResult)
    return result


def check(
    event: CompiledEvent, asked: Operation, source: object, moment: Moment
) -> bytes | None:
    """Both ways have the same answer; None: it is an error."""
    wanted = long_way(asked, source, moment)
    if wanted.errors:
        with pytest.raises(Irregular):
            event.write(source, moment)
        return None
    found = event.write(source, moment)
    text = json.dumps(wanted.data)
    assert json.loads(found) == json.loads(text)
    # Fields come in the order in which they were asked for.
    assert json.dumps(json.loads(found)) == json.dumps(json.loads(text))
    return found


def compiled(compiler: SelectionCompiler, asked: Operation) -> CompiledEvent:
    document = parse(asked.text)
    assert validate(SCHEMA, document) == [], asked.text
    return compiler.compile(document, None, asked.variables)


COMPILER = SelectionCompiler(SCHEMA)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(operations(), st.data())
def test_the_compiled_answer_is_that_of_graphql_core(
    asked: Operation, data: st.DataObject
) -> None:
    event = compiled(COMPILER, asked)
    assert event.field == asked.root
    board, now_ms = Board(), 2_000_000_000_000
    kept: list[Premium] = []
    for _ in range(3):
        fresh = data.draw(st.lists(versions, max_size=3), label="versions")
        kept = [*kept, *fresh][-4:]
        known = {version.symbol: version for version in kept}
        board = replace(board, known=known, received=data.draw(st.integers(0, 9)))
        board.skew = data.draw(st.integers(-9, 9), label="skew")
        now_ms += data.draw(st.sampled_from([0, 1, 90_000]), label="passed")
        moment = Moment(now_ms, board)
        if asked.root == "premium":
            for version in kept:
                check(event, asked, version, moment)
        else:
            told = tuple(data.draw(st.permutations(kept), label="told"))
            seq = data.draw(counts, label="seq")
            source = PremiumsEvent(seq, now_ms, data.draw(st.booleans()), told, ("X",))
            check(event, asked, source, moment)
        if data.draw(st.booleans(), label="forget"):
            event.forget([SYMBOLS[0]])


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(operations(), events, st.data())
def test_what_does_not_move_is_the_same_at_every_moment(
    asked: Operation, source: PremiumsEvent, data: st.DataObject
) -> None:
    event = compiled(COMPILER, asked)
    told = source.premiums[0] if asked.root == "premium" and source.premiums else source
    if event.moving or (asked.root == "premium" and told is source):
        return
    answers = {
        check(event, asked, told, Moment(now_ms, Board({}, now_ms, now_ms)))
        for now_ms in data.draw(st.lists(stamps, min_size=2, max_size=2))
    }
    assert len(answers) == 1
