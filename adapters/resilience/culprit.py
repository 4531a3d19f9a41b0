"""Which of several codes a venue does not know, where it only refuses them all."""

from collections.abc import Awaitable, Callable, Sequence

from adapters.resilience.error import RequestRejected


async def unknown_code(
    codes: Sequence[str],
    ask: Callable[[Sequence[str]], Awaitable[object]],
    is_unknown: Callable[[RequestRejected], bool],
) -> str:
    """Return one unknown code of a list that the venue has refused for one.

    Halves are asked: seven questions for a hundred codes. `is_unknown` tells such a
    refusal from others, which are passed on.

    Raises:
        UpstreamUnavailable: a question was not answered.
    """
    while len(codes) > 1:
        middle = len(codes) // 2
        try:
            await ask(codes[:middle])
        except RequestRejected as exc:
            if not is_unknown(exc):
                raise
            codes = codes[:middle]
        else:
            codes = codes[middle:]
    return codes[0]
