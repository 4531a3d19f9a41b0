import json
from collections.abc import Callable

import pytest

from conformance import fuzz
from conformance.case import ClientFailed, Place

SCHEMA = """
type Query { coin(symbol: String!): Coin coins: [Coin!]! }
type Coin { symbol: String! }
"""


def _introspection(**fields: list[str]) -> str:
    types = [
        {"name": name, "fields": [{"name": field} for field in found]}
        for name, found in fields.items()
    ]
    return json.dumps({"data": {"__schema": {"types": types}}})


@pytest.fixture(autouse=True)
def _schema(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz, "published", lambda _place: SCHEMA)


def test_near_misses_are_no_names_of_the_schema() -> None:
    assert fuzz.near_misses(SCHEMA) == ["coinq", "coinsq"]
    with pytest.raises(ClientFailed, match="no Query"):
        fuzz.near_misses("type Coin { symbol: String! }")


def test_what_is_learned_are_fields_that_there_are() -> None:
    found = _introspection(Query=["coinq", "coins"], Coin=["symbol"], Other=["dummy"])
    assert fuzz.learned(found, SCHEMA) == ["Coin.symbol", "Query.coins"]


def test_enough_cases_without_a_failure_pass(
    place: Place, script: Callable[[str, str], None]
) -> None:
    script("schemathesis", 'echo "$@" > asked; echo "  20 generated, 20 passed"')
    assert list(fuzz.schemathesis(place)) == [("HTTP POST", "cases", None)]
    asked = (place.folder / "asked").read_text()
    assert "--max-examples 10 --seed 1" in asked


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("echo 19 generated, 19 passed", "only 19 of 20 cases"),
        (
            "echo 20 generated, 19 passed; exit 1",
            "exit code 1: 20 generated, 19 passed",
        ),
        ("echo nothing", "exit code 0: nothing"),
    ],
)
def test_fewer_cases_or_a_failure_do_not(
    place: Place, script: Callable[[str, str], None], text: str, reason: str
) -> None:
    script("schemathesis", text)
    assert list(fuzz.schemathesis(place)) == [("HTTP POST", "cases", reason)]


def _guesser(stock: str, closed: str) -> str:
    """Return a program that writes what it found at each address."""
    return f"""for last; do :; done
case "$1" in *stock*) echo '{stock}';; *) echo '{closed}';; esac > "$last"
"""


def test_a_server_that_tells_nothing_is_not_learned(
    place: Place, script: Callable[[str, str], None]
) -> None:
    script(
        "clairvoyance",
        _guesser(_introspection(Query=["hello"]), _introspection(Query=["coinq"])),
    )
    assert [reason for _, _, reason in fuzz.clairvoyance(place)] == [None, None]


def test_a_server_that_is_learned_fails_and_so_does_a_guesser_that_learns_nothing(
    place: Place, script: Callable[[str, str], None]
) -> None:
    script("clairvoyance", _guesser(_introspection(), _introspection(Query=["coins"])))
    assert [reason for _, _, reason in fuzz.clairvoyance(place)] == [
        "it learned nothing where it should",
        "learned Query.coins",
    ]
