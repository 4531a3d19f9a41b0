"""Documents that clients name instead of sending.

Two ways, told apart by what a request carries. *Automatic persisted queries*
(`extensions.persistedQuery`, Apollo's protocol): the SHA-256 of a text stands for it
once the server has seen both; what it has seen is forgotten when room is needed, and
the client sends it again. *Trusted documents* (`documentId`, GraphQL over HTTP,
appendix A): the operator gives a list of what may be asked, made when the client was
built. In the mode `only` nothing else is answered.

An unknown hash is told in the words that Apollo's and urql's clients look for, an
unknown ID in words for people.
"""

import logging
import re
from collections import Counter, OrderedDict
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from sys import getsizeof
from typing import Final

from graphql import GraphQLError

from api.error import ErrorCode

NOT_FOUND: Final = "PersistedQueryNotFound"
"""The message that makes a client send the text; both clients compare it letter by
letter, in answers of any status."""

UNKNOWN_ID: Final = (
    "no document with this documentId is known here: it must be one of the list of "
    "trusted documents that this server was given"
)
"""What an unknown `documentId` is told; where texts are answered, also to send one."""

VERSION: Final = 1
"""The version of Apollo's protocol."""

CACHE_BYTES: Final = 8 * 1024 * 1024
"""Bytes of texts that are remembered for their hash; the least recently used goes."""

ENTRY_BYTES: Final = 300
"""What one of them takes beside its text: the hash and the places they lie in."""

MAX_ID: Final = 256
"""Characters of a document's ID; a longer one is refused."""

MAX_TOLD: Final = 1000
"""Texts that are logged in the mode `warn`, each once; more are counted only."""

SHA256_PREFIX: Final = "sha256:"

_is_digest = re.compile(r"[0-9a-f]{64}", re.ASCII).fullmatch

_log = logging.getLogger(__name__)


class Mode(StrEnum):
    """What may be asked."""

    OPEN = "open"
    """Every document."""
    WARN = "warn"
    """Every document; a text that is sent is counted, and logged once."""
    ONLY = "only"
    """Only what the manifest has."""


class Use(StrEnum):
    """How a document was come by; what is counted."""

    TEXT = "text"
    """It was sent."""
    REGISTERED = "registered"
    """It was sent with its hash, and is remembered."""
    REMEMBERED = "remembered"
    """By its hash, from before."""
    TRUSTED = "trusted"
    """By its ID, from the manifest."""
    UNKNOWN = "unknown"
    """By an ID or hash that nobody knows."""
    REFUSED = "refused"
    """It was sent where only trusted ones are taken."""


