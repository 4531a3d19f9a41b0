"""The environment of processes that tests start."""

import os


def without_settings() -> dict[str, str]:
    """Return our environment, but nothing of a developer's own settings."""
    return {k: v for k, v in os.environ.items() if not k.startswith("KIMP_")}
