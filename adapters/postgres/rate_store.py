"""Dated official rates."""

from collections.abc import Sequence
from datetime import date
from operator import itemgetter

from sqlalchemy import func, select

from adapters.postgres.column import text_of
from adapters.postgres.database import Database
from adapters.postgres.history_table import DailyRateRow
from adapters.postgres.row import table_of
from adapters.postgres.upsert import Upsert, differs
from domain.model.daily_rate import DailyRate

RATE = table_of(DailyRateRow)
_COLUMNS = ("day", "rate", "source")
_SAVE = Upsert(RATE, _COLUMNS, lambda row, new: differs(row, new, _COLUMNS[1:]))


class PostgresRateStore:
    """`RateStore` over one table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, rates: Sequence[DailyRate]) -> None:
        """Store rates, one per date; the last word counts, one that differs only.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        if not rates:
            return
        rows = ((rate.day, rate.rate, text_of(rate.source)) for rate in rates)
        async with self._database.transaction() as connection:
            await _SAVE.run(connection, sorted(rows, key=itemgetter(0)))

    async def load(self, from_day: date, to_day: date) -> Sequence[DailyRate]:
        """Return the kept rates of a span and the latest before it, ascending.

        Raises:
            StoreUnavailable: the database cannot be reached.
        """
        before = select(func.max(RATE.c.day)).where(RATE.c.day < from_day)
        first = func.coalesce(before.scalar_subquery(), from_day)
        wanted = (
            select(*(RATE.c[name] for name in _COLUMNS))
            .where(RATE.c.day >= first, RATE.c.day <= to_day)
            .order_by(RATE.c.day)
        )
        async with self._database.transaction() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [DailyRate(**row) for row in rows]
