"""Random walks that are functions of time.

A walk is a sum of smooth value noises of growing period, each a pure function of
(seed, name, instant). The price of any past minute can be asked at any moment and
agrees with what the live market showed then, without storing a history.
"""

from hashlib import blake2b

DAY_MS = 86_400_000
OCTAVE_RATIO = 8
FASTEST_PERIOD_MS = 4_000
OCTAVE_COUNT = 7
# Slower swings than this do not grow with the square root of time any more: prices
# stay near the table's for ever.
SWING_CAP_MS = 12 * DAY_MS
# With octaves a factor of eight apart the sum then moves `volatility` in a day.
AMPLITUDE_SCALE = 1.3

_MASK = (1 << 64) - 1
_CELL_STEP = 0x9E3779B97F4A7C15
_UNIT = 2.0**-63
_NOWHERE = -2  # no instant since 1970 has this cell or the one after it


def salt(seed: int, name: str) -> int:
    """Return 64 bits that belong to a name under a seed, the same in every run."""
    digest = blake2b(name.encode(), digest_size=8, key=str(seed).encode()[:64])
    return int.from_bytes(digest.digest(), "big")


def lattice(point_salt: int, cell: int) -> float:
    """Return the noise of a lattice point, uniform in [-1, 1) (splitmix64)."""
    x = (point_salt + cell * _CELL_STEP) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return (x ^ (x >> 31)) * _UNIT - 1.0


def unit(point_salt: int, cell: int) -> float:
    """Return the noise of a lattice point, uniform in [0, 1)."""
    return lattice(point_salt, cell) * 0.5 + 0.5


class _Octave:
    __slots__ = ("amplitude", "cell", "left", "period", "right", "salt")

    def __init__(self, period: int, amplitude: float, octave_salt: int) -> None:
        self.period = period
        self.amplitude = amplitude
        self.salt = octave_salt
        self.cell = _NOWHERE
        self.left = self.right = 0.0

    def enter(self, cell: int) -> None:
        if cell == self.cell + 1:
            self.left = self.right
        else:
            self.left = lattice(self.salt, cell) * self.amplitude
        self.right = lattice(self.salt, cell + 1) * self.amplitude
        self.cell = cell


class Walk:
    """A walk around 0; `octaves` are pairs of (period in ms, amplitude).

    `remembered` instants are kept (then all are forgotten), for walks that many
    markets ask for the same past.
    """

    __slots__ = ("_known", "_octaves", "_remembered", "_t", "_value")

    def __init__(
        self,
        seed: int,
        name: str,
        octaves: tuple[tuple[int, float], ...],
        remembered: int = 0,
    ) -> None:
        self._remembered = remembered
        self._known: dict[int, float] = {}
        self._octaves = [
            _Octave(period, amplitude, salt(seed, f"{name}/{period}"))
            for period, amplitude in octaves
        ]
        self._t = -1
        self._value = 0.0

    def at(self, t_ms: int) -> float:
        """Return the walk's value at an instant (ms since 1970)."""
        if t_ms == self._t:
            return self._value
        known = self._known.get(t_ms)
        if known is not None:
            return known
        total = 0.0
        for octave in self._octaves:
            cell, rest = divmod(t_ms, octave.period)
            if cell != octave.cell:
                octave.enter(cell)
            x = rest / octave.period
            left = octave.left
            total += left + (octave.right - left) * (x * x * (3.0 - 2.0 * x))
        self._t = t_ms
        self._value = total
        if self._remembered:
            if len(self._known) >= self._remembered:
                self._known.clear()
            self._known[t_ms] = total
        return total


def brownian(volatility: float) -> tuple[tuple[int, float], ...]:
    """Return the octaves of a walk with this standard deviation per day."""
    periods = [FASTEST_PERIOD_MS * OCTAVE_RATIO**n for n in range(OCTAVE_COUNT)]
    return tuple(
        (
            period,
            AMPLITUDE_SCALE * volatility * (min(period, SWING_CAP_MS) / DAY_MS) ** 0.5,
        )
        for period in periods
    )