class PersistedDocuments:
    """The documents known by a name: a manifest's, and what clients have registered."""

    def __init__(
        self,
        mode: Mode = Mode.OPEN,
        manifest: Mapping[str, str] | None = None,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        """Compose; `manifest` gives the text of each ID."""
        self._mode = mode
        self._trusted = dict(manifest or {})
        # By their content too, whatever the tool that made the list calls them.
        self._digests = {digest_of(text): text for text in self._trusted.values()}
        self._most = cache_bytes
        self._bytes = 0
        self._seen: OrderedDict[str, str] = OrderedDict()
        self._told: set[str] = set()
        self.uses: Counter[Use] = Counter(dict.fromkeys(Use, 0))

    @property
    def mode(self) -> Mode:
        """What may be asked."""
        return self._mode

    @property
    def trusted(self) -> int:
        """IDs in the manifest."""
        return len(self._trusted)

    @property
    def remembered(self) -> tuple[int, int]:
        """How many texts are remembered for their hash, and their bytes."""
        return len(self._seen), self._bytes

    @property
    def is_plain(self) -> bool:
        """Whether a request with a text and no name for it is answered as it is.

        Who takes texts past `text` (the direct path) does so only where this holds,
        and counts them by `took`.
        """
        return self._mode is Mode.OPEN

    def took(self) -> None:
        """Count a text that was taken past `text`."""
        self.uses[Use.TEXT] += 1

    def text(
        self,
        query: object,
        extensions: Mapping[str, object] | None = None,
        document_id: object = None,
    ) -> str:
        """Return the document that a request asks for.

        `query`, `extensions` and `document_id` are what it carries, None where it does
        not.

        Raises:
            GraphQLError: NOT_FOUND, BAD_USER_INPUT or FORBIDDEN.
        """
        digest = _digest_in(extensions)
        if query is None or query == "":
            return self._named(digest, document_id)
        if not isinstance(query, str):
            raise _wrong("query must be a GraphQL document")
        if document_id is not None:
            raise _wrong("send query or documentId, not both")
        if self._mode is Mode.ONLY:
            self.uses[Use.REFUSED] += 1
            raise GraphQLError(
                "only trusted documents are answered here: send the documentId of one",
                extensions={"code": ErrorCode.FORBIDDEN.value},
            )
        if digest is not None:
            self._register(digest, query)
        else:
            self.uses[Use.TEXT] += 1
        if self._mode is Mode.WARN:
            self._tell(query)
        return query

    def _named(self, digest: str | None, document_id: object) -> str:
        if document_id is None:
            if digest is None:
                raise _wrong("query must be a GraphQL document")
            # Apollo's manifests are asked for this way, whatever IDs they have.
            return self._known(digest, digest, NOT_FOUND)
        if digest is not None:
            raise _wrong("send documentId or extensions.persistedQuery, not both")
        if not isinstance(document_id, str) or not 1 <= len(document_id) <= MAX_ID:
            raise _wrong(f"documentId must be a string of 1 to {MAX_ID} characters")
        digest = document_id.removeprefix(SHA256_PREFIX)
        return self._known(document_id, digest, self._unknown_id)

    @property
    def _unknown_id(self) -> str:
        """What an unknown ID is told, and what to send instead where that may be."""
        is_closed = self._mode is Mode.ONLY
        return UNKNOWN_ID if is_closed else f"{UNKNOWN_ID}; or send query instead"

    def _known(self, name: str, digest: str, unknown: str) -> str:
        found = self._trusted.get(name) or self._digests.get(digest)
        if found is not None:
            self.uses[Use.TRUSTED] += 1
            return found
        found = None if self._mode is Mode.ONLY else self._seen.get(digest)
        if found is None:
            self.uses[Use.UNKNOWN] += 1
            code = {"code": ErrorCode.NOT_FOUND.value}
            raise GraphQLError(unknown, extensions=code)
        self._seen.move_to_end(digest)
        self.uses[Use.REMEMBERED] += 1
        return found

    def _register(self, digest: str, text: str) -> None:
        if digest_of(text) != digest:
            raise _wrong(
                "extensions.persistedQuery.sha256Hash is not the SHA-256 of query"
            )
        self.uses[Use.REGISTERED] += 1
        if digest in self._seen:
            self._seen.move_to_end(digest)
            return
        size = _size(text)
        if size > self._most:
            return
        self._seen[digest] = text
        self._bytes += size
        while self._bytes > self._most:
            _, oldest = self._seen.popitem(last=False)
            self._bytes -= _size(oldest)

    def _tell(self, text: str) -> None:
        """Log a text that would be refused, by its hash: it may hold anything."""
        digest = digest_of(text)
        if digest in self._told or len(self._told) >= MAX_TOLD:
            return
        self._told.add(digest)
        more = {"hash": digest, "in_manifest": digest in self._digests}
        _log.warning("document.not_trusted", extra=more)


def digest_of(text: str) -> str:
    """Return the hash that stands for a text, 64 hexadecimal digits."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _digest_in(extensions: Mapping[str, object] | None) -> str | None:
    """Return the hash that a request names, None where it names none."""
    asked = (extensions or {}).get("persistedQuery")
    if asked is None:
        return None
    if not isinstance(asked, Mapping):
        raise _wrong("extensions.persistedQuery must be an object")
    version, digest = asked.get("version"), asked.get("sha256Hash")
    if version != VERSION or isinstance(version, bool):
        raise _wrong(f"extensions.persistedQuery.version must be {VERSION}")
    if not isinstance(digest, str) or not 1 <= len(digest) <= MAX_ID:
        raise _wrong(
            "extensions.persistedQuery.sha256Hash must be 64 hexadecimal digits"
        )
    # Lower case is what clients send and what we compare with.
    return digest.lower() if _is_digest(digest.lower()) else digest


def _size(text: str) -> int:
    """Return the bytes that a text takes: one wide character widens all of them."""
    return getsizeof(text) + ENTRY_BYTES


def _wrong(problem: str) -> GraphQLError:
    return GraphQLError(problem, extensions={"code": ErrorCode.BAD_USER_INPUT.value})
