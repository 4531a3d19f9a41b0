import time

from adapters.resilience.clock import SystemClock


async def test_the_machine_s_clocks_are_told_in_our_units() -> None:
    clock = SystemClock()
    before_s, before_mono_s = time.time(), time.monotonic()
    await clock.sleep(0)
    assert before_s * 1000 - 1 <= clock.now_ms() <= time.time() * 1000
    assert before_mono_s <= clock.monotonic() <= time.monotonic()
