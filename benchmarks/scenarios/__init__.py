"""One module a scenario, each offering what `benchmarks.harness.Scenario` asks for; here they are listed by title."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from benchmarks.harness import Scenario

TITLES = {
    "sync_unchanged": "Sync, nothing changed",
    "sync_changed": "Sync, 1 % changed, 1 % gone, all new",
    "sync_instead": "Sync, against what people write instead",
    "synced_list": "Synced list",
    "unlinking": "Unlink, Check now, Unlink selected",
    "load": "Under load",
    "companies": "Many companies",
    "start": "Start, and memory while idle",
}


def load(name: str) -> Scenario:
    """The scenario's module. Django has to be set up."""
    return cast("Scenario", importlib.import_module(f"benchmarks.scenarios.{name}"))
