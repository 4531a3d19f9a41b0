"""What a server without subscribers costs, and how fast it starts.

python -m bench.idle [--seconds 60]
"""

import argparse
import time

from bench.process import server, simulator

SAMPLE_S = 10.0


def main() -> None:
    """Measure start, CPU and memory; print a table."""
    parser = argparse.ArgumentParser(prog="bench.idle")
    parser.add_argument("--seconds", type=float, default=60.0)
    seconds = parser.parse_args().seconds
    with simulator(1.0) as (market, settings), server(settings) as target:
        started_s = target.wait_live()
        print(f"first start to the first live board: {started_s:.2f} s")
        time.sleep(SAMPLE_S)  # start-up is over by then
        print("| second | server CPU | simulator CPU | server RSS MB |")
        print("|---:|---:|---:|---:|")
        began_s = time.monotonic()
        while (passed_s := time.monotonic() - began_s) < seconds:
            cpu = (target.cpu_s(), market.cpu_s())
            time.sleep(SAMPLE_S)  # the time measured
            used = (target.cpu_s() - cpu[0], market.cpu_s() - cpu[1])
            print(
                f"| {passed_s + SAMPLE_S:.0f} | {used[0] / SAMPLE_S:.1%} "
                f"| {used[1] / SAMPLE_S:.1%} | {target.rss_mb():.1f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
