"""Node.js and npm, which some tests need."""

import os
import shutil

import pytest


def need_node() -> tuple[str, str]:
    """Return the paths of node and npm.

    Where they are missing the test skips, or fails if `KIMP_REQUIRE_NODE` is set.
    """
    found = {name: shutil.which(name) for name in ("node", "npm")}
    if missing := [name for name, path in found.items() if path is None]:
        reason = f"needs Node.js with npm; not here: {' and '.join(missing)}"
        if os.environ.get("KIMP_REQUIRE_NODE"):
            pytest.fail(f"KIMP_REQUIRE_NODE is set, but the test {reason}")
        pytest.skip(reason)
    return str(found["node"]), str(found["npm"])
