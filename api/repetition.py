"""How often a document writes the same thing in the same place.

Fields of one response name in one place are merged, and validation compares every pair
of them, with all that is selected below: a document of a thousand tokens can ask for
hundreds of thousands of comparisons.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)


class Repetitions:
    """Counts pairs, and stops when there are more than allowed.

    `most`: fields that the document has, fragments counted wherever they are spread.
    A fragment in itself would have no end; validation tells of it.
    """

    def __init__(
        self, fragments: Mapping[str, FragmentDefinitionNode], allowed: int, most: int
    ) -> None:
        self._fragments = fragments
        self._allowed = allowed
        self._most = most

    def pairs(self, found: SelectionSetNode) -> int:
        """Return the pairs in a selection and below; above the allowed: a part."""
        total = seen = 0
        levels: list[list[SelectionSetNode]] = [[found]]
        while levels and total <= self._allowed and seen <= self._most:
            named: defaultdict[str, list[FieldNode]] = defaultdict(list)
            for field in self._fields(levels.pop()):
                named[(field.alias or field.name).value].append(field)
            for fields in named.values():
                seen += len(fields)
                total += len(fields) * (len(fields) - 1) // 2
                inner = [f.selection_set for f in fields if f.selection_set is not None]
                if inner:
                    levels.append(inner)
        return total

    def _fields(self, found: Iterable[SelectionSetNode]) -> Iterator[FieldNode]:
        """Yield the fields of one place, each fragment's once."""
        spread: set[str] = set()
        waiting = list(found)
        while waiting:
            for item in waiting.pop().selections:
                if isinstance(item, FieldNode):
                    yield item
                elif isinstance(item, InlineFragmentNode):
                    waiting.append(item.selection_set)
                elif isinstance(item, FragmentSpreadNode):
                    name = item.name.value
                    if name not in spread and name in self._fragments:
                        spread.add(name)
                        waiting.append(self._fragments[name].selection_set)
