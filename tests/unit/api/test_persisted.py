"""Documents that are named instead of sent."""

import logging
from typing import Any

import pytest
from graphql import GraphQLError

from api.persisted import MAX_ID, MAX_TOLD, Mode, PersistedDocuments, Use, digest_of

TEXT = "{ health { status } }"
OTHER = "{ __typename }"
MANIFEST = {"abc": TEXT, digest_of(OTHER): OTHER, "x-app:1": "{ a: __typename }"}


def apq(digest: object, version: object = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": digest}}


def refusal(documents: PersistedDocuments, *asked: Any) -> tuple[str, str]:
    with pytest.raises(GraphQLError) as told:
        documents.text(*asked)
    extensions = told.value.extensions
    assert extensions is not None
    return str(extensions["code"]), told.value.message


def test_a_text_is_taken_as_it_is() -> None:
    documents = PersistedDocuments()
    assert documents.text(TEXT) == TEXT
    assert documents.text(TEXT, {"other": 1}) == TEXT
    assert documents.uses[Use.TEXT] == 2
    assert documents.remembered == (0, 0)


def test_a_hash_is_unknown_until_its_text_was_sent_with_it() -> None:
    documents = PersistedDocuments()
    asked = apq(digest_of(TEXT))
    not_found = ("NOT_FOUND", "PersistedQueryNotFound")
    assert refusal(documents, None, asked) == not_found
    assert refusal(documents, "", asked) == not_found
    assert documents.text(TEXT, asked) == TEXT
    assert documents.text(None, asked) == TEXT
    assert documents.text(None, apq(digest_of(TEXT).upper())) == TEXT
    assert documents.text(None, None, "sha256:" + digest_of(TEXT)) == TEXT
    assert documents.uses[Use.REMEMBERED] == 3
    assert documents.uses[Use.UNKNOWN] == 2
    # Sent again: the client did not wait.
    assert documents.text(TEXT, asked) == TEXT
    assert documents.remembered[0] == 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (("{ a }", apq(digest_of(TEXT))), "is not the SHA-256 of query"),
        (("{ a }", apq("abc")), "is not the SHA-256 of query"),
        ((None, apq(None)), "64 hexadecimal digits"),
        ((None, apq("a" * (MAX_ID + 1))), "64 hexadecimal digits"),
        ((None, apq("a" * 64, version=2)), "version must be 1"),
        ((None, apq("a" * 64, version=True)), "version must be 1"),
        ((None, {"persistedQuery": "a"}), "must be an object"),
        ((None, None, 5), "documentId must be a string"),
        ((None, None, ""), "documentId must be a string"),
        ((None, None, "a" * (MAX_ID + 1)), "documentId must be a string"),
        ((TEXT, None, "abc"), "query or documentId, not both"),
        ((None, apq("a" * 64), "abc"), "not both"),
        ((None,), "query must be a GraphQL document"),
        (("",), "query must be a GraphQL document"),
        ((5,), "query must be a GraphQL document"),
        ((None, {}), "query must be a GraphQL document"),
    ],
)
@pytest.mark.parametrize("mode", Mode)
def test_what_cannot_be_meant_says_so(
    mode: Mode, asked: tuple[Any, ...], told: str
) -> None:
    documents = PersistedDocuments(mode, MANIFEST)
    if mode is Mode.ONLY and "SHA-256 of query" in told:
        return  # refused before it is looked at
    code, message = refusal(documents, *asked)
    assert code == "BAD_USER_INPUT"
    assert told in message
    assert documents.remembered == (0, 0)


