from collections.abc import Iterator

from conformance.case import NO_WORD, Client, ClientFailed, Place, Row, Told, rows

WAYS = {"HTTP": ("query", "error"), "WebSocket": ("board",)}


def _asked(place: Place, *told: Told, ends: str | None = None) -> list[Row]:
    def run(_place: Place) -> Iterator[Told]:
        yield from told
        if ends is not None:
            raise ClientFailed(ends)

    return rows(Client("some", "1.2", WAYS, run), place)


def test_a_client_has_a_row_for_each_transport(place: Place) -> None:
    http, socket = _asked(
        place,
        ("HTTP", "query", None),
        ("HTTP", "error", None),
        ("WebSocket", "board", None),
    )
    assert http == Row("some", "1.2", "HTTP", ("query", "error"), ())
    assert socket == Row("some", "1.2", "WebSocket", ("board",), ())
    assert http.is_passed


def test_a_step_that_failed_tells_why(place: Place) -> None:
    http, _ = _asked(place, ("HTTP", "query", None), ("HTTP", "error", "no code"))
    assert http.failures == ("error: no code",)
    assert not http.is_passed


def test_a_step_that_was_not_told_has_failed(place: Place) -> None:
    http, socket = _asked(place, ("HTTP", "query", None))
    assert http.failures == (f"error: {NO_WORD}",)
    assert socket.failures == (f"board: {NO_WORD}",)


def test_a_client_that_ends_early_gives_the_reason_to_the_rest(place: Place) -> None:
    http, socket = _asked(place, ("HTTP", "query", None), ends="exit code 1")
    assert http.failures == ("error: exit code 1",)
    assert socket.failures == ("board: exit code 1",)
