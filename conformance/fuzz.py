"""Programs that look for what a server does wrong: schemathesis and clairvoyance."""

import json
import math
import re
from collections.abc import Iterator

from graphql import build_schema

from conformance import stock
from conformance.case import ClientFailed, Place, Told
from conformance.environment import PROGRAMS
from conformance.program import last_words, output, run
from conformance.tool import attempt, published

SEED = 1
FUZZ_LIMIT_S = 1800.0
_SUMMARY = re.compile(r"(\d+) generated, (\d+) passed")


def schemathesis(place: Place) -> Iterator[Told]:
    """Ask made-up questions of every field of `Query`; each answer keeps its word."""

    def cases() -> None:
        program = place.python("schemathesis").with_name("schemathesis")
        each = math.ceil(place.cases / len(query_fields(published(place))))
        config = ("--config-file", PROGRAMS / "schemathesis.toml")
        checks = ["--checks", "keeps_its_word,response_schema_conformance"]
        size = ["--max-examples", str(each), "--seed", str(SEED)]
        done = run(
            [program, *config, "run", place.url, *checks, *size],
            place.folder,
            limit_s=FUZZ_LIMIT_S,
            PYTHONPATH=str(PROGRAMS),
        )
        found = _SUMMARY.search(done.stdout)
        if done.returncode or not found:
            raise ClientFailed(last_words(done))
        if int(found[2]) < place.cases:
            raise ClientFailed(f"only {found[2]} of {place.cases} cases")

    yield attempt("HTTP POST", "cases", cases)


def clairvoyance(place: Place) -> Iterator[Told]:
    """Guess at servers with near misses of what they have.

    Names that there are not may be found: it takes a word for a field that no error
    speaks of, and an answer has room for few errors.
    """
    program = place.python("clairvoyance").with_name("clairvoyance")

    def learns(url: str, schema: str) -> list[str]:
        guesses, told = place.folder / "guess.txt", place.folder / "found.json"
        guesses.write_text("\n".join(near_misses(schema)))
        options = ("--wordlist", guesses, "--output", told)
        output([program, url, *options], place.folder)
        return learned(told.read_text(), schema)

    def control() -> None:
        if learns(place.stock_url, stock.SCHEMA) != ["Query.hello"]:
            raise ClientFailed("it learned nothing where it should")

    def nothing() -> None:
        found = learns(place.closed_url, published(place))
        if found:
            raise ClientFailed(f"learned {', '.join(found)}")

    yield attempt("HTTP POST", "control", control)
    yield attempt("HTTP POST", "nothing", nothing)


def query_fields(schema: str) -> set[str]:
    """Return the names of what can be asked."""
    query = build_schema(schema).query_type
    if query is None:
        raise ClientFailed("the schema has no Query")
    return set(query.fields)


def near_misses(schema: str) -> list[str]:
    """Return words that are one letter longer than the fields of `Query`."""
    names = query_fields(schema)
    return sorted({f"{name}q" for name in names} - names)


def learned(introspection: str, schema: str) -> list[str]:
    """Return the fields of the schema that clairvoyance came to know of."""
    known = build_schema(schema)
    types = json.loads(introspection)["data"]["__schema"]["types"]
    return sorted(
        f"{kind['name']}.{field['name']}"
        for kind in types
        for field in kind.get("fields") or ()
        if field["name"] in getattr(known.get_type(kind["name"]), "fields", ())
    )
