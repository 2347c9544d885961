"""Unlink, Check now, and Unlink selected, as the services do them.

The floor has the same effect by the fewest statements, each handed to the bare drivers. It asks the ERP, at one moment,
who it is, how much it holds, and for the records and jobs, because no link may be closed, and none called present,
without that. Then it writes all that is left behind, in one transaction. Unlink moves the commitment on, whose revision
Undo needs; closes the link with the lines that the commitment has; ends what waits for a second person; and tells the
history. Check now writes what the ERP holds of the record, which needs the exact totals of its lines, and tells the
history of what came back.

It checks no rights, reads no link, locks nothing before it writes, takes no fingerprint of a record, waits for the ERP
without an end, and does not look whether the ERP's tables are still the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from django.db import connection
from django.utils import timezone

from benchmarks import bare_unlink
from benchmarks.data import make_synced_company
from benchmarks.floor import bare_connection
from benchmarks.gone import delete_records, give_lines, reopen
from benchmarks.harness import Against, Case, Way
from benchmarks.syncing import sync
from benchmarks.visitor import Visitor
from directory.access import CompanyAccess, access_for
from erpintegrations.models import Presence, SyncLink
from erpintegrations.selectors.synced_list import open_links
from erpintegrations.services.check_link import check_link
from erpintegrations.services.unlink_commitment import unlink_commitment, unlink_selected

SIZES = (100_000,)
SKIPPED = ""
SELECTED = 1_000
# Of so many links at most one is gone: more at once would wait for a person.
SHARE = 20


def cases(size: int, folder: Path) -> Iterator[Case]:
    synced = make_synced_company(size, folder)
    user = Visitor(synced.company).user
    access = access_for(user, synced.company)
    assert access is not None
    count = min(SELECTED, max(1, size // SHARE))
    links = list(open_links(synced.company).order_by("pk")[: 2 * count + 1])
    there, gone, back = links[0], links[1 : count + 1], links[count + 1 :]
    give_lines(synced.company, [there, *gone, *back])
    delete_records(synced, gone)
    reopen(gone, Presence.DELETED)
    sync(synced.connection.pk)

    with bare_connection() as bare:
        if connection.vendor == "sqlite":
            bare.execute("PRAGMA synchronous = NORMAL")  # as the product's own connection

        def unlink_bare(chosen: Sequence[SyncLink]) -> None:
            if not bare_unlink.gone(synced, chosen):
                raise RuntimeError("Some of the records are there.")
            bare_unlink.unlink(bare, chosen, user)

        def record_bare(chosen: Sequence[SyncLink]) -> None:
            records = bare_unlink.found(synced, chosen)
            if len(records) != len(chosen):
                raise RuntimeError("Some of the records are gone.")
            bare_unlink.record(bare, chosen, records, user)

        yield _case("Unlink", size, gone[:1], Presence.DELETED, partial(_unlink, gone[0], access), unlink_bare, 5)
        yield _case("Check now", size, [there], Presence.PRESENT, partial(_check, there, access), record_bare, 5)
        selected = partial(_unlink_all, gone, access, 0)
        yield _case(f"Unlink {count:,} selected", size, gone, Presence.DELETED, selected, unlink_bare, 3)
        refused = partial(_unlink_all, back, access, count)
        name = f"Unlink {count:,} selected, all of which are back"
        yield _case(name, size, back, Presence.DELETED, refused, record_bare, 3)


def _case(
    name: str,
    size: int,
    links: Sequence[SyncLink],
    presence: Presence,
    ours: Callable[[], object],
    bare: Callable[[Sequence[SyncLink]], None],
    target: float,
) -> Case:
    again = partial(reopen, links, presence)
    floor = Way("bare statements", partial(bare, links), before=again)
    return Case(name, size, ours=Way("service", ours, before=again), against=[Against(floor, target=target)])


def _unlink(link: SyncLink, access: CompanyAccess) -> None:
    unlink_commitment(link=link, access=access, now=timezone.now())


def _check(link: SyncLink, access: CompanyAccess) -> None:
    check_link(link=link, access=access, now=timezone.now())


def _unlink_all(links: Sequence[SyncLink], access: CompanyAccess, refused: int) -> None:
    outcomes = unlink_selected(links=links, access=access, now=timezone.now())
    if sum(not outcome.unlinked for outcome in outcomes) != refused:
        raise RuntimeError(f"Not {refused:,} of {len(links):,} were refused.")
