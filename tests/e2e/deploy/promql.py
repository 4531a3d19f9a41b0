"""Reads PromQL as far as names go: metrics, labels and functions of an expression."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

AGGREGATIONS = frozenset({"sum", "avg", "min", "max", "count", "topk", "quantile"})
OF_COUNTERS = frozenset({"rate", "irate", "increase"})
OF_RANGES = OF_COUNTERS | {"changes", "delta", "max_over_time", "min_over_time"}
FUNCTIONS = OF_RANGES | {
    "abs",
    "absent",
    "histogram_quantile",
    "vector",
    "label_values",
}
GROUPINGS = frozenset({"by", "without", "on", "ignoring", "group_left", "group_right"})
WORDS = frozenset({"and", "or", "unless", "bool", "offset", "inf", "nan"})

_TOKEN = re.compile(
    r"""
    \s+
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<length>\$__\w+|\d+(?:\.\d+)?(?:ms|[smhdwy])\b)
    | (?P<number>\d+(?:\.\d+)?(?:e[+-]?\d+)?)
    | (?P<name>[A-Za-z_:][\w:]*)
    | (?P<sign>=~|!~|!=|==|>=|<=|[-+*/%^<>=(){}\[\],:])
    """,
    re.VERBOSE,
)


class UnreadableExpression(Exception):
    """No PromQL, or more of it than this reader knows."""


@dataclass(frozen=True)
class Matcher:
    """One condition on a label."""

    label: str
    sign: str
    text: str


@dataclass
class Selection:
    """One metric of an expression, and the function it is given to."""

    metric: str
    function: str | None
    matchers: list[Matcher] = field(default_factory=list)
    has_range: bool = False


@dataclass
class Expression:
    """The names in an expression."""

    selections: list[Selection] = field(default_factory=list)
    groupings: set[str] = field(default_factory=set)
    functions: set[str] = field(default_factory=set)


def read_expression(text: str) -> Expression:
    """Return the names in an expression.

    Raises:
        UnreadableExpression: with what is wrong.
    """
    return _Reader(list(_tokens(text))).read()


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None:
            raise UnreadableExpression(f"{text[at:]!r} cannot be read")
        at = found.end()
        if found.lastgroup is not None:
            yield found.lastgroup, found.group()


class _Reader:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0
        self._open: list[str | None] = []
        self._found = Expression()

    def read(self) -> Expression:
        """Read everything."""
        while self._at < len(self._tokens):
            kind, text = self._next()
            if kind == "name":
                self._name(text)
            elif text == "(":
                self._open.append(None)
            elif text == ")":
                if not self._open:
                    raise UnreadableExpression("a bracket is closed that is not open")
                self._open.pop()
            elif text in "{[":
                raise UnreadableExpression(f"{text} stands behind no metric")
        if self._open:
            raise UnreadableExpression("a bracket stays open")
        return self._found

    def _name(self, name: str) -> None:
        following = self._peek()
        if name in GROUPINGS:
            self._found.groupings.update(self._list())
        elif name in WORDS:
            return
        elif following == "(" or (name in AGGREGATIONS and following in GROUPINGS):
            self._found.functions.add(name)
            while self._peek() in GROUPINGS:
                self._next()
                self._found.groupings.update(self._list())
            self._expect("(")
            self._open.append(name)
        else:
            self._selection(name)

    def _selection(self, name: str) -> None:
        inner = next((name for name in reversed(self._open) if name), None)
        selection = Selection(name, inner)
        if self._peek() == "{":
            self._next()
            while self._peek() != "}":
                selection.matchers.append(self._matcher())
                if self._peek() == ",":
                    self._next()
            self._next()
        if self._peek() == "[":
            self._next()
            kind, text = self._next()
            if kind != "length":
                raise UnreadableExpression(f"{text} is no length of time")
            self._expect("]")
            selection.has_range = True
        self._found.selections.append(selection)

    def _matcher(self) -> Matcher:
        (kind, label), (_, sign), (value, text) = (self._next() for _ in range(3))
        if kind != "name" or sign not in ("=", "!=", "=~", "!~") or value != "text":
            raise UnreadableExpression(f"{label} {sign} {text} is no condition")
        return Matcher(label, sign, text[1:-1])

    def _list(self) -> list[str]:
        self._expect("(")
        names = []
        while self._peek() != ")":
            kind, text = self._next()
            if kind == "name":
                names.append(text)
            elif text != ",":
                raise UnreadableExpression(f"{text} is no label")
        self._next()
        return names

    def _expect(self, text: str) -> None:
        if self._next()[1] != text:
            raise UnreadableExpression(f"{text} is missing")

    def _peek(self) -> str | None:
        return self._tokens[self._at][1] if self._at < len(self._tokens) else None

    def _next(self) -> tuple[str, str]:
        if self._at >= len(self._tokens):
            raise UnreadableExpression("it ends too early")
        self._at += 1
        return self._tokens[self._at - 1]
