"""A function of our own, written line by line and then compiled.

Text from clients never gets into it: names and values are bound as constants.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

_INDENT: Final = "    "


class Draft:
    """Lines of the body of one function, and the constants that they name."""

    def __init__(self, *parameters: str) -> None:
        self._parameters = parameters
        self._lines: list[str] = []
        self._depth = 1
        self._count = 0
        self._names: dict[int, str] = {}
        self.constants: dict[str, object] = {}

    def fresh(self) -> str:
        """Return a name that is not taken."""
        self._count += 1
        return f"x{self._count}"

    def constant(self, value: object) -> str:
        """Return the name of a constant; the same object has one name."""
        known = self._names.get(id(value))
        if known is None:
            known = self._names[id(value)] = f"C{len(self.constants)}"
            self.constants[known] = value
        return known

    def line(self, text: str) -> None:
        """Add a line."""
        self._lines.append(_INDENT * self._depth + text)

    def name(self, expression: str) -> str:
        """Add an assignment to a fresh name; return that."""
        if expression.isidentifier():
            return expression
        name = self.fresh()
        self.line(f"{name} = {expression}")
        return name

    @contextmanager
    def block(self, head: str) -> Iterator[None]:
        """Add a head such as `if x:`, then what is added within as its block."""
        self.line(head)
        self._depth += 1
        yield
        self._depth -= 1

    @property
    def text(self) -> str:
        """The source of the function."""
        head = f"def written({', '.join(self._parameters)}):"
        return "\n".join([head, *self._lines])

    def compiled(self) -> Callable[..., Any]:
        """Return the function.

        Raises:
            SyntaxError, RecursionError: nested beyond what the interpreter takes.
        """
        code = compile(self.text, "<selection>", "exec", dont_inherit=True)
        space = dict(self.constants)
        exec(code, space)  # noqa: S102 (our own text: no word of it is a client's)
        # Taken out of its own globals, so that it is gone once nobody holds it.
        made: Callable[..., Any] = space.pop("written")  # type: ignore[assignment]  # made by the line above
        return made


class Parts:
    """A text in the making: fixed words, and names of the code that hold texts."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._found: list[tuple[bool, str]] = []

    def fixed(self, text: str) -> None:
        """Add words that are the same each time."""
        if self._found and self._found[-1][0]:
            text = self._found.pop()[1] + text
        self._found.append((True, text))

    def made(self, text: str) -> None:
        """Add an expression of the code; it is evaluated here."""
        self._found.append((False, self._draft.name(text)))

    def text(self) -> str:
        """Return all of it as an expression."""
        names = [
            self._draft.constant(text) if is_fixed else text
            for is_fixed, text in self._found
        ]
        whole = "".join(f"{{{name}}}" for name in names)
        return names[0] if len(names) == 1 else f"f'{whole}'"

    def flush(self) -> None:
        """Add a line that puts all of it, as bytes, into `out`; begin anew."""
        if self._found:
            self._draft.line(f"out.append({self._bytes()})")
            self._found.clear()

    def _bytes(self) -> str:
        if all(is_fixed for is_fixed, _ in self._found):
            whole = "".join(text for _, text in self._found)
            return self._draft.constant(whole.encode())
        return f"({self.text()}).encode()"
