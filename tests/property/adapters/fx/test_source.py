"""Whatever a rate source answers, it is a rate within the rules or undecodable."""

import json

from hypothesis import given
from hypothesis import strategies as st

from adapters.fx import dunamu, frankfurter, open_er_api
from adapters.resilience.error import UndecodableAnswer
from adapters.resilience.http import HttpAnswer
from domain.model.number import checked

VALUES = st.one_of(
    st.from_regex(r"-?[0-9]{1,70}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,9})?"),
    st.text(max_size=12).map(json.dumps),
    st.integers(-1, 2**80).map(str),
    st.sampled_from(["null", "true", "[]", "{}", '"1_0"', '"NaN"', "1348.5"]),
)
TIMES = st.one_of(
    VALUES, st.sampled_from(['"2026-10-02"', '"15:30:00"', '"0001-01-01"'])
)


def assert_sound(body: str | bytes) -> None:
    raw = body if isinstance(body, bytes) else body.encode("utf-8", "replace")
    for read in (dunamu.read, frankfurter.read, open_er_api.read):
        try:
            quote = read(HttpAnswer(200, {}, raw, 0.0))
        except UndecodableAnswer:
            continue
        assert checked(quote.rate) > 0
        assert 0 < quote.as_of_ms < 2**53


@given(st.binary(max_size=200))
def test_no_bytes_raise(body: bytes) -> None:
    assert_sound(body)


@given(rate=VALUES, at=TIMES, day=TIMES, hour=TIMES)
def test_no_answer_brings_a_rate_outside_the_rules(
    rate: str, at: str, day: str, hour: str
) -> None:
    assert_sound(f'[{{"basePrice":{rate},"timestamp":{at},"date":{day}}}]')
    assert_sound(f'[{{"basePrice":{rate},"date":{day},"time":{hour}}}]')
    assert_sound(f'{{"base":"USD","date":{day},"rates":{{"KRW":{rate}}}}}')
    assert_sound(
        f'{{"result":"success","base_code":"USD","time_last_update_unix":{at},'
        f'"rates":{{"KRW":{rate}}}}}'
    )
