"""A coin is not a ticker: the curated table."""

import json
import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from domain.model.identity import (
    COLUMNS,
    Identity,
    IdentityTable,
    MalformedIdentityTable,
    parse_table,
)
from domain.model.market import Exchange

UPBIT, BINANCE = Exchange.UPBIT, Exchange.BINANCE
LISTED = datetime(2025, 2, 15, tzinfo=UTC)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
HEADER = ",".join((*COLUMNS, "note"))
REPOSITORY = Path(__file__).parents[4]
MARKETS = (
    Path(os.environ.get("KIMP_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    / "markets"
)


def table_of(*lines: str) -> IdentityTable:
    """Return a table of some lines under the header."""
    return parse_table("\n".join((HEADER, *lines)))


@pytest.fixture(scope="module")
def table() -> IdentityTable:
    """The table that the program ships."""
    source = files("domain.model") / "identity.csv"
    return parse_table(source.read_text(encoding="utf-8"))


class TestRules:
    """How a table is read, on made rows."""

    def test_a_ticker_without_a_row_is_a_guess_for_itself(self) -> None:
        found = table_of().resolve(UPBIT, "XYZ", NOW)
        assert found == Identity("XYZ", Decimal(1), curated=False)

    def test_different_tickers_of_one_coin_meet_in_its_asset(self) -> None:
        table = table_of("UPBIT,BTT,,,BTT,,", "BINANCE,BTTC,,,BTT,,")
        assert table.resolve(UPBIT, "BTT", NOW) == table.resolve(BINANCE, "BTTC", NOW)
        assert len(table) == 2

    def test_equal_tickers_of_different_coins_never_meet(self) -> None:
        table = table_of("UPBIT,AI,,,AI,,Gensyn", "BINANCE,AI,,,SLEEPLESS,,Sleepless")
        assert table.resolve(UPBIT, "AI", NOW).asset == "AI"
        assert table.resolve(BINANCE, "AI", NOW).asset == "SLEEPLESS"

    def test_a_rename_holds_from_its_instant_on_and_not_before(self) -> None:
        at = datetime(2026, 6, 30, 17, tzinfo=UTC)
        table = table_of(
            f"BINANCE,GRAM,{at.isoformat()},,GRAM,,",
            f"BINANCE,TON,,{at.isoformat()},GRAM,,",
        )
        before = at - timedelta(microseconds=1)
        assert table.resolve(BINANCE, "TON", before).asset == "GRAM"
        assert not table.resolve(BINANCE, "TON", at).curated
        assert not table.resolve(BINANCE, "GRAM", before).curated
        assert table.resolve(BINANCE, "GRAM", at).curated

    def test_a_reused_ticker_is_each_coin_in_its_own_time(self) -> None:
        table = table_of(
            "UPBIT,TON,2026-01-01T09:00:00+09:00,,TON,,",
            "UPBIT,TON,,2026-01-01T00:00:00Z,TOKAMAK,,",
        )
        at = datetime(2026, 1, 1, tzinfo=UTC)
        assert table.resolve(UPBIT, "TON", at).asset == "TON"
        early = at - timedelta(seconds=1)
        assert table.resolve(UPBIT, "TON", early).asset == "TOKAMAK"

    def test_a_market_may_trade_a_power_of_ten_of_coins(self) -> None:
        table = table_of("BINANCE,1000SATS,,,SATS,1000,", "BINANCE,1MX,,,X,1e6,")
        assert table.resolve(BINANCE, "1000SATS", NOW).multiplier == 1000
        assert table.resolve(BINANCE, "1MX", NOW).multiplier == 10**6

    def test_an_empty_asset_is_the_ticker_and_an_empty_multiplier_is_one(self) -> None:
        found = table_of("UPBIT,BTC,,,,,").resolve(UPBIT, "BTC", NOW)
        assert found == Identity("BTC", Decimal(1), curated=True)

    def test_comments_and_empty_lines_are_no_rows(self) -> None:
        text = f"# origin\n\n{HEADER}\n# more\nUPBIT,BTC,,,BTC,,a\n\n"
        assert len(parse_table(text)) == 1

    @pytest.mark.parametrize(
        ("line", "problem"),
        [
            ("KRAKEN,BTC,,,BTC,,", "KRAKEN"),
            ("UPBIT,BTC,2026-01-01T00:00:00,,BTC,,", "no offset"),
            ("UPBIT,BTC,soon,,BTC,,", "soon"),
            ("UPBIT,BTC,,,BTC,500,", "no power of ten"),
            ("UPBIT,BTC,,,BTC,0.1,", "no power of ten"),
            ("UPBIT,BTC,,,BTC,-10,", "no power of ten"),
            ("UPBIT,BTC,,,BTC,many,", "many"),
            ("UPBIT,,,,BTC,,", "no symbol"),
            ("UPBIT", "no symbol"),
            (
                "UPBIT,BTC,2026-01-01T00:00:00Z,2026-01-01T00:00:00Z,BTC,,",
                "never valid",
            ),
        ],
    )
    def test_a_row_that_cannot_be_meant_is_refused_and_named(
        self, line: str, problem: str
    ) -> None:
        with pytest.raises(MalformedIdentityTable, match=problem):
            table_of(line)

    def test_a_table_without_its_columns_is_refused_and_told_which(self) -> None:
        with pytest.raises(MalformedIdentityTable, match="symbol, valid_from"):
            parse_table("exchange,asset\n")
        with pytest.raises(MalformedIdentityTable, match="exchange"):
            parse_table("")

    @pytest.mark.parametrize(
        "line",
        ["UPBIT,TON,,,TON,,", "UPBIT,TON,2025-12-31T23:59:59Z,,TON,,"],
    )
    def test_two_rows_valid_at_once_are_refused(self, line: str) -> None:
        with pytest.raises(MalformedIdentityTable, match="UPBIT TON"):
            table_of("UPBIT,TON,,2026-01-01T00:00:00Z,TOKAMAK,,", line)


class TestShippedTable:
    """What identity.csv says about the coins we know to be tricky."""

    @pytest.mark.parametrize(
        ("upbit", "binance"),
        [
            ("BTC", "BTC"),
            ("BTT", "BTTC"),
            ("BEAM", "BEAMX"),
            ("MET2", "MET"),
            ("EOS", "A"),
            ("A", "EOS"),
            ("STPT", "AWE"),
            ("POL", "MATIC"),
            ("RENDER", "RNDR"),
        ],
    )
    def test_these_are_the_same_coin(
        self, table: IdentityTable, upbit: str, binance: str
    ) -> None:
        domestic = table.resolve(UPBIT, upbit, NOW)
        assert domestic == table.resolve(BINANCE, binance, NOW)
        assert domestic.curated

    @pytest.mark.parametrize(
        ("upbit", "binance"),
        [
            ("BTT", "BTT"),
            ("BEAM", "BEAM"),
            ("META", "META"),
            ("SONIC", "S"),
            ("STRIKE", "STRK"),
            ("EDGE", "EDGE"),
            ("AI", "AI"),
            ("MANTRA", "OM"),
            ("TOKAMAK", "TON"),
        ],
    )
    def test_these_are_different_coins(
        self, table: IdentityTable, upbit: str, binance: str
    ) -> None:
        domestic = table.resolve(UPBIT, upbit, NOW)
        assert domestic.curated
        assert domestic.asset != table.resolve(BINANCE, binance, NOW).asset

    def test_toncoin_is_gram_on_binance_from_the_end_of_june_2026(
        self, table: IdentityTable
    ) -> None:
        at = datetime(2026, 6, 30, 17, tzinfo=UTC)
        before = table.resolve(BINANCE, "TON", at - timedelta(seconds=1))
        assert before == table.resolve(BINANCE, "GRAM", at)
        assert not table.resolve(BINANCE, "TON", at).curated
        assert not table.resolve(BINANCE, "GRAM", at - timedelta(seconds=1)).curated

    def test_ton_was_tokamak_on_upbit_until_before_march_2025(
        self, table: IdentityTable
    ) -> None:
        early = datetime(2021, 4, 17, tzinfo=UTC)
        assert table.resolve(UPBIT, "TON", early).asset == "TOKAMAK"
        assert not table.resolve(UPBIT, "TON", NOW).curated

    def test_luna_became_lunc_with_the_first_block_of_the_new_chain(
        self, table: IdentityTable
    ) -> None:
        at = datetime(2022, 5, 28, 6, tzinfo=UTC)
        old = table.resolve(BINANCE, "LUNA", at - timedelta(seconds=1))
        assert old == table.resolve(BINANCE, "LUNC", NOW)
        assert table.resolve(BINANCE, "LUNA", at).asset == "LUNA"

    @pytest.mark.parametrize(
        ("symbol", "asset", "multiplier"),
        [
            ("1000SATS", "SATS", 1000),
            ("1000CAT", "CAT", 1000),
            ("1000CHEEMS", "CHEEMS", 1000),
            ("1MBABYDOGE", "BABYDOGE", 1_000_000),
            ("SHIB", "SHIB", 1),
            ("PEPE", "PEPE", 1),
            ("1INCH", "1INCH", 1),
        ],
    )
    def test_units_are_told_where_a_market_trades_many_coins(
        self, table: IdentityTable, symbol: str, asset: str, multiplier: int
    ) -> None:
        found = table.resolve(BINANCE, symbol, NOW)
        assert found == Identity(asset, Decimal(multiplier), curated=True)


@pytest.mark.skipif(not MARKETS.is_dir(), reason=f"no market lists in {MARKETS}")
class TestMarketLists:
    """Every pair of the shared lists of 2025-02 was checked by name."""

    # Tickers on both lists that stand for different coins: none, checked by name.
    different: frozenset[str] = frozenset()

    @staticmethod
    def bases(name: str) -> dict[str, dict[str, Any]]:
        """Return a list's markets by base symbol."""
        rows = json.loads((MARKETS / f"{name}.json").read_text(encoding="utf-8"))
        return {row["baseAsset"]: row for row in rows}

    @pytest.mark.parametrize("at", [LISTED, NOW], ids=["2025-02", "now"])
    def test_every_pair_of_equal_tickers_is_curated_on_both_sides(
        self, table: IdentityTable, at: datetime
    ) -> None:
        pairs = self.bases("upbit").keys() & self.bases("binance").keys()
        assert len(pairs) == 113
        for symbol in pairs:
            domestic = table.resolve(UPBIT, symbol, at)
            global_ = table.resolve(BINANCE, symbol, at)
            assert domestic.curated, symbol
            assert global_.curated, symbol
            same = domestic.asset == global_.asset
            assert same is (symbol not in self.different), symbol

    def test_every_krw_market_of_the_list_is_curated(
        self, table: IdentityTable
    ) -> None:
        symbols = self.bases("upbit")
        guessed = {s for s in symbols if not table.resolve(UPBIT, s, NOW).curated}
        assert guessed == set()

    def test_no_two_markets_of_a_list_are_one_coin(self, table: IdentityTable) -> None:
        for exchange, name in ((UPBIT, "upbit"), (BINANCE, "binance")):
            symbols = self.bases(name)
            assets = {table.resolve(exchange, s, LISTED).asset for s in symbols}
            assert len(assets) == len(symbols), name

    def test_a_coin_of_both_lists_with_different_tickers_is_known(
        self, table: IdentityTable
    ) -> None:
        upbit, binance = self.bases("upbit"), self.bases("binance")
        assets = {table.resolve(UPBIT, s, LISTED).asset: s for s in upbit}
        met = {
            (assets[asset], symbol)
            for symbol in binance
            if (asset := table.resolve(BINANCE, symbol, LISTED).asset) in assets
        }
        assert len(met) == 115
        assert {pair for pair in met if pair[0] != pair[1]} == {
            ("BTT", "BTTC"),
            ("BEAM", "BEAMX"),
        }

    def test_every_name_of_a_krw_market_was_read_from_the_list(self) -> None:
        """A note begins with the English name the list gives, give or take case."""
        source = files("domain.model") / "identity.csv"
        lines = source.read_text(encoding="utf-8").splitlines()
        notes = {
            line.split(",")[1]: line.casefold()
            for line in lines
            if line.startswith("UPBIT,")
        }
        for symbol, row in self.bases("upbit").items():
            assert row["eng_name"].casefold() in notes[symbol], symbol
