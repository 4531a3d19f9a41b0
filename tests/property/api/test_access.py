"""Whatever is shown, named or asked: an answer of ours, and never a surprise."""

import json
from typing import Any

from graphql import GraphQLError
from hypothesis import given
from hypothesis import strategies as st

from adapters.memory.clock import FakeClock
from api.access import Access, AccessRefused, credential, credential_in
from api.caching import etag_of, is_known
from api.manifest import MalformedManifest, read_manifest
from api.origin import is_allowed, is_forged
from api.persisted import Mode, PersistedDocuments, digest_of
from domain.model.access import ID_BYTES, SECRET_BYTES, id_of, new_key
from domain.services.key_service import KeyService

texts = st.text(st.characters(codec=None), max_size=60)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
    ),
    max_leaves=8,
)
names = st.sampled_from(
    ["authorization", "x-api-key", "apiKey", "cookie", "origin", "host", "other"]
)
headers = st.dictionaries(names, texts | st.sampled_from(["Bearer ", "Bearer kimp_"]))


CODES = ("BAD_USER_INPUT", "NOT_FOUND", "FORBIDDEN")


def outcome(documents: PersistedDocuments, *asked: Any) -> Any:
    """Return the document that is asked for, or the code of its refusal."""
    try:
        return documents.text(*asked)
    except GraphQLError as refusal:
        return (refusal.extensions or {})["code"]


@given(noise=st.binary(min_size=42, max_size=42))
def test_every_key_is_recognised_by_its_own_text(noise: bytes) -> None:
    assert len(noise) == ID_BYTES + SECRET_BYTES
    made = new_key(noise)
    assert id_of(made.token) == made.id
    assert not any(character.isupper() for character in made.token)


@given(shown=headers, payload=st.dictionaries(texts | names, values, max_size=4))
def test_who_shows_nonsense_is_refused_in_words(
    shown: dict[str, str], payload: dict[str, Any]
) -> None:
    for required in (False, True):
        access = Access(KeyService(None, FakeClock()), required=required)
        for what in (credential(shown), credential_in(payload)):
            status, caller = 200, None
            try:
                caller = access.caller(what, "")
            except AccessRefused as refused:
                status = refused.status
            assert status in (200, 401)
            assert caller is None or (caller.key is None and not required)


@given(
    mode=st.sampled_from(Mode),
    query=values,
    extensions=st.none()
    | st.dictionaries(st.sampled_from(["persistedQuery", "x"]), values),
    document_id=values,
)
def test_a_name_that_is_none_is_refused_in_words(
    mode: Mode, query: Any, extensions: Any, document_id: Any
) -> None:
    documents = PersistedDocuments(mode, {"a": "{ a }"}, 1_000)
    told = [*CODES, query, "{ a }"]
    assert outcome(documents, query, extensions, document_id) in told


@given(st.lists(st.text(max_size=300), max_size=30), st.integers(0, 2_000))
def test_what_is_remembered_is_right_and_within_its_bound(
    sent: list[str], most: int
) -> None:
    documents = PersistedDocuments(cache_bytes=most)
    for text in filter(None, sent):
        named = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(text)}}
        assert documents.text(text, named) == text
        assert documents.remembered[1] <= most
        assert outcome(documents, None, named) in (text, "NOT_FOUND")


@given(st.binary(max_size=200) | values.map(lambda v: json.dumps(v).encode()))
def test_a_manifest_is_one_or_says_why_not(data: bytes) -> None:
    try:
        found = read_manifest(data)
    except MalformedManifest:
        return
    assert found
    assert all(isinstance(text, str) for text in found.values())


@given(st.binary(max_size=50), st.lists(texts, max_size=4))
def test_a_tag_is_found_in_any_list_that_has_it(data: bytes, others: list[str]) -> None:
    tag = etag_of(data)
    clean = [f'"{other}"' for other in others if '"' not in other]
    assert is_known(", ".join([*clean, tag]), tag)
    assert is_known(", ".join(clean), tag) is False


@given(headers, st.frozensets(st.sampled_from(["*", "https://a.example"])))
def test_no_header_upsets_the_question_of_origin(
    shown: dict[str, str], allowed: frozenset[str]
) -> None:
    assert is_allowed(shown, allowed) in (True, False)
    assert is_forged(shown) in (True, False)
