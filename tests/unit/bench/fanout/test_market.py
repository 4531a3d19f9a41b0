import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from bench.fanout import market
from domain.model.premium import compute


def _message(field: str, told: Any) -> dict[str, Any]:
    return {"id": "1", "type": "next", "payload": {"data": {field: told}}}


def test_every_number_changes_from_one_board_to_the_next() -> None:
    boards = market.boards()
    for before, after in zip(boards, boards[1:] + boards[:1], strict=True):
        for left, right in zip(before, after, strict=True):
            assert left.symbol == right.symbol
            assert left.percent != right.percent
            assert (left.krw, left.usdt) != (right.krw, right.usdt)


def test_the_numbers_are_what_our_server_computes_in_canonical_form() -> None:
    for coin in market.boards()[0]:
        found = compute(Decimal(coin.krw), Decimal(coin.usdt), market.RATE).percent
        assert Decimal(coin.percent) == found
        assert not coin.percent.endswith("0")
        assert not coin.usdt.endswith("0")


def test_a_board_as_it_is_has_no_problem() -> None:
    told = [coin.event(7) for coin in market.boards()[3]]
    event = _message("premiums", {"seq": 7, "premiums": told[::-1]})
    assert market.problem(event, market.board_payloads()[0]) is None


def test_missing_coins_and_wrong_numbers_are_noticed() -> None:
    told = [coin.event(7) for coin in market.boards()[3]]
    asked = market.board_payloads()[0]
    short = _message("premiums", {"seq": 7, "premiums": told[1:]})
    assert market.problem(short, asked) == "199 coins, not the 200 that were asked for"
    told[5]["domestic"]["price"] = "1"
    wrong = _message("premiums", {"seq": 7, "premiums": told})
    assert market.problem(wrong, asked) == "1 coins with wrong numbers, such as K005"


def test_one_coin_and_own_symbols_are_looked_at_by_their_variables() -> None:
    one = _message("premium", market.boards()[0][0].event(2))
    assert market.problem(one, market.coin_payloads()[0]) is None
    asked = market.own_payloads(2)[1]
    wanted = asked["variables"]["filter"]["symbols"]
    told = [c.event(2) for c in market.boards()[1] if c.symbol in wanted]
    own = _message("premiums", {"seq": 2, "premiums": told})
    assert market.problem(own, asked) is None
    assert market.problem(one, market.coin_payloads("K001")[0]) is not None


def test_members_have_symbols_of_their_own() -> None:
    chosen = {json.dumps(payload) for payload in market.own_payloads(200)}
    assert len(chosen) == 200


def test_a_template_with_its_tick_is_an_event(tmp_path: Path) -> None:
    for field, asked in (
        ("premiums", market.board_payloads()[0]),
        ("premium", market.coin_payloads()[0]),
    ):
        market.write_templates(tmp_path / "templates", field)
        lines = (tmp_path / "templates").read_text().splitlines()
        assert len(lines) == market.BOARDS
        event = json.loads(lines[4].replace(market.SEQ_MARK, "41"))
        assert event["payload"]["data"][field]["seq"] == 41
        assert market.problem(event, asked) is None


def test_peers_are_given_the_coins_that_change(tmp_path: Path) -> None:
    market.write_boards(tmp_path / "boards", "premium")
    told = json.loads((tmp_path / "boards").read_text())
    assert [len(board) for board in told["boards"]] == [1] * market.BOARDS
    assert told["quiet"]["symbol"] == market.QUIET
