"""Draw the picture of docs/FANOUT.md; runs in an environment of its own.

python plot.py FIGURES.json PICTURE.png
"""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt

COLOURS = {
    "ours": "#d6336c",
    "strawberry": "#adb5bd",
    "graphql-ws": "#868e96",
    "broadcast": "#74a9cf",
    "floor": "#2b8cbe",
}
LABELS = {
    "ours": "kimchi-premium",
    "strawberry": "Strawberry",
    "graphql-ws": "graphql-ws (Node)",
    "broadcast": "websockets.broadcast",
    "floor": "C floor",
}
PANELS = (
    ("board", "per_second", "board of 200 coins: delivered messages/s"),
    ("coin", "per_second", "one coin: delivered messages/s"),
    ("own", "cpu_us", "10 own symbols each: CPU µs per message (less is better)"),
    ("memory", "kb", "KB per idle subscriber (less is better)"),
)


def panel(axes: Any, servers: dict[str, list[dict[str, float]]], key: str) -> None:
    """Draw the servers' medians of one figure as bars."""
    told = {name: [row[key] for row in rows] for name, rows in servers.items() if rows}
    values = [median(figures) for figures in told.values()]
    colours = [COLOURS[name] for name in told]
    bars = axes.barh([LABELS[name] for name in told], values, color=colours)
    axes.bar_label(
        bars,
        [f"{value:,.3g}" if value < 100 else f"{value:,.0f}" for value in values],
        padding=4,
    )
    axes.margins(x=0.18)
    axes.spines[["top", "right"]].set_visible(False)


def main(figures: Path, picture: Path) -> None:
    """Draw every panel of which there are figures."""
    rows = json.loads(figures.read_text())
    panels = [each for each in PANELS if any(rows.get(each[0], {}).values())]
    drawn, grid = plt.subplots(
        len(panels), 1, figsize=(9, 2.1 * len(panels)), squeeze=False
    )
    for axes, (part, key, title) in zip(grid[:, 0], panels, strict=True):
        axes.set_title(title, loc="left", fontsize=10)
        panel(axes, rows[part], key)
        if key != "kb":
            axes.set_xscale("log")
            # One origin, or lengths would mean nothing; room for the numbers.
            axes.set_xlim(1, axes.dataLim.xmax * 6)
    drawn.tight_layout()
    drawn.savefig(picture, dpi=110)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
