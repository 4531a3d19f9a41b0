import pytest

from adapters.resilience.proxy import http_proxy, is_loopback


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name}_proxy".upper(), raising=False)


@pytest.mark.parametrize(
    ("url", "loopback"),
    [
        ("http://localhost:8000/upbit", True),
        ("ws://api.localhost/x", True),
        ("ws://127.0.0.1:1/", True),
        ("http://[::1]:80/", True),
        ("https://api.upbit.com", False),
        ("http://10.0.0.1", False),
        ("nonsense", False),
    ],
)
def test_this_machine_is_known_by_name_and_address(url: str, loopback: bool) -> None:
    assert is_loopback(url) is loopback


def test_without_a_proxy_in_the_environment_requests_go_directly() -> None:
    assert http_proxy("https://api.upbit.com") is None


def test_the_proxy_of_the_environment_is_used_but_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("no_proxy", "api.binance.com")
    assert http_proxy("https://api.upbit.com/v1") == "http://proxy:3128"
    assert http_proxy("http://api.upbit.com/v1") is None
    assert http_proxy("https://api.binance.com/") is None
    assert http_proxy("https://127.0.0.1/") is None


def test_a_proxy_of_another_kind_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://proxy:1080")
    assert http_proxy("https://api.upbit.com/v1") is None
