"""Bounds what compiled queries keep of their answers."""

from collections import OrderedDict

from api.compiled.answer import BoundQuery


class KeptBytes:
    """The queries that keep an answer, at most so many bytes; the oldest goes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._sizes: OrderedDict[BoundQuery, int] = OrderedDict()
        self.total = 0

    def used(self, query: BoundQuery) -> None:
        """Hear that a query has answered."""
        size = query.kept_bytes
        if self._sizes.get(query, 0) == size:
            return
        self.total += size - self._sizes.pop(query, 0)
        self._sizes[query] = size
        while self.total > self._most:
            oldest, freed = self._sizes.popitem(last=False)
            oldest.forget()
            self.total -= freed

    def drop(self, query: BoundQuery) -> None:
        """Hear that nobody will ask a query any more."""
        self.total -= self._sizes.pop(query, 0)
