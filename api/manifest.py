"""Lists of trusted documents, in the forms that clients' tools write.

Apollo (`generate-persisted-query-manifest`, Apollo Kotlin and iOS): `{"format":
"apollo-persisted-query-manifest", "version": 1, "operations": [{"id", "body", …}]}`.
Relay (`persistConfig.file`) and graphql-codegen (`persistedDocuments`): one object of
IDs and texts. Both are told apart by `format`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from api.body import decode_json
from api.persisted import MAX_ID

APOLLO: Final = "apollo-persisted-query-manifest"

MAX_BYTES: Final = 32 * 1024 * 1024
"""Bytes of a manifest; a larger one is refused."""


class MalformedManifest(ValueError):
    """A file that is no manifest; says what is wrong and where."""


def read_manifest(data: bytes) -> Mapping[str, str]:
    """Return the text of each ID.

    Raises:
        MalformedManifest: it is none.
    """
    if len(data) > MAX_BYTES:
        raise MalformedManifest(f"may have at most {MAX_BYTES} bytes")
    try:
        told = decode_json(data)
    except ValueError as exc:
        raise MalformedManifest("is no JSON") from exc
    if not isinstance(told, Mapping):
        raise MalformedManifest("must be a JSON object")
    found: dict[str, str] = {}
    for name, text in _entries(told):
        if not isinstance(name, str) or not 1 <= len(name) <= MAX_ID:
            raise MalformedManifest(f"an ID must have 1 to {MAX_ID} characters")
        if not isinstance(text, str) or not text.strip():
            raise MalformedManifest(f"the document {name!r} is no text")
        if found.setdefault(name, text) != text:
            raise MalformedManifest(f"the ID {name!r} is there twice, with two texts")
    if not found:
        raise MalformedManifest("has no documents")
    return found


def _entries(told: Mapping[str, object]) -> Iterator[tuple[object, object]]:
    if not isinstance(told.get("operations"), list):
        yield from told.items()
        return
    if told.get("format", APOLLO) != APOLLO or told.get("version", 1) != 1:
        raise MalformedManifest(f'must have the format "{APOLLO}" in version 1')
    operations = told["operations"]
    for item in operations if isinstance(operations, list) else ():
        if not isinstance(item, Mapping):
            raise MalformedManifest("an operation must be an object with id and body")
        yield item.get("id"), item.get("body")
