"""The command `kimp`: parses the line and hands over to `app.command`.

Commands are imported when they are called, so `kimp --help` and a wrong setting are
answered at once. Exit codes: 0 done, 1 failed, 2 wrong use or setting.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.metadata import version

from app.cli_care import add_backup, add_export, add_restore, add_verify
from app.cli_history import add_backfill
from app.cli_key import add_keys
from app.cli_recording import add_record, add_replay
from app.failure import CommandFailed, WrongUse
from app.settings import InvalidSetting, load_settings, unknown_names

EXIT_FAILED = 1
EXIT_USAGE = 2
# Processes of `kimp serve --workers`; more than cores bring nothing.
MAX_WORKERS = 64

_COMMANDS = {
    "serve": "serve live premiums from the real exchanges",
    "demo": "serve live premiums from simulated exchanges, without any network",
    "simulate": "run the simulated exchanges alone",
    "migrate": "bring the database schema up to date",
    "schema": "print the GraphQL schema",
    "record": "record what both venues send, as it comes",
    "replay": "play a recording as simulated exchanges, or check it",
    "doctor": "say what is reachable, how fast, and what to do",
    "coins": "change what is stored about coins",
    "keys": "make, list and revoke API keys",
    "backfill": "make bars of days past from the venues' own candles",
    "export": "write history as a table, CSV or Parquet, for research",
    "verify": "say what is missing, and compare samples with the venues",
    "backup": "write the whole database to one file, while the server runs",
    "restore": "bring a backup back, all of it or nothing",
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
    except WrongUse as exc:
        print(f"kimp: {exc}", file=sys.stderr)
        return EXIT_USAGE
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
    _add_serve(parsers["serve"])
    _add_simulate(parsers["simulate"])
    add_record(parsers["record"])
    add_replay(parsers["replay"])
    _add_coins(parsers["coins"])
    add_keys(parsers["keys"])
    add_backfill(parsers["backfill"])
    add_export(parsers["export"])
    add_verify(parsers["verify"])
    add_backup(parsers["backup"])
    add_restore(parsers["restore"])
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role",
        choices=("all", "ingest", "api"),
        default="all",
        help="all (default); ingest feeds API replicas, api is one (KIMP_BUS__URL)",
    )
    parser.add_argument(
        "--workers",
        type=_worker_count,
        metavar="N",
        help="with --role api: N processes on one port",
    )


def _worker_count(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_WORKERS:
        raise argparse.ArgumentTypeError(f"{text!r} is not within 1..{MAX_WORKERS}")
    return int(text)


def _add_simulate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--until-stdin-closes",
        action="store_true",
        help="end when standard input is closed (a parent process has ended)",
    )
    parser.add_argument(
        "--list-scenarios", action="store_true", help="say what can go wrong, and end"
    )
    parser.add_argument(
        "--scenario",
        action="append",
        default=[],
        metavar="NAME",
        help="let this go wrong; may be given more than once",
    )
    parser.add_argument(
        "--venue", metavar="V", help="where: upbit, binance, fx or all it can befall"
    )
    parser.add_argument(
        "--after",
        type=float,
        default=0.0,
        metavar="S",
        help="seconds from the start until it goes wrong (0)",
    )
    parser.add_argument(
        "--for",
        dest="for_s",
        type=float,
        metavar="S",
        help="seconds it lasts; without, until the end or as long as it does",
    )


def _add_coins(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    set_icon = actions.add_parser("set-icon", help="store where a coin's icon is")
    set_icon.add_argument("symbol", metavar="SYMBOL", help="the coin, for example BTC")
    set_icon.add_argument("url", metavar="URL", help="http or https address")


if __name__ == "__main__":
    sys.exit(main())
