"""All processes of the cluster, in the order in which they need each other."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.command.simulate import venue_settings
from bench.cluster.member import API, Member, kimp, launcher
from bench.cluster.text import LEADER, LIVE, Row, last_words, simulator_url
from bench.cluster.watch import Watch
from bench.nats_server import NatsServer
from bench.process import STOP_LIMIT_S, ServerFailed, free_port

WORKERS = 2
# Of the 139 that the simulated venues share.
LIVE_COINS = 100


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the cluster lives: its folder, the API's address, the environment.

    `drain_s` is how long the API may take for open requests at the end.
    """

    folder: Path
    port: int
    url: str
    drain_s: float
    environment: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class World:
    """What runs: all processes, the ingests of them (the first leads), when live."""

    members: Sequence[Member]
    ingests: Sequence[Member]
    live_s: float

    @property
    def rows(self) -> list[Row]:
        """Each by name, process id and address."""
        return [(m.name, m.process.pid, m.shown) for m in self.members]


def server_settings(plan: Plan, venues_url: str, bus_url: str) -> dict[str, str]:
    """Return the environment of all servers: one folder, one bus, simulated venues.

    As with `kimp demo` a venue's address of the user's own is kept. A database of the
    user's own is not: simulated prices stay in the folder.
    """
    given = {**venue_settings(venues_url), **plan.environment}
    # The last word, however the user has spelt his own.
    ours = {
        "KIMP_DATA_DIR": str(plan.folder),
        "KIMP_DATABASE__URL": "",
        "KIMP_BUS__URL": bus_url,
    }
    kept = {name: value for name, value in given.items() if name.upper() not in ours}
    return {**kept, **ours}


@contextmanager
def running(plan: Plan, watch: Watch) -> Iterator[World]:
    """Run the cluster until the block ends; it is live when the block begins.

    They are ended from the last to the first: no process is left.

    Raises:
        Stopped: a signal came meanwhile.
        ServerFailed: one of them did not start, or not in time.
    """
    began_s = time.monotonic()
    with ExitStack() as stack:
        start = _Start(plan, watch, stack)
        venues = start.simulator()
        bus = start.bus()
        settings = server_settings(plan, venues.url, bus.url)
        # It leads before the other begins: both at once would share two cores.
        leader = start.ingest(1, settings)
        watch.until(lambda: leader.figures().get(LEADER) == 1.0, "a leader")
        follower = start.ingest(2, settings)
        api = start.api(settings)
        live = f"{LIVE_COINS} live coins at {api.url}"
        watch.until(lambda: api.figures().get(LIVE, 0) > LIVE_COINS, live)
        live_s = time.monotonic() - began_s
        watch.until(lambda: bool(follower.figures()), f"an answer of {follower.url}")
        yield World(tuple(watch.members), (leader, follower), live_s)


class _Start:
    """Starts each; the stack ends it."""

    def __init__(self, plan: Plan, watch: Watch, stack: ExitStack) -> None:
        self._plan = plan
        self._watch = watch
        self._stack = stack

    def simulator(self) -> Member:
        """Return the simulated venues, once they listen."""
        member = self._kimp("simulator", ["simulate"], self._plan.environment)
        self._watch.until(lambda: bool(simulator_url(member.said())), "the simulator")
        member.url = simulator_url(member.said())
        return member

    def bus(self) -> Member:
        """Return the NATS server; what it keeps lasts, as the database does."""
        folder = self._plan.folder / "nats"
        log = self._log("nats")
        server = NatsServer(folder, options=("-l", str(log)), launcher=launcher())
        self._stack.callback(server.stop)
        try:
            server.start()
        except ServerFailed as exc:
            said = last_words(log.read_text()) if log.exists() else "it said nothing"
            raise ServerFailed(f"{exc}: {said}") from exc
        assert server.process is not None
        return self._add(Member("nats", server.process, server.url, log))

    def ingest(self, number: int, settings: Mapping[str, str]) -> Member:
        """Return an ingest; operators' tools find it on a port of its own."""
        port = free_port()
        own = {"KIMP_HTTP__HOST": "127.0.0.1", "KIMP_HTTP__PORT": str(port)}
        words = ["serve", "--role", "ingest"]
        member = self._kimp(f"ingest {number}", words, {**settings, **own})
        member.url = f"http://127.0.0.1:{port}"
        return member

    def api(self, settings: Mapping[str, str]) -> Member:
        """Return who runs the API processes on one port."""
        words = ["serve", "--role", "api", "--workers", str(WORKERS)]
        own = {"KIMP_HTTP__PORT": str(self._plan.port)}
        limit_s = self._plan.drain_s + STOP_LIMIT_S
        member = self._kimp(API, words, {**settings, **own}, limit_s)
        member.url = self._plan.url
        return member

    def _kimp(
        self,
        name: str,
        words: Sequence[str],
        settings: Mapping[str, str],
        stop_limit_s: float = STOP_LIMIT_S,
    ) -> Member:
        log = self._log(name)
        return self._add(
            self._stack.enter_context(kimp(name, words, settings, log, stop_limit_s))
        )

    def _add(self, member: Member) -> Member:
        self._watch.members.append(member)
        return member

    def _log(self, name: str) -> Path:
        log = self._plan.folder / "log" / f"{name.replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        return log
