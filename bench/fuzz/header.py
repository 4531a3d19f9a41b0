"""Headers, methods and addresses that clients send, and should not."""

from typing import Final

from bench.fuzz.draw import Draw

Pair = tuple[str, str]

PATHS: Final = (
    "/",
    "/health",
    "/ready",
    "/metrics",
    "/schema.graphql",
    "/docs",
    "/docs/reference?q=premium",
    "/docs/example/watch.py",
    "/docs/example/../../../etc/passwd",
    "/docs/example/%2e%2e%2fcurl.sh",
    "/llms.txt",
    "/icons/BTC",
    "/icons/%00",
    "/icons/..%2f..%2fapp.py",
    "/icons/%EB%B9%84",
    "/static/",
    "/static/graphiql.js",
    "/static/../app.py",
    "/graphql/",
    "/graphql;x",
    "//graphql",
    "/GraphQL",
    "/%67raphql",
    "*",
    "http://elsewhere/graphql",
    "/graphql#x",
    "/nope",
    "/" + "a" * 9000,
    "",
)
METHODS: Final = (
    "GET",
    "HEAD",
    "OPTIONS",
    "PUT",
    "DELETE",
    "PATCH",
    "TRACE",
    "CONNECT",
    "PROPFIND",
    "post",
    "NOPE",
    "M-SEARCH",
    "PRI",
)
TYPES: Final = (
    "application/json",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "Application/JSON",
    "application/json; charset=utf-16",
    "application/json; charset",
    "application/graphql",
    "application/graphql+json",
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "multipart/form-data",
    "",
    ";;;",
    "application/json, text/plain",
)
ACCEPTS: Final = (
    "*/*",
    "application/json",
    "application/graphql-response+json",
    "application/graphql-response+json, application/json;q=0.9",
    "text/event-stream",
    "text/event-stream, application/json;q=0.1",
    "multipart/mixed;subscriptionSpec=1.0, application/json",
    'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
    "multipart/mixed;deferSpec=20220824, application/json",
    "text/html",
    "text/html,application/xhtml+xml,*/*;q=0.8",
    "application/*;q=0.1",
    "image/png",
    "application/json;q=0",
    "application/json;q=1.0001",
    "a/b;c=" + '"\\' * 50,
    "*/*," * 400,
    ";q=1" * 200,
    '"' * 500,
    "application/json;" + "x=y;" * 300,
)
ADDRESSES: Final = (
    "192.0.2.1",
    "127.0.0.1",
    "::1",
    "[2001:db8::1]:80",
    "2001:db8::1%eth0",
    "::ffff:192.0.2.9",
    "unknown",
    "_hidden",
    "999.1.1.1",
    "1" * 100,
    "",
    "10.0.0.1, 10.0.0.2, 192.0.2.3",
    "," * 200,
)
ORIGINS: Final = (
    "https://example.com",
    "http://here",
    "null",
    "https://example.com:443",
    "https://evil.example",
    "https://example.com.evil",
    "file://",
    "https://[::1",
    "https://example.com:99999",
    "https://user@example.com",
    "javascript:alert(1)",
    "https://비트",
)
KEYS: Final = (
    "Bearer kimp_aaaaaaaaaaaaaaaa_" + "a" * 52,
    "Bearer x",
    "bearer",
    "Basic dTpw",
    "Bearer " + "k" * 4000,
    "kimp_x",
    "Bearer kimp_",
    "Negotiate",
)


def add_headers(draw: Draw, headers: list[Pair]) -> None:
    """Add some of the headers that a request may have."""
    if draw.hit(0.4):
        usual = ACCEPTS[:8] if draw.hit(0.6) else ACCEPTS
        headers.append(("Accept", draw.one(usual)))
    if draw.hit(0.5):
        return
    choices: tuple[tuple[float, str, tuple[str, ...]], ...] = (
        (0.1, "X-Kimp-Dry-Run", ("cost", "COST", "1", "")),
        (0.1, "Origin", ORIGINS),
        (0.03, "Sec-Fetch-Site", ("same-origin", "cross-site", "none")),
        (0.15, "X-Forwarded-For", ADDRESSES),
        (
            0.05,
            "Forwarded",
            ("for=192.0.2.1", 'for="[::1]:1";by=x', "for", ";,=;" * 40),
        ),
        (0.08, "Authorization", KEYS),
        (0.04, "X-Api-Key", tuple(key.removeprefix("Bearer ") for key in KEYS)),
        (0.1, "X-Request-Id", ("mine", "a" * 65, "é", "", "a b", "x\ty")),
        (0.05, "Traceparent", ("00-" + "a" * 32 + "-" + "b" * 16 + "-01", "x", "00-0")),
        (0.05, "Connection", ("close", "keep-alive", "upgrade", "x, close")),
        (0.03, "Access-Control-Request-Method", ("POST", "x", "")),
        (0.03, "Content-Encoding", ("gzip", "identity", "br")),
        (0.02, "Upgrade", ("h2c", "websocket", "")),
        (0.05, "GraphQL-Require-Preflight", ("1",)),
        (0.02, "Range", ("bytes=0-1", "bytes=-", "x")),
    )
    for share, name, values in choices:
        if draw.hit(share):
            headers.append((name, draw.one(values)))
