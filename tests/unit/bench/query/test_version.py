from bench.query.server import SERVERS
from bench.query.version import versions


def test_every_server_is_told_of_with_pinned_versions() -> None:
    told = versions()
    assert set(SERVERS) <= set(told)
    assert "?" not in "".join(told[name] for name in SERVERS)
    assert told["mercurius"].startswith("mercurius 16.")
