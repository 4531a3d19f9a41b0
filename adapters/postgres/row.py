"""What all our tables have in common: one metadata, and predictable names."""

from typing import ClassVar

from sqlalchemy import MetaData, Table, func
from sqlmodel import SQLModel

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
NOW = {"server_default": func.now()}
# Rows that are written every second: with half of each page free the new version fits
# beside the old one (a HOT update), and the tables stay small without a vacuum.
ROOMY = {"postgresql_with": {"fillfactor": 50}}


class Row(SQLModel):
    """Base of our tables: one metadata of our own, with predictable names."""

    metadata: ClassVar[MetaData] = MetaData(naming_convention=NAMES)


def table_of(row: type[Row]) -> Table:
    """Return the Core table of a row class; bulk work goes without objects."""
    return row.metadata.tables[str(row.__tablename__)]
