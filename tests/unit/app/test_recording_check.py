from adapters.recording.event import Answer, Connected, Frame, Sent
from app.recording_check import RecordingCheck
from domain.model.event import QuoteUpdate

TRADE = '{"ty":"trade","cd":"KRW-BTC","tp":1.0,"tv":1,"ttms":1618678262000}'


def frame(text: str, venue: str = "upbit") -> Frame:
    return Frame(at=1_618_678_262_000_000, venue=venue, connection=1, text=text)


def answer(
    text: str, path: str, venue: str = "upbit", *, carried: bool = False
) -> Answer:
    return Answer(at=1, venue=venue, path=path, text=text, carried=carried)


def test_frames_are_counted_by_what_they_say() -> None:
    heard: list[tuple[str, QuoteUpdate]] = []
    check = RecordingCheck(quotes=lambda venue, quote: heard.append((venue, quote)))
    check.take_all(
        [
            Connected(at=1, venue="upbit", connection=1, url="wss://x"),
            Sent(at=1, venue="upbit", connection=1, text="PING"),
            frame(TRADE),
            frame('{"status":"UP"}'),
            frame('{"error":{"name":"NO_CODES","message":"x"}}'),
        ]
    )
    report = check.reports["upbit"]
    assert (report.frames, report.quotes, report.other, report.errors) == (3, 1, 2, 1)
    assert [(venue, quote.market) for venue, quote in heard] == [("upbit", "KRW-BTC")]
    assert check.well
    assert "3 frames, 1 quotes" in report.line
    assert report.line.endswith("rejects: none")


def test_what_cannot_be_used_is_counted_by_kind_with_its_first_detail() -> None:
    check = RecordingCheck()
    for text in ("oops", "oops", TRADE.replace("1.0", "-1")):
        check.take(frame(text))
    report = check.reports["upbit"]
    assert report.rejects == {"malformed": 2, "price": 1}
    assert set(report.first) == {"malformed", "price"}
    assert not check.well
    assert report.line.endswith("rejects: 2 malformed, 1 price")


def test_answers_are_decoded_by_their_path_and_repeated_ones_are_not() -> None:
    check = RecordingCheck()
    rows = '[{"market":"KRW-BTC","korean_name":"x","english_name":"y"},{"market":1}]'
    check.take(answer(rows, "/v1/market/all"))
    check.take(answer(rows, "/v1/market/all", carried=True))
    check.take(answer("oops", "/v1/ticker/all"))
    check.take(answer("oops", "/v1/unknown"))
    report = check.reports["upbit"]
    assert (report.answers, report.rows) == (3, 1)
    assert report.rejects == {"row": 1, "answer": 1}


def test_a_rate_is_one_row_or_a_reject() -> None:
    check = RecordingCheck()
    good = '{"amount":1.0,"base":"USD","date":"2026-11-20","rates":{"KRW":1398.68}}'
    for text in (good, "{}"):
        check.take(answer(text, "/v1/latest", "fx"))
    report = check.reports["fx"]
    assert (report.rows, report.rejects) == (1, {"answer": 1})


def test_a_venue_without_an_adapter_is_counted_and_no_failure() -> None:
    check = RecordingCheck()
    check.take(frame("{}", "ws.okx.com"))
    assert check.well
    assert check.reports["ws.okx.com"].line == "1 frames, 0 answers, no adapter"
