"""What `kimp keys` takes on its line."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.cli import _parser
from app.command.keys import table
from domain.model.access import ALL_SCOPES, Scope


def read(*words: str) -> Any:
    return _parser().parse_args(["keys", *words])


def test_a_name_is_all_that_is_needed() -> None:
    options = read("create", " My app ")
    assert (options.action, options.name) == ("create", "My app")
    assert options.scopes == ALL_SCOPES
    for name in ("rate", "burst", "sockets", "subscriptions", "expires"):
        assert getattr(options, name) is None


def test_everything_can_be_said() -> None:
    line = (
        "create x --scopes READ,live,read --rate 50.5 --burst 1e6 --sockets 0 "
        "--subscriptions 7 --expires 2030-01-31"
    )
    options = read(*line.split())
    assert options.scopes == {Scope.READ, Scope.LIVE}
    assert (options.rate, options.burst) == (50.5, 1e6)
    assert (options.sockets, options.subscriptions) == (0, 7)
    assert options.expires == date(2030, 1, 31)


def test_an_end_may_be_told_in_days() -> None:
    before = datetime.now(UTC).date()
    found = read("create", "x", "--expires", "90d").expires
    after = datetime.now(UTC).date()
    assert before + timedelta(days=90) <= found <= after + timedelta(days=90)


def test_keys_are_listed_and_revoked() -> None:
    assert read("list").all is False
    assert read("list", "--all").all is True
    assert read("revoke", "abc").id == "abc"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "the following arguments are required: ACTION"),
        (["make"], "invalid choice: 'make'"),
        (["create"], "the following arguments are required: NAME"),
        (["create", " "], "1 to 100 characters"),
        (["create", "a" * 101], "1 to 100 characters"),
        (["create", "a\nb"], "1 to 100 characters"),
        (["create", "x", "--scopes", "read,write"], "must be of read, live, history"),
        (["create", "x", "--scopes", ","], "must be of read, live, history"),
        (["create", "x", "--rate", "0"], "'0' is not within 1..1000000000000"),
        (["create", "x", "--rate", "nan"], "'nan' is not within"),
        (["create", "x", "--burst", "inf"], "'inf' is not within"),
        (["create", "x", "--burst", "many"], "'many' is not within"),
        (["create", "x", "--sockets", "-1"], "'-1' is not within 0..1000000"),
        (["create", "x", "--sockets", "1.5"], "'1.5' is not within 0..1000000"),
        (["create", "x", "--subscriptions", "²"], "'²' is not within 0..1000000"),
        (
            ["create", "x", "--expires", "yesterday"],
            "'yesterday' is no day such as 2024-01-31; or say in how many days, such"
            " as 90d",
        ),
        (
            ["create", "x", "--expires", "1969-12-31"],
            "not within 1970-01-01..9999-12-30; or say in how many days, such as 90d",
        ),
        (["create", "x", "--expires", "0d"], "'0d' is not within 1d..36500d"),
        (["create", "x", "--expires", "99999d"], "is not within 1d..36500d"),
        (["revoke"], "the following arguments are required: ID"),
    ],
)
def test_what_cannot_be_meant_is_told(
    words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(*words)
    assert ended.value.code == 2
    assert told in capsys.readouterr().err


def test_columns_stand_under_each_other() -> None:
    assert table([("ID", "NAME", ""), ("abcdef", "x", "revoked")]) == [
        "ID      NAME",
        "abcdef  x     revoked",
    ]
