"""What needs Node.js may skip where it may be missing, and nowhere else."""

from pathlib import Path

import pytest

from tests.node import need_node


def test_without_npm_it_skips_only_where_it_may(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KIMP_REQUIRE_NODE", raising=False)
    with pytest.raises(BaseException, match="not here: node and npm") as told:
        need_node()
    assert told.typename == "Skipped"
    monkeypatch.setenv("KIMP_REQUIRE_NODE", "1")
    with pytest.raises(BaseException, match="KIMP_REQUIRE_NODE is set") as told:
        need_node()
    assert told.typename == "Failed"
