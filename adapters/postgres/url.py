"""The address of a database: what is accepted, and what the driver is given.

Nothing of an address that cannot be read is ever repeated in an error: any piece of it
may be part of a password.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

ALLOWED = (
    "postgresql://user:password@host:port/database "
    "(also postgres:// and postgresql+asyncpg://)"
)
SCHEMES = ("postgresql", "postgres", "postgresql+asyncpg")
MAX_PORT = 65_535
# What asyncpg understands itself, and settings of a session that it hands on.
PARAMETERS = frozenset(
    {
        "host", "port", "user", "password", "passfile", "dbname", "database",
        "sslmode", "sslcert", "sslkey", "sslrootcert", "sslcrl", "sslpassword",
        "sslnegotiation", "ssl_min_protocol_version", "ssl_max_protocol_version",
        "target_session_attrs", "krbsrvname", "gsslib",
        "application_name", "options", "search_path",
    }
)  # fmt: skip
# SQLAlchemy's own name for it, found in addresses written for its asyncpg dialect.
ALIASES = {"ssl": "sslmode"}
# libpq's, and ours decide; channel binding the driver does not have.
IGNORED = frozenset({"connect_timeout", "channel_binding"})
# How we are called in the server's list of sessions, unless the address says.
APPLICATION_NAME = "kimchi-premium"


class MalformedDatabaseUrl(ValueError):
    """An address that cannot be meant; the text never repeats any of it."""

    def __init__(self, problem: str) -> None:
        super().__init__(f"the database URL {problem}; allowed is {ALLOWED}")
        self.problem = problem


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A readable address; `dsn` is for the driver and holds the password.

    `shown` is for people: user, host and database, no password, no parameters. `each`
    are addresses of one host each, in their order.
    """

    dsn: str = field(repr=False)
    shown: str
    each: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        return self.shown


def parse_url(text: str) -> DatabaseUrl:
    """Read an address in any of the three spellings.

    Raises:
        MalformedDatabaseUrl: another scheme, no database, a port or a parameter that
            cannot be meant, or characters in user or password that must be
            percent-encoded.
    """
    scheme, separator, _ = text.strip().partition("://")
    if not separator or scheme not in SCHEMES:
        raise MalformedDatabaseUrl("has another scheme or none")
    try:
        parts = urlsplit(text.strip())
    except ValueError as exc:
        raise MalformedDatabaseUrl("cannot be read") from exc
    if parts.netloc.count("@") > 1 or "@" in parts.path or parts.fragment:
        raise MalformedDatabaseUrl(
            "has a user or password with one of @ / ? # in it; percent-encode them"
        )
    parameters = {"application_name": APPLICATION_NAME}
    parameters.update(_parameters(parts.query))
    account, _, hosts = parts.netloc.rpartition("@")
    _check_hosts(hosts)
    _check_ports(parameters.get("port", ""))
    database = unquote(parts.path.removeprefix("/"))
    database = database or parameters.get("dbname") or parameters.get("database", "")
    if not database or "/" in database:
        raise MalformedDatabaseUrl("names no database")
    user = unquote(account.partition(":")[0]) or parameters.get("user", "")
    return DatabaseUrl(
        dsn=_dsn(parts.netloc, parts.path, parameters),
        shown=_shown(user, hosts or parameters.get("host", ""), database),
        each=tuple(_each(account, hosts, parts.path, parameters)),
    )


def _dsn(netloc: str, path: str, parameters: Mapping[str, str]) -> str:
    return f"postgresql://{netloc}{path}?{urlencode(parameters, quote_via=quote)}"


def _each(
    account: str, hosts: str, path: str, parameters: Mapping[str, str]
) -> Iterator[str]:
    """Return an address per host; they stand before the path or in a parameter."""
    before = f"{account}@" if account else ""
    if hosts:
        for host in hosts.split(","):
            yield _dsn(before + host, path, parameters)
        return
    ports = parameters.get("port", "").split(",")
    for number, host in enumerate(parameters.get("host", "").split(",")):
        # One port for all, or one for each (libpq, "Specifying Multiple Hosts").
        port = ports[number] if number < len(ports) else ports[0]
        chosen = {"host": host, "port": port}
        filled = {name: value for name, value in chosen.items() if value}
        yield _dsn(before, path, {**parameters, **filled})


def _parameters(query: str) -> Iterator[tuple[str, str]]:
    try:
        pairs = parse_qsl(query, strict_parsing=bool(query), keep_blank_values=True)
    except ValueError as exc:
        raise MalformedDatabaseUrl("has parameters that cannot be read") from exc
    for name, value in pairs:
        known = ALIASES.get(name, name)
        if known == "channel_binding" and value == "require":
            raise MalformedDatabaseUrl(
                "asks for channel_binding=require, which the driver does not have"
            )
        if known in PARAMETERS:
            yield known, value
        elif known not in IGNORED:
            raise MalformedDatabaseUrl(
                "has an unknown parameter; known are " + ", ".join(sorted(PARAMETERS))
            )


def _check_hosts(hosts: str) -> None:
    for host in hosts.split(",") if hosts else ():
        address, bracket, port = host.rpartition("]")
        if bracket and (not address.startswith("[") or port[:1] not in ("", ":")):
            raise MalformedDatabaseUrl("has a host that cannot be read")
        if not bracket and host.count(":") > 1:
            raise MalformedDatabaseUrl("has an IPv6 address without its [ ]")
        _check_ports(port.rpartition(":")[2] if ":" in port else "")


def _check_ports(ports: str) -> None:
    for port in ports.split(",") if ports else ():
        digits = port.isascii() and port.isdigit()
        if not digits or not 0 < int(port) <= MAX_PORT:
            raise MalformedDatabaseUrl(f"has a port that is not in 1..{MAX_PORT}")


def _shown(user: str, hosts: str, database: str) -> str:
    account = f"{user}@" if user else ""
    return f"postgresql://{account}{hosts}/{database}"
