"""The three use cases: create, edit, delete. Each checks rights and locks itself and writes once, conditionally."""

from __future__ import annotations

import copy
import datetime
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.db.models import F, ProtectedError

from commitments.editing import story
from commitments.editing.checking import find_faults
from commitments.editing.inputs import FIELD_LABELS, HEADER_FIELDS, CommitmentInput, LineInput, plain
from commitments.editing.locks import locked_fields, why_all_locked, why_not_delete
from commitments.models import Commitment, ScheduleOfValuesLine, Vendor
from commitments.refusals import CommitmentInvalid, CommitmentLocked, EditedMeanwhile, NotDeletable
from directory.access import CompanyAccess
from directory.activity import Entry, record
from directory.models import Level, Project, SubjectType, Verb

Lines = Sequence[ScheduleOfValuesLine]
COLUMNS = {name: "vendor_id" if name == "vendor" else name for name in HEADER_FIELDS}


def create_commitment(
    *,
    project: Project,
    kind: str,
    header: CommitmentInput,
    lines: Sequence[LineInput],
    access: CompanyAccess,
    now: datetime.datetime,
) -> Commitment:
    """This function will create a commitment with its schedule of values, and record that in the history.

    Raises NotAllowed; CommitmentInvalid with everything that is wrong at once.
    """
    _require_admin(project, access)
    header, lines = _tidied(header, lines)
    _require_valid(project, kind, header, lines, None)
    commitment = Commitment(
        company_id=project.company_id, project=project, kind=kind, created_at=now, updated_at=now, **_columns(header)
    )
    commitment.amount = _total(lines)
    try:
        with transaction.atomic():
            commitment.save(force_insert=True)
            _write_lines(commitment, lines, known_ids=frozenset())
            record(
                _entry(commitment, Verb.COMMITMENT_CREATED, access, now, after=story.created(commitment, len(lines)))
            )
    except IntegrityError:
        # Somebody took the number, or a cost code went, between looking and writing: say which.
        _require_valid(project, kind, header, lines, None)
        raise
    return commitment


def update_commitment(
    *,
    commitment: Commitment,
    seen_revision: int,
    header: CommitmentInput,
    lines: Sequence[LineInput],
    access: CompanyAccess,
    now: datetime.datetime,
) -> Commitment:
    """This function will make a commitment what is wanted, and record what differs. No difference: nothing is done.

    `seen_revision` is the one whose values the person saw. A line keeps its id. Raises NotAllowed; EditedMeanwhile
    when the commitment is of another revision by now; CommitmentLocked when what differs is locked; CommitmentInvalid
    with everything that is wrong at once.
    """
    _require_admin(commitment.project, access)
    current = _current(commitment)
    if current is None or current.revision != seen_revision:
        raise edited_meanwhile(commitment)
    old_lines = list(current.lines.select_related("cost_code", "cost_type"))
    header, lines = _tidied(header, lines)
    changed = _changed_fields(current, old_lines, header, lines)
    _require_unlocked(current, changed)
    if not changed:
        return current
    _require_valid(current.project, current.kind, header, lines, current)
    return _update(current, old_lines, header, lines, changed, access, now)


def delete_commitment(
    *, commitment: Commitment, seen_revision: int, access: CompanyAccess, now: datetime.datetime
) -> None:
    """This function will delete a commitment with its lines for good; the history keeps what it was.

    Raises NotAllowed; EditedMeanwhile; NotDeletable unless it is a Draft that the ERP does not know.
    """
    _require_admin(commitment.project, access)
    current = _current(commitment)
    if current is None or current.revision != seen_revision:
        raise edited_meanwhile(commitment)
    refusal = why_not_delete(current)
    if refusal is not None:
        raise refusal
    old_lines = list(current.lines.select_related("cost_code", "cost_type"))
    entry = _entry(current, Verb.COMMITMENT_DELETED, access, now, before=story.deleted(current, old_lines))
    try:
        with transaction.atomic():
            _claim(current)
            record(entry)
            Commitment.objects.filter(pk=current.pk).delete()
    except (IntegrityError, ProtectedError):
        raise NotDeletable(
            f"{current.short_label()} is linked to the ERP, so it cannot be deleted.",
            remedy="Unlink it, set its status to Draft, then delete it.",
        ) from None
    except OperationalError:
        # Undo locks a link and then its commitment, deleting the other way round: the database lets one of them go on.
        raise edited_meanwhile(current) from None


def edited_meanwhile(commitment: Commitment) -> EditedMeanwhile:
    return EditedMeanwhile(
        f"Somebody else changed {commitment.short_label()} since you opened it. Nothing was saved.",
        remedy="Look at what changed, then save again.",
    )


def _require_admin(project: Project, access: CompanyAccess) -> None:
    if project.company_id != access.company.pk:
        raise Project.DoesNotExist("This project belongs to another company.")
    access.require_commitments(project, Level.ADMIN)


def _current(commitment: Commitment) -> Commitment | None:
    return Commitment.objects.select_related("project", "vendor").filter(pk=commitment.pk).first()


def _tidied(header: CommitmentInput, lines: Sequence[LineInput]) -> tuple[CommitmentInput, list[LineInput]]:
    return header.tidied(), [line.tidied(header.accounting_method) for line in lines]


