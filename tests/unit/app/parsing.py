"""A command's own options, parsed alone."""

import argparse
from collections.abc import Callable


def parsed(
    declare: Callable[[argparse.ArgumentParser], None], *arguments: str
) -> argparse.Namespace:
    """Return what a command line of these arguments means."""
    parser = argparse.ArgumentParser()
    declare(parser)
    return parser.parse_args(arguments)
