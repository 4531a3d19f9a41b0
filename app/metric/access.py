"""API keys and persisted documents."""

from collections.abc import Iterator
from dataclasses import dataclass

from prometheus_client.core import Metric

from api.persisted import PersistedDocuments
from app.metric.family import counter, gauge
from domain.services.key_service import KeyService

KEYS = gauge("api_keys", "API keys that are known and not revoked.")
KEYS_KNOWN = gauge(
    "api_keys_known",
    "1: every key there is is known; 0: the database is away, known keys go on.",
)
DOCUMENTS = counter(
    "document_uses",
    "How documents were asked for: `text` was sent, `registered` with its hash, "
    "`remembered` and `trusted` were named, `unknown` and `refused` were not answered.",
    "use",
)
DOCUMENT_BYTES = gauge(
    "documents_remembered_bytes", "Bytes of documents remembered for their hash."
)

FAMILIES = (KEYS, KEYS_KNOWN, DOCUMENTS, DOCUMENT_BYTES)


@dataclass(frozen=True, slots=True)
class AccessFigures:
    """Reads what is known of keys and documents; never a key's own name or text."""

    keys: KeyService
    documents: PersistedDocuments

    def gather(self) -> Iterator[Metric]:
        """Yield the metrics of keys and documents."""
        yield KEYS.now(self.keys.count)
        yield KEYS_KNOWN.now(int(self.keys.is_known))
        uses = self.documents.uses
        yield DOCUMENTS.of({(use.value,): count for use, count in uses.items()})
        yield DOCUMENT_BYTES.now(self.documents.remembered[1])
