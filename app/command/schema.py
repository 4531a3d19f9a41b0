"""`kimp schema`: print the GraphQL schema as SDL."""

import argparse

from api.schema import schema_text
from app.settings import Settings


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Print the schema."""
    print(schema_text().rstrip())
    return 0
