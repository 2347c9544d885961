"""How many characters the ERP keeps of each text: what is in force now, from what was last read. Pure."""

from __future__ import annotations

from dataclasses import fields

from erpintegrations.connectors.base import TextWidths
from erpintegrations.models import ErpConnection

NAMES = tuple(field.name for field in fields(TextWidths))


def widths_of(connection: ErpConnection) -> TextWidths:
    """As last read from the connected database; the published limits for what was never read."""
    read = connection.text_widths
    return TextWidths(**{name: read[name] for name in NAMES if isinstance(read.get(name), int) and read[name] > 0})


def as_stored(text: str) -> str:
    """A text of one line as the ERP keeps it, before its width is looked at."""
    return " ".join(text.split())
