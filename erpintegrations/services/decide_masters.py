"""Decide what is to become of the ERP's jobs, vendors and codes: created here, linked to one of ours, or left."""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q, QuerySet

from directory.access import CompanyAccess
from directory.activity import Entry, record
from directory.models import Level, SubjectType, Verb
from erpintegrations.models import ErpConnection, FoundMaster
from erpintegrations.models.counterparts import COUNTERPARTS, Counterpart
from erpintegrations.refusals import ChangedMeanwhile, SetUpNotPossible
from erpintegrations.services.bring_in_masters import number_is_taken
from erpintegrations.services.suggest_masters import refresh_suggestions

State, Likeness = FoundMaster.State, FoundMaster.Likeness

# What is suggested beyond doubt, and what nothing of ours is like.
TO_LINK = Q(likeness__in=(Likeness.SAME, Likeness.NAME), suggested_id__isnull=False)
TO_CREATE = Q(likeness=Likeness.NONE)


@dataclass(frozen=True, slots=True)
class Outlook:
    """What deciding about all of a list at once will come to; `stay` need a person's eye, one by one. `which` is
    another one for other rows, names and suggestions.
    """

    link: int
    create: int
    stay: int
    which: int = 0

    @property
    def total(self) -> int:
        return self.link + self.create + self.stay

    @property
    def token(self) -> str:
        """Another one whenever something else would be done than the person was shown."""
        return f"{self.link}-{self.create}-{self.stay}-{self.which}"


def decide_master(
    *,
    found: FoundMaster,
    decision: str,
    access: CompanyAccess,
    now: datetime.datetime,
    ours_id: int | None = None,
    seen: str = "",
) -> FoundMaster:
    """This function will keep a decision about one row; `ours_id` is which of ours it is to be linked to, `seen` the
    state that the person saw.

    Raises NotAllowed; SetUpNotPossible when it is gone or brought in, its number is taken here, or ours is linked or
    chosen already; ChangedMeanwhile when somebody else was faster.
    """
    access.require_erp_integrations(Level.ADMIN)
    counterpart = COUNTERPARTS[found.kind]
    if seen and seen != found.state:
        raise _somebody_was_faster(found)
    if found.state == State.BROUGHT_IN:
        raise SetUpNotPossible(f"{found} is brought in already.", remedy="There is nothing left to decide about it.")
    if found.gone_at is not None and decision in (State.CREATE, State.LINK):
        erp = found.connection.wording.short_label
        raise SetUpNotPossible(f"{found} is no longer in {erp}.", remedy="Leave it, or wait until it is back.")
    if decision == State.CREATE:
        _refuse_taken_number(found, counterpart, access)
    ours = _ours_to_link(counterpart, ours_id, access) if decision == State.LINK else None
    try:
        with transaction.atomic():
            _write(found, decision, ours)
            _record_one(found, counterpart, decision, ours, access, now)
    except IntegrityError:  # the constraint decides when two choose the same one of ours
        raise SetUpNotPossible(
            f"{ours} is chosen already, for another {counterpart.theirs}.", remedy="Choose another one."
        ) from None
    return found


def look_ahead(
    *, rows: QuerySet[FoundMaster], kind: str, connection: ErpConnection, state: str = State.UNDECIDED
) -> Outlook:
    """This function will bring the suggestions up to date, and count what deciding about all of these rows would do
    that are in this state: undecided, or left.
    """
    with transaction.atomic():
        refresh_suggestions(connection, [kind])
        return _count(_open(rows, state))


def decide_masters(
    *,
    rows: QuerySet[FoundMaster],
    kind: str,
    what: str,
    seen: str,
    connection: ErpConnection,
    access: CompanyAccess,
    now: datetime.datetime,
    state: str = State.UNDECIDED,
) -> Outlook:
    """This function will decide about all of these rows at once that are undecided, or left, and say what it did.

    `what` is "all" (link what is suggested beyond doubt, create what nothing is like), "link" or "leave"; `seen` the
    outlook's token that the person was shown. Raises NotAllowed; ChangedMeanwhile when it is another one by now.
    """
    access.require_erp_integrations(Level.ADMIN)
    with transaction.atomic():
        # One at a time: what is counted here is what is written below.
        ErpConnection.objects.select_for_update(no_key=True).get(pk=connection.pk)
        refresh_suggestions(connection, [kind])
        rows = _open(rows, state)
        outlook = _count(rows)
        if outlook.token != seen:
            raise ChangedMeanwhile(
                "Something changed since you looked: nothing was decided.",
                remedy="Look at the figures as they are now, then decide.",
            )
        if what == "leave":
            done = Outlook(link=0, create=0, stay=rows.update(state=State.LEAVE))
        else:
            linked = rows.filter(TO_LINK).update(state=State.LINK, chosen_id=F("suggested_id"), problem="")
            created = rows.filter(TO_CREATE).update(state=State.CREATE, problem="") if what == "all" else 0
            done = Outlook(link=linked, create=created, stay=0)
        _record_many(connection, kind, what, done, access, now)
    return done


