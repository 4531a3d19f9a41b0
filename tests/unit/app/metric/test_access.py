"""Keys and documents, as metrics."""

from prometheus_client import CollectorRegistry, generate_latest

from adapters.memory.clock import FakeClock
from adapters.memory.key_repository import MemoryKeyRepository
from adapters.memory.store import MemoryStore
from api.persisted import PersistedDocuments, digest_of
from app.metric.access import AccessFigures
from app.metric.registry import _Gathered
from domain.model.access import ApiKey, new_key
from domain.services.key_service import KeyService

TEXT = "{ health { status } }"


def text_of(figures: AccessFigures) -> str:
    registry = CollectorRegistry()
    registry.register(_Gathered([figures.gather]))
    return generate_latest(registry).decode()


async def test_keys_are_counted_and_never_named() -> None:
    made = new_key(bytes(42))
    store = MemoryStore(keys={made.id: ApiKey(made.id, "a name", made.digest)})
    service = KeyService(MemoryKeyRepository(store), FakeClock())
    figures = AccessFigures(service, PersistedDocuments())
    assert "kimp_api_keys_known 0.0" in text_of(figures)
    await service.look()
    told = text_of(figures)
    assert "kimp_api_keys 1.0" in told
    assert "kimp_api_keys_known 1.0" in told
    assert made.id not in told
    assert "a name" not in told


def test_documents_are_counted_by_how_they_came() -> None:
    documents = PersistedDocuments()
    figures = AccessFigures(KeyService(None, FakeClock()), documents)
    # From the start on, or a first one would not be seen as an increase.
    assert 'kimp_document_uses_total{use="refused"} 0.0' in text_of(figures)
    documents.text(TEXT)
    named = {"persistedQuery": {"version": 1, "sha256Hash": digest_of(TEXT)}}
    documents.text(TEXT, named)
    documents.text(None, named)
    told = text_of(figures)
    for use in ("text", "registered", "remembered"):
        assert f'kimp_document_uses_total{{use="{use}"}} 1.0' in told
    assert f"kimp_documents_remembered_bytes {documents.remembered[1]:.1f}" in told
