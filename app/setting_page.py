"""docs/SETTINGS.md, made from the settings themselves.

`python -m app.setting_page > docs/SETTINGS.md` renews it; a test compares.
"""

import json
import sys
from pathlib import Path

from pydantic_core import PydanticUndefined

from app.settings import allowed_values, setting_names

_HEAD = """# Settings

Environment variables, read once at the start. A wrong value stops the program with the
setting's name, its value and what is allowed; an unknown `KIMP_…` name is told and
ignored. The environment beats every default, in `make demo` too.

| setting | default | meaning |
|---|---|---|
"""


def settings_markdown() -> str:
    """Return the page."""
    rows = []
    for name, field in setting_names().items():
        allowed = allowed_values(field)
        note = (
            f" One of {allowed}."
            if allowed and "JSON list" not in (field.description or "")
            else ""
        )
        text = f"{field.description}{note}".replace("|", "\\|")
        rows.append(f"| `{name}` | `{_text(field.default)}` | {text} |")
    return _HEAD + "\n".join(rows) + "\n"


def _text(value: object) -> str:
    if value is PydanticUndefined or value == "":
        return " "
    if isinstance(value, tuple):
        return json.dumps(list(value))
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | Path) else json.dumps(value)


if __name__ == "__main__":
    sys.stdout.write(settings_markdown())
