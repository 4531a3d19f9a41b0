"""Other people's clients against our servers; docs/CONFORMANCE.md tells the outcome.

Without npm it skips, or fails where `KIMP_REQUIRE_NODE` is set, as in CI.
"""

import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.node import need_node

pytestmark = pytest.mark.slow

REPOSITORY: Final = Path(__file__).parents[3]
# It installs some 500 packages where they are not yet, and runs for a minute.
LIMIT_S: Final = 1200.0


def test_the_document_tells_what_the_clients_do() -> None:
    need_node()
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "--check"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
