"""The documents that may be named: the manifest's file, read at the start."""

from collections.abc import Mapping
from pathlib import Path

import structlog

from api.document import prepare
from api.limit import Limits
from api.manifest import MAX_BYTES, MalformedManifest, read_manifest
from api.persisted import Mode, PersistedDocuments
from api.schema import api_schema
from app.document_setting import DocumentSettings
from app.store import CannotStart

_log = structlog.get_logger(__name__)


def open_documents(settings: DocumentSettings, limits: Limits) -> PersistedDocuments:
    """Read the manifest; off the event loop, since it reads a file and looks at all.

    A document that would be refused is a warning: the others are as good as before.

    Raises:
        CannotStart: the file cannot be read, is no manifest, or is needed and missing.
    """
    mode = Mode(settings.mode)
    if mode is Mode.ONLY and not settings.manifest:
        raise CannotStart(
            "KIMP_DOCUMENT__MODE=only answers nothing without KIMP_DOCUMENT__MANIFEST: "
            "name the file of trusted documents"
        )
    trusted = _trusted(Path(settings.manifest)) if settings.manifest else {}
    _look_at(trusted, limits)
    return PersistedDocuments(mode, trusted, settings.cache_bytes)


def _trusted(path: Path) -> Mapping[str, str]:
    try:
        with path.open("rb") as file:
            # One byte more tells that it is too large, without reading all of it.
            data = file.read(MAX_BYTES + 1)
        return read_manifest(data)
    except OSError as exc:
        why = exc.strerror or str(exc)
        raise CannotStart(f"KIMP_DOCUMENT__MANIFEST={path}: {why}") from exc
    except MalformedManifest as exc:
        raise CannotStart(f"KIMP_DOCUMENT__MANIFEST={path}: {exc}") from exc


def _look_at(trusted: Mapping[str, str], limits: Limits) -> None:
    """Log what is wrong with documents: a client that asks them would be told so."""
    if not trusted:
        return
    core = api_schema().core
    for name, text in trusted.items():
        errors = prepare(core, text, limits).errors
        if errors:
            _log.warning("document.invalid", document=name, why=errors[0].message)
    _log.info("document.manifest", documents=len(trusted))
