"""A picture of time against size, both by powers of ten, as SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 70, 230, 50, 50
COLOURS = ("#0b5cad", "#b04a00", "#2b7a2b", "#7a3fa0", "#a8123e", "#4a4a4a")
DASHES = ("", "6 3", "2 3", "8 3 2 3", "1 2", "12 4")


@dataclass(frozen=True, slots=True)
class Series:
    """A line: its name, and the points (size, seconds), of which none is zero."""

    name: str
    points: Sequence[tuple[float, float]]


def draw(title: str, series: Sequence[Series]) -> str:
    """The whole picture. Lines differ in colour and in how they are dashed."""
    sizes = [size for line in series for size, _ in line.points]
    seconds = [second for line in series for _, second in line.points]
    across = _Scale(sizes, LEFT, WIDTH - RIGHT)
    upwards = _Scale(seconds, HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"',
        ' font-family="sans-serif" font-size="12">',
        f"<title>{escape(title)}: seconds against the number of records</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="28" font-size="16">{escape(title)}</text>',
        *(_upright(across.place(power), f"{10**power:,}") for power in across.powers),
        *(_level(upwards.place(power), f"{10.0**power:g} s") for power in upwards.powers),
    ]
    for index, line in enumerate(series):
        parts.append(_line(line, index, across, upwards))
    return "\n".join([*parts, "</svg>\n"])


class _Scale:
    """Places on an axis between two pixels, by the power of ten."""

    def __init__(self, values: Sequence[float], start: int, end: int) -> None:
        self._low, high = floor(log10(min(values))), ceil(log10(max(values)))
        self._start, self._step = start, (end - start) / max(1, high - self._low)
        self.powers = range(self._low, max(high, self._low + 1) + 1)

    def place(self, power: float) -> float:
        return round(self._start + (power - self._low) * self._step, 1)


def _upright(x: float, label: str) -> str:
    line = f'<line x1="{x}" y1="{TOP}" x2="{x}" y2="{HEIGHT - BOTTOM}" stroke="#dddddd"/>'
    return f'{line}<text x="{x}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{label}</text>'


def _level(y: float, label: str) -> str:
    line = f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}" stroke="#dddddd"/>'
    return f'{line}<text x="{LEFT - 8}" y="{y + 4}" text-anchor="end">{label}</text>'


def _line(line: Series, index: int, across: _Scale, upwards: _Scale) -> str:
    colour, dashes = COLOURS[index % len(COLOURS)], DASHES[index % len(DASHES)]
    places = [(across.place(log10(size)), upwards.place(log10(second))) for size, second in line.points]
    points = " ".join(f"{x},{y}" for x, y in places)
    y = TOP + 20 * index
    key = f'<line x1="{WIDTH - RIGHT + 15}" y1="{y}" x2="{WIDTH - RIGHT + 45}" y2="{y}" stroke="{colour}"'
    style = f'stroke-width="2" stroke-dasharray="{dashes}"'
    return (
        f'<polyline points="{points}" fill="none" stroke="{colour}" {style}/>{key} {style}/>'
        f'<text x="{WIDTH - RIGHT + 50}" y="{y + 4}">{escape(line.name)}</text>'
    )
