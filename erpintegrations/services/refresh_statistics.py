"""What SQLite knows of how its values are spread, and chooses between indexes by. PostgreSQL keeps that by itself.

Without it, SQLite takes each index for as good as the next: the few links of one project are then looked for among all.
"""

from __future__ import annotations

from django.apps import apps
from django.db import connection

from erpintegrations.models import SyncLink

# Read through again when the links have grown by so much, and not at all while they are few: a million take seconds.
GROWTH = 2
FEWEST = 1000
# It has every link, so that its first figure is how many there were.
INDEX = "link_by_commitment"


def refresh_statistics() -> bool:
    """This function will have SQLite look again if the links have doubled since, and say whether it did."""
    if connection.vendor != "sqlite":
        return False
    count = SyncLink.objects.count()
    if count < FEWEST or count < GROWTH * _counted():
        return False
    for model in apps.get_models():
        # One after another, so that whoever waits to write need not wait for all.
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {connection.ops.quote_name(model._meta.db_table)}")
    return True


def _counted() -> int:
    """How many links there were when SQLite last looked; none if it never did."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'sqlite_stat1'")
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT stat FROM sqlite_stat1 WHERE idx = %s", [INDEX])
        found = cursor.fetchone()
    return int(found[0].split()[0]) if found else 0
