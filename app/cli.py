"""The command `kimp`: parses the line and hands over to `app.command`.

Commands are imported when they are called, so `kimp --help` and a wrong setting are
answered at once. Exit codes: 0 done, 1 failed, 2 wrong use or setting.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version

from app.failure import CommandFailed
from app.settings import InvalidSetting, load_settings, unknown_names

EXIT_FAILED = 1
EXIT_USAGE = 2

_COMMANDS = {
    "serve": "serve live premiums from the real exchanges",
    "demo": "serve live premiums from simulated exchanges, without any network",
    "simulate": "run the simulated exchanges alone",
    "migrate": "bring the database schema up to date",
    "schema": "print the GraphQL schema",
    "doctor": "say what is reachable, how fast, and what to do",
    "coins": "change what is stored about coins",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    options = _parser().parse_args(arguments)
    try:
        settings = load_settings()
    except InvalidSetting as exc:
        for line in str(exc).splitlines():
            print(f"kimp: {line}", file=sys.stderr)
        return EXIT_USAGE
    for line in unknown_names():
        print(f"kimp: {line}", file=sys.stderr)
    run: Callable[..., int] = import_module(f"app.command.{options.command}").run
    try:
        return run(settings, options)
    except CommandFailed as exc:
        print(f"kimp: {exc}", file=sys.stderr)
        return EXIT_FAILED
    except KeyboardInterrupt:
        return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="kimp", description="Live kimchi premiums over GraphQL."
    )
    parser.add_argument(
        "--version", action="version", version=version("kimchi-premium")
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    parsers = {
        name: commands.add_parser(name, help=text, description=text)
        for name, text in _COMMANDS.items()
    }
    parsers["simulate"].add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input is closed (a parent process has ended)",
    )
    _add_coins(parsers["coins"])
    return parser


def _add_coins(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    set_icon = actions.add_parser("set-icon", help="store where a coin's icon is")
    set_icon.add_argument("symbol", metavar="SYMBOL", help="the coin, for example BTC")
    set_icon.add_argument("url", metavar="URL", help="http or https address")


if __name__ == "__main__":
    sys.exit(main())