def _open(rows: QuerySet[FoundMaster], state: str) -> QuerySet[FoundMaster]:
    return rows.filter(state=state, gone_at=None).order_by()


def _count(rows: QuerySet[FoundMaster]) -> Outlook:
    counted = rows.aggregate(link=Count("pk", filter=TO_LINK), create=Count("pk", filter=TO_CREATE), total=Count("pk"))
    stay = counted["total"] - counted["link"] - counted["create"]
    shown = hashlib.blake2b(digest_size=8)
    for row in rows.order_by("pk").values_list("pk", "name", "likeness", "suggested_id").iterator(chunk_size=5000):
        shown.update(repr(row).encode())
    return Outlook(counted["link"], counted["create"], stay, int.from_bytes(shown.digest(), "big"))


def _refuse_taken_number(found: FoundMaster, counterpart: Counterpart, access: CompanyAccess) -> None:
    ours = counterpart.model.objects.filter(company=access.company, **{counterpart.number_field: found.erp_id}).first()
    if ours is not None:
        raise SetUpNotPossible(
            number_is_taken(found, counterpart, ours), remedy="Link the two, or give ours another number first."
        )


def _ours_to_link(counterpart: Counterpart, ours_id: int | None, access: CompanyAccess) -> Any:
    ours = counterpart.model.objects.filter(company=access.company, pk=ours_id).first()
    if ours is None:
        raise SetUpNotPossible(f"The {counterpart.ours} to link it to is not there.", remedy="Choose another one.")
    link = counterpart.link.objects.filter(gone_at=None, **{counterpart.ours_field: ours}).first()
    if link is not None:
        raise SetUpNotPossible(f"{ours} is linked already, to {link}.", remedy="Choose another one.")
    return ours


def _write(found: FoundMaster, decision: str, ours: Any) -> None:
    """Only while it is as it was read. Raises ChangedMeanwhile."""
    as_read = FoundMaster.objects.filter(pk=found.pk, state=found.state, chosen_id=found.chosen_id)
    if not as_read.update(state=decision, chosen_id=ours.pk if ours else None, problem=""):
        raise _somebody_was_faster(found)
    found.state, found.chosen_id, found.problem = State(decision), ours.pk if ours else None, ""


def _somebody_was_faster(found: FoundMaster) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"Somebody else decided about {found}, or brought it in.",
        remedy="Look at the list as it is now, then decide again.",
    )


def _record_one(
    found: FoundMaster,
    counterpart: Counterpart,
    decision: str,
    ours: Any,
    access: CompanyAccess,
    now: datetime.datetime,
) -> None:
    _record(
        found.connection,
        f"{counterpart.theirs} {found}",
        {"decision": str(State(decision).label)} | ({"linked_to": str(ours)} if ours else {}),
        access,
        now,
    )


def _record_many(
    connection: ErpConnection, kind: str, what: str, done: Outlook, access: CompanyAccess, now: datetime.datetime
) -> None:
    figures = {"left": done.stay} if what == "leave" else {"to_be_linked": done.link, "to_be_created": done.create}
    _record(connection, str(FoundMaster.Kind(kind).label), figures, access, now)


def _record(
    connection: ErpConnection, what: str, after: dict[str, Any], access: CompanyAccess, now: datetime.datetime
) -> None:
    record(
        Entry(
            company_id=connection.company_id,
            verb=Verb.SET_UP_DECIDED,
            subject_type=SubjectType.CONNECTION,
            subject_id=connection.pk,
            subject_label=what[:1].upper() + what[1:],
            at=now,
            actor=access.user,
            after=after,
        )
    )
