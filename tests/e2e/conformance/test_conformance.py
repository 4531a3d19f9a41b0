"""Other people's clients against our servers; docs/CONFORMANCE.md tells the outcome."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

pytestmark = pytest.mark.slow

REPOSITORY: Final = Path(__file__).parents[3]
# It installs some 500 packages where they are not yet, and runs for a minute.
LIMIT_S: Final = 1200.0


@pytest.mark.skipif(
    shutil.which("npm") is None, reason="needs Node.js with npm, which is not here"
)
def test_the_document_tells_what_the_clients_do() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "conformance", "--check"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
