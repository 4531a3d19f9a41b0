"""Health, readiness, metrics, the schema and pictures of coins."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from api.schema import schema_text
from domain.model.health import BreakerState, ServiceStatus, UpstreamStatus


async def test_health_answers_200_with_every_part(world: Any, site: Any) -> None:
    at_ms = world.clock.now_ms()
    world.upstream.set(
        UpstreamStatus(
            "fx.dunamu",
            ServiceStatus.UNAVAILABLE,
            None,
            BreakerState.HALF_OPEN,
            retry_at_ms=at_ms + 60_000,
        )
    )
    await world.clock.advance(2.5)
    status, headers, body = await site.get("/health")
    assert (status, headers["Content-Type"]) == (200, "application/json; charset=utf-8")
    assert json.loads(body) == {
        "status": "degraded",
        "service": "kimchi-premium",
        "version": "9.9.9",
        "uptime_s": 2.5,
        "checks": {
            "database": {"status": "healthy"},
            "upbit.stream": {
                "status": "healthy",
                "circuit_breaker_state": "closed",
                "retry_at": None,
                "last_success_at": "2026-01-01T00:00:00.000Z",
            },
            "fx.dunamu": {
                "status": "unavailable",
                "circuit_breaker_state": "half-open",
                "retry_at": "2026-01-01T00:01:00.000Z",
                "last_success_at": None,
            },
        },
    }


async def test_ready_waits_for_the_first_board(world: Any, site: Any) -> None:
    world.readiness.board = False
    status, _, body = await site.get("/ready")
    assert status == 503
    assert json.loads(body) == {
        "status": "not ready",
        "checks": {
            "migrations": {"status": "ready"},
            "board": {"status": "waiting"},
        },
    }
    world.readiness.board = True
    status, _, body = await site.get("/ready")
    assert (status, json.loads(body)["status"]) == (200, "ready")


async def test_metrics_are_what_the_registry_says(site: Any) -> None:
    status, headers, body = await site.get("/metrics")
    assert (status, body) == (200, b"kimp_ticks_total 1.0\n")
    assert headers["Content-Type"].startswith("text/plain; version=")


async def test_the_schema_is_served(site: Any) -> None:
    status, headers, body = await site.get("/schema.graphql")
    assert (status, body.decode()) == (200, schema_text())
    assert headers["Content-Type"].startswith("text/plain")


async def test_an_icon_is_the_picture_of_the_stored_address(
    world: Any, site: Any
) -> None:
    world.pictures.put("https://static.example/btc.png", b"\x89PNG", "image/png")
    for path in ("/icons/BTC", "/icons/btc"):
        status, headers, body = await site.get(path)
        assert (status, body) == (200, b"\x89PNG")
        assert headers["Content-Type"] == "image/png"
        assert headers["Cache-Control"] == "public, max-age=86400"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("given", ["{}", "W/{}", '"other", {}', "*"])
async def test_an_icon_the_client_has_is_not_sent_again(site: Any, given: str) -> None:
    _, headers, _ = await site.get("/icons/BTC")
    etag = given.format(headers["ETag"])
    status, again, body = await site.get("/icons/BTC", If_None_Match=etag)
    assert (status, body, again["ETag"]) == (304, b"", headers["ETag"])
    status, _, _ = await site.get("/icons/BTC", If_None_Match='"other"')
    assert status == 200


async def test_without_a_picture_the_icon_sets_file_is_sent(
    site: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "eth.svg"
    file.write_bytes(b"<svg/>")
    monkeypatch.setattr("api.icon.static_icon", lambda _: file)
    status, headers, body = await site.get("/icons/ETH")
    assert (status, body) == (200, b"<svg/>")
    assert headers["Content-Type"] == "image/svg+xml"


@pytest.mark.parametrize("symbol", ["LUNA", "币安人生", "OLD"])
async def test_without_any_picture_a_monogram_is_drawn(
    site: Any, symbol: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.icon.static_icon", lambda _: None)
    data = await site.query(
        "query($s: String!) { coin(symbol: $s) { iconUrl } }", s=symbol
    )
    path = data["data"]["coin"]["iconUrl"]
    assert path == "/icons/" + quote(symbol)
    status, headers, body = await site.get(path)
    assert status == 200
    assert headers["Content-Type"] == "image/svg+xml"
    assert headers["Cache-Control"] == "public, max-age=300"
    assert symbol in body.decode()


async def test_what_is_no_coin_has_no_icon(site: Any) -> None:
    for path in ("/icons/NOPE", "/icons/..%2f..%2fsetup", "/icons/"):
        status, _, _ = await site.get(path)
        assert status == 404


async def test_the_files_of_the_page_are_served(site: Any) -> None:
    status, headers, body = await site.get("/static/page/graphiql.js")
    assert status == 200
    assert "javascript" in headers["Content-Type"]
    assert b"GraphiQL" in body
