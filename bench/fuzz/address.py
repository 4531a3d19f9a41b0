"""Where connections come from."""

from typing import Final

from bench.fuzz.draw import Draw

_USUAL: Final = ("127.0.0.1", "192.0.2.7", "10.0.0.1", "2001:db8::7", "")


def address_of(draw: Draw) -> str:
    """Return an address: a usual one, or one that nobody has had before."""
    if draw.hit(0.4):
        return draw.one(_USUAL)
    if draw.hit(0.5):
        return ".".join(str(int(draw.random() * 256)) for _ in range(4))
    return ":".join(f"{int(draw.random() * 65536):x}" for _ in range(8))