def _changed_fields(
    current: Commitment, old_lines: Lines, header: CommitmentInput, lines: Sequence[LineInput]
) -> list[str]:
    was = CommitmentInput.of(current)
    changed = [name for name in HEADER_FIELDS if plain(getattr(was, name)) != plain(getattr(header, name))]
    old = [LineInput.of(line).tidied(current.accounting_method) for line in old_lines]
    if [_comparable(line) for line in old] != [_comparable(line) for line in lines]:
        changed.append("lines")
    return changed


def _comparable(line: LineInput) -> tuple[Any, ...]:
    figures = (line.quantity, line.unit_cost, line.amount)
    return (line.id, line.cost_code, line.cost_type, line.description, line.unit_of_measure, *map(plain, figures))


def _require_unlocked(current: Commitment, changed: list[str]) -> None:
    locked = locked_fields(current)
    touched = [name for name in changed if name in locked]
    if why_all_locked(current):
        raise CommitmentLocked(
            f"{current.short_label()} is locked. {why_all_locked(current)}", fields=touched or list(locked)
        )
    if touched:
        names = ", ".join(FIELD_LABELS[name] for name in touched)
        raise CommitmentLocked(f"Locked: {names}. {locked[touched[0]]}", fields=touched)


def _require_valid(
    project: Project, kind: str, header: CommitmentInput, lines: Sequence[LineInput], current: Commitment | None
) -> None:
    locked = locked_fields(current) if current else {}
    faults = find_faults(project=project, kind=kind, header=header, lines=lines, current=current)
    # What is locked stays as it is, whatever today's rules would say of it.
    open_faults = [fault for fault in faults if (fault.field if fault.line is None else "lines") not in locked]
    if open_faults:
        raise CommitmentInvalid(open_faults)


def _update(
    current: Commitment,
    old_lines: Lines,
    header: CommitmentInput,
    lines: Sequence[LineInput],
    changed: list[str],
    access: CompanyAccess,
    now: datetime.datetime,
) -> Commitment:
    wanted = copy.copy(current)
    for column, value in _columns(header).items():
        setattr(wanted, column, value)
    if "vendor" in changed:
        wanted.vendor = Vendor.objects.get(company_id=current.company_id, pk=header.vendor or 0)
    if "lines" in changed:
        wanted.amount = _total(lines)
    try:
        with transaction.atomic():
            _claim(current, **_columns(header), amount=wanted.amount, updated_at=now)
            new_lines = old_lines
            if "lines" in changed:
                new_lines = _write_lines(wanted, lines, known_ids=frozenset(line.pk for line in old_lines))
            before, after = story.edited(current, wanted, old_lines, new_lines)
            record(_entry(wanted, Verb.COMMITMENT_EDITED, access, now, before=before, after=after))
    except IntegrityError:
        _require_valid(current.project, current.kind, header, lines, current)
        raise
    wanted.revision, wanted.updated_at = current.revision + 1, now
    return wanted


def _claim(current: Commitment, **values: Any) -> None:
    """Only while it is as it was read. Raises EditedMeanwhile, which rolls back what was begun."""
    unchanged = Commitment.objects.filter(
        pk=current.pk, revision=current.revision, erp_status=current.erp_status, status=current.status
    )
    if unchanged.update(revision=F("revision") + 1, **values) != 1:
        raise edited_meanwhile(current)


def _write_lines(commitment: Commitment, lines: Sequence[LineInput], *, known_ids: frozenset[int]) -> Lines:
    """All lines anew, in a number of statements that does not grow with them; those that were there keep their ids."""
    ScheduleOfValuesLine.objects.filter(commitment=commitment).delete()
    ScheduleOfValuesLine.objects.bulk_create(
        ScheduleOfValuesLine(
            pk=line.id if line.id in known_ids else None,
            commitment=commitment,
            position=position,
            **_line_columns(line),
        )
        for position, line in enumerate(_each_id_once(lines), start=1)
    )
    return list(commitment.lines.select_related("cost_code", "cost_type"))


def _each_id_once(lines: Sequence[LineInput]) -> list[LineInput]:
    """A line that is sent twice is a line and its copy."""
    seen: set[int] = set()
    once = []
    for line in lines:
        once.append(replace(line, id=None) if line.id in seen else line)
        if line.id is not None:
            seen.add(line.id)
    return once


def _line_columns(line: LineInput) -> dict[str, Any]:
    return {
        "cost_code_id": line.cost_code,
        "cost_type_id": line.cost_type,
        "description": line.description,
        "quantity": line.quantity,
        "unit_of_measure": line.unit_of_measure,
        "unit_cost": line.unit_cost,
        "amount": line.amount,
    }


def _columns(header: CommitmentInput) -> dict[str, Any]:
    return {column: getattr(header, name) for name, column in COLUMNS.items()}


def _total(lines: Sequence[LineInput]) -> Decimal:
    return sum((line.amount or Decimal(0) for line in lines), Decimal("0.00"))


def _entry(
    commitment: Commitment,
    verb: Verb,
    access: CompanyAccess,
    now: datetime.datetime,
    *,
    before: Any = None,
    after: Any = None,
) -> Entry:
    return Entry(
        company_id=commitment.company_id,
        project_id=commitment.project_id,
        verb=verb,
        subject_type=SubjectType.COMMITMENT,
        subject_id=commitment.pk,
        subject_label=f"{commitment.short_label()} {commitment.title}",
        at=now,
        actor=access.user,
        before=before or {},
        after=after or {},
    )