@pytest.mark.parametrize("mode", Mode)
def test_a_trusted_document_is_found_by_its_id_and_by_its_hash(mode: Mode) -> None:
    documents = PersistedDocuments(mode, MANIFEST)
    assert documents.trusted == 3
    for name in ("abc", "sha256:" + digest_of(TEXT), digest_of(TEXT)):
        assert documents.text(None, None, name) == TEXT
    assert documents.text(None, None, "x-app:1") == "{ a: __typename }"
    # Apollo's clients ask for a manifest's IDs this way.
    for name in ("abc", digest_of(TEXT)):
        assert documents.text(None, apq(name)) == TEXT
    assert documents.uses[Use.TRUSTED] == 6
    for unknown in ("abd", "ABC", "sha256:abc", "sha256:" + "0" * 64):
        code, message = refusal(documents, None, None, unknown)
        assert code == "NOT_FOUND"
        assert message.startswith("no document with this documentId is known here")
        assert message.endswith("or send query instead") is (mode is not Mode.ONLY)
        # Apollo's clients look for their own words after a hash.
        told = refusal(documents, None, apq(unknown))
        assert told == ("NOT_FOUND", "PersistedQueryNotFound")


def test_where_only_trusted_ones_are_answered_no_text_is() -> None:
    documents = PersistedDocuments(Mode.ONLY, MANIFEST)
    introspection = "{ __schema { types { name } } }"
    for asked in ((introspection,), (TEXT,), (TEXT, apq(digest_of(TEXT)))):
        code, message = refusal(documents, *asked)
        assert code == "FORBIDDEN"
        assert "documentId" in message
    assert documents.uses[Use.REFUSED] == 3
    # And nobody can make the server remember one.
    assert documents.remembered == (0, 0)
    assert not documents.is_plain


def test_a_warning_is_logged_once_for_each_text_and_never_the_text(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    documents = PersistedDocuments(Mode.WARN, MANIFEST)
    for _ in range(3):
        assert documents.text('{ secret(key: "hunter2") }')
        assert documents.text(TEXT)
    documents.text(None, None, "abc")
    assert caplog.messages == ["document.not_trusted"] * 2
    told = [vars(record) for record in caplog.records]
    assert [record["in_manifest"] for record in told] == [False, True]
    assert "hunter2" not in str(told)
    assert documents.uses[Use.TEXT] == 6


def test_warnings_are_bounded_and_the_count_is_not(
    caplog: pytest.LogCaptureFixture,
) -> None:
    documents = PersistedDocuments(Mode.WARN)
    for number in range(MAX_TOLD + 50):
        documents.text(f"{{ a{number} }}")
    assert len(caplog.messages) == MAX_TOLD
    assert documents.uses[Use.TEXT] == MAX_TOLD + 50


def test_what_is_remembered_is_bounded_by_bytes_the_oldest_goes() -> None:
    documents = PersistedDocuments(cache_bytes=2_000)
    texts = [f"{{ a{number} }} #" + "x" * 500 for number in range(3)]
    for text in texts[:2]:
        documents.text(text, apq(digest_of(text)))
    documents.text(None, apq(digest_of(texts[0])))
    documents.text(texts[2], apq(digest_of(texts[2])))
    # The one that was not asked for since has gone.
    assert documents.text(None, apq(digest_of(texts[0]))) == texts[0]
    assert refusal(documents, None, apq(digest_of(texts[1])))[0] == "NOT_FOUND"
    count, size = documents.remembered
    assert count == 2
    assert size <= 2_000


def test_one_that_is_larger_than_all_is_answered_and_not_remembered() -> None:
    for most in (0, 500):
        documents = PersistedDocuments(cache_bytes=most)
        # One wide character makes every character take four bytes.
        text = "{ a } # 😀" + "x" * 100
        assert documents.text(text, apq(digest_of(text))) == text
        assert documents.remembered == (0, 0)


def test_what_was_taken_past_it_is_counted() -> None:
    documents = PersistedDocuments()
    assert documents.is_plain
    documents.took()
    assert documents.uses[Use.TEXT] == 1


def test_a_lone_surrogate_is_no_error_of_ours() -> None:
    documents = PersistedDocuments(Mode.WARN)
    text = "{ a } # \ud800"
    assert documents.text(text) == text
    assert refusal(documents, text, apq("0" * 64))[0] == "BAD_USER_INPUT"
