"""Whether a peer answers what we answer."""

from typing import Any

CHANGING = frozenset({"percent", "price", "seq", "quality", "endCursor"})
"""Fields whose value moves, or is a server's own affair; their type is compared."""


def difference(ours: Any, theirs: Any, path: str = "data") -> str | None:
    """Say where an answer is not like ours; None: it is.

    The same fields in the same order, lists as long, values equal but for those that
    change, which have the same type where neither is null.
    """
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if list(ours) != list(theirs):
            return f"{path}: {', '.join(theirs)} instead of {', '.join(ours)}"
        pairs = [(f"{path}.{key}", ours[key], theirs[key]) for key in ours]
    elif isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return f"{path}: {len(theirs)} instead of {len(ours)}"
        pairs = [
            (f"{path}.{place}", left, right)
            for place, (left, right) in enumerate(zip(ours, theirs, strict=True))
        ]
    else:
        return _leaf(ours, theirs, path)
    return next((told for p, a, b in pairs if (told := difference(a, b, p))), None)


def _leaf(ours: object, theirs: object, path: str) -> str | None:
    if path.rpartition(".")[2] in CHANGING:
        alike = ours is None or theirs is None or type(ours) is type(theirs)
    else:
        alike = ours == theirs
    return None if alike else f"{path}: {theirs!r} instead of {ours!r}"
