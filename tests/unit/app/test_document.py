"""The manifest's file, read at the start."""

import json
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from api.limit import Limits
from api.persisted import Mode
from app.document import open_documents
from app.document_setting import DocumentSettings
from app.store import CannotStart

TEXT = "{ health { status } }"


def opened(path: Path | None, mode: Any = "open", **more: Any) -> Any:
    manifest = "" if path is None else str(path)
    settings = DocumentSettings(mode=mode, manifest=manifest, **more)
    return open_documents(settings, Limits())


def written(path: Path, told: object) -> Path:
    path = path / "manifest.json"
    path.write_text(told if isinstance(told, str) else json.dumps(told))
    return path


def test_without_a_manifest_every_document_is_taken() -> None:
    documents = opened(None)
    assert (documents.mode, documents.trusted) == (Mode.OPEN, 0)


def test_a_manifest_is_read(tmp_path: Path) -> None:
    with capture_logs() as told:
        documents = opened(written(tmp_path, {"a": TEXT}), "only")
    assert documents.text(None, None, "a") == TEXT
    assert documents.mode is Mode.ONLY
    assert [line["event"] for line in told] == ["document.manifest"]


def test_what_would_be_refused_is_told_and_keeps_nobody_from_the_rest(
    tmp_path: Path,
) -> None:
    path = written(tmp_path, {"good": TEXT, "bad": "{ nonsense }", "worse": "{"})
    with capture_logs() as told:
        documents = opened(path)
    assert documents.trusted == 3
    warned = [line for line in told if line["event"] == "document.invalid"]
    assert [line["document"] for line in warned] == ["bad", "worse"]
    assert "nonsense" in warned[0]["why"]


def test_nothing_could_be_asked_of_a_server_that_trusts_nothing() -> None:
    with pytest.raises(CannotStart, match="KIMP_DOCUMENT__MANIFEST"):
        opened(None, "only")


def test_a_file_that_is_not_there_or_no_manifest_stops_the_start(
    tmp_path: Path,
) -> None:
    with pytest.raises(CannotStart, match=r"nowhere\.json: No such file"):
        opened(tmp_path / "nowhere.json")
    with pytest.raises(CannotStart, match="Is a directory"):
        opened(tmp_path)
    with pytest.raises(CannotStart, match=r"manifest\.json: is no JSON"):
        opened(written(tmp_path, "{"))


def test_room_for_hashes_is_a_setting() -> None:
    documents = opened(None, cache_bytes=0)
    documents.text(TEXT)
    assert documents.remembered == (0, 0)
