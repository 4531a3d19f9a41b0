"""Addresses of databases."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.postgres.url import MalformedDatabaseUrl, parse_url

SECRET = "hunter2"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg"])
def test_all_three_spellings_mean_the_same(scheme: str) -> None:
    url = parse_url(f"{scheme}://kimp:{SECRET}@db.example:6432/kimchi")
    assert url == parse_url(f"postgresql://kimp:{SECRET}@db.example:6432/kimchi")
    assert url.dsn.startswith(f"postgresql://kimp:{SECRET}@db.example:6432/kimchi?")


def test_an_address_never_shows_its_password() -> None:
    url = parse_url(f"postgres://kimp:{SECRET}@db.example/kimchi?password={SECRET}")
    assert SECRET in url.dsn
    assert SECRET not in f"{url} {url!r}"
    assert str(url) == "postgresql://kimp@db.example/kimchi"


def test_a_socket_is_named_by_parameters() -> None:
    url = parse_url("postgresql+asyncpg://kimp@/kimp?host=%2Fvar%2Frun+x&port=5432")
    query = parse_qs(urlsplit(url.dsn).query)
    assert query["host"] == ["/var/run x"]
    assert query["port"] == ["5432"]
    assert str(url) == "postgresql://kimp@/var/run x/kimp"


def test_we_have_a_name_in_the_servers_list_unless_the_address_has_one() -> None:
    named = parse_url("postgres://h/d?application_name=mine").dsn
    assert "application_name=kimchi-premium" in parse_url("postgres://h/d").dsn
    assert parse_qs(urlsplit(named).query)["application_name"] == ["mine"]


def test_sqlalchemys_name_for_encryption_is_understood() -> None:
    assert "sslmode=require" in parse_url("postgresql+asyncpg://h/d?ssl=require").dsn


@pytest.mark.parametrize(
    "query", ["connect_timeout=3", "channel_binding=prefer", "connect_timeout="]
)
def test_what_the_driver_does_not_have_is_left_out(query: str) -> None:
    name = query.partition("=")[0]
    assert name not in parse_url(f"postgres://h/d?{query}").dsn


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://h1:5432,h2:5433/kimp?target_session_attrs=primary",
        "postgresql://[::1]:5432/kimp",
        "postgresql://[::1]/kimp",
        "postgresql://user%40corp:p%2Fw%3F%23@h/kimp",
        "postgresql:///kimp",
        "postgresql://h/?dbname=kimp",
        "  postgresql://h/kimp\n",
    ],
)
def test_unusual_addresses_are_accepted(text: str) -> None:
    assert parse_url(text).shown.endswith("/kimp")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "has another scheme or none"),
        (f"kimp:{SECRET}@h/d", "has another scheme or none"),
        (f"mysql://kimp:{SECRET}@h/d", "has another scheme or none"),
        (f"postgresql:/kimp:{SECRET}@h", "has another scheme or none"),
        (f"postgresql:///kimp:{SECRET}@h", "percent-encode"),
        (f"postgresql://kimp:12/{SECRET}@h", "percent-encode"),
        (f"postgresql://kimp:{SECRET}@h", "names no database"),
        (f"postgresql://kimp:{SECRET}@h/", "names no database"),
        (f"postgresql://kimp:{SECRET}@h/a/b", "names no database"),
        (f"postgresql://kimp:p@{SECRET}@h/d", "percent-encode"),
        (f"postgresql://kimp:p#{SECRET}@h/d", "percent-encode"),
        (f"postgresql://kimp:p/{SECRET}@h/d", "percent-encode"),
        (f"postgresql://kimp:{SECRET}@h:abc/d", "a port that is not in"),
        (f"postgresql://kimp:{SECRET}@h:0/d", "a port that is not in"),
        (f"postgresql://kimp:{SECRET}@h:65536/d", "a port that is not in"),
        (f"postgresql://kimp:{SECRET}@h:٣/d", "a port that is not in"),
        (f"postgresql://kimp:{SECRET}@h/d?port=x", "a port that is not in"),
        (f"postgresql://kimp:{SECRET}@fe80::1/d", "without its [ ]"),
        (f"postgresql://kimp:{SECRET}@[::1/d", "cannot be read"),
        (f"postgresql://kimp:{SECRET}@[::1]5432/d", "cannot be read"),
        (f"postgresql://kimp:{SECRET}@h,[::1]5432/d", "cannot be read"),
        (f"postgresql://kimp:{SECRET}@h/d?pool={SECRET}", "unknown parameter"),
        (f"postgresql://kimp:{SECRET}@h/d?{SECRET}", "parameters that cannot"),
        (f"postgresql://k:{SECRET}@h/d?channel_binding=require", "channel_binding"),
    ],
)
def test_what_cannot_be_meant_is_one_line_without_any_of_it(
    text: str, problem: str
) -> None:
    with pytest.raises(MalformedDatabaseUrl) as caught:
        parse_url(text)
    told = str(caught.value)
    assert problem in told
    assert "allowed is postgresql://user:password@host:port/database" in told
    assert SECRET not in told
    assert "\n" not in told


@given(text=st.text(max_size=60) | st.text(":/@?#[]%&=.,+pg0", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    for candidate in (text, f"postgresql://{text}", f"postgres://u:p@{text}/d"):
        try:
            url = parse_url(candidate)
        except MalformedDatabaseUrl:
            continue
        assert urlsplit(url.dsn).scheme == "postgresql"


@pytest.mark.parametrize(
    ("address", "hosts"),
    [
        ("postgres://k@one/d", ["one"]),
        ("postgres://k@one:1,two:2,[::1]:3/d", ["one:1", "two:2", "[::1]:3"]),
        ("postgres://k@/d", [""]),
    ],
)
def test_each_host_has_an_address_of_its_own_in_their_order(
    address: str, hosts: list[str]
) -> None:
    each = [urlsplit(one) for one in parse_url(address).each]
    assert [parts.netloc.removeprefix("k@") for parts in each] == hosts
    assert {parts.path for parts in each} == {"/d"}


@pytest.mark.parametrize(
    ("ports", "each"),
    [
        ("", [None, None]),
        ("&port=1", [["1"], ["1"]]),
        ("&port=1,2", [["1"], ["2"]]),
    ],
)
def test_hosts_that_are_a_parameter_have_one_port_for_all_or_one_each(
    ports: str, each: list[list[str] | None]
) -> None:
    url = parse_url(f"postgres://k@/d?host=one,two&sslmode=disable{ports}")
    queries = [parse_qs(urlsplit(one).query) for one in url.each]
    assert [query["host"] for query in queries] == [["one"], ["two"]]
    assert [query.get("port") for query in queries] == each
    assert all(query["sslmode"] == ["disable"] for query in queries)
