"""The cyclic collector, kept off the way of ticks.

Modules, schema and catalogue live as long as the process: frozen once they stand, they
are not walked through again. What is left is collected in larger, rarer steps.
"""

import asyncio
import gc

# Start-up is over, the first board stands.
SETTLED_AFTER_S = 10.0
# Container objects that may be made before a young collection; the default of 700 asks
# for one several times within a tick.
YOUNG, MIDDLE, OLD = 50_000, 10, 20


async def settle() -> None:
    """Collect and freeze what start-up left, then wait for ever."""
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    await asyncio.sleep(SETTLED_AFTER_S)  # start-up leaves its garbage
    gc.collect()
    gc.freeze()
    await asyncio.Event().wait()
