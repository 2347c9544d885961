"""The names of the icons in `static/icons.svg`. Only the template tags import this."""

from __future__ import annotations

import functools
import re
from pathlib import Path

SPRITE = "icons.svg"


@functools.cache
def icon_names() -> frozenset[str]:
    drawing = (Path(__file__).resolve().parents[2] / "static" / SPRITE).read_text(encoding="utf-8")
    return frozenset(re.findall(r'<symbol id="([a-z-]+)"', drawing))
