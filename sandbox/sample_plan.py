"""What the sample company consists of: the same every time, but for the dates, which lie before today. Pure.

120 subcontracts and 80 purchase orders; every fourth is not sent, the other 150 have their record in Sage. What happens
to some of these later, so that each state of a link shows, is their `fate`.
"""

from __future__ import annotations

import datetime
import random
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from sandbox import sample_names as names
from sandbox.sage_file import PURCHASE_ORDER, SUBCONTRACT

SEED = 100
FIRST_SUBCONTRACT, SUBCONTRACTS = 1001, 120
FIRST_PURCHASE_ORDER, PURCHASE_ORDERS = 2001, 80
NOT_SENT_EVERY = 4
SUBCONTRACT_STATUSES = ("draft", "out_for_bid", "out_for_signature", "approved", "terminated", "void")
PURCHASE_ORDER_STATUSES = ("draft", "processing", "submitted", "approved", "closed")
HUNDRED = Decimal(100)


class Fate(StrEnum):
    """What happens in Sage between the sample's two syncs."""

    NONE = "none"
    DELETED = "deleted"
    VOIDED = "voided"
    PURGED = "purged"
    INVOICED = "invoiced"


FATES = {
    **dict.fromkeys(("SC-1003", "SC-1017", "SC-1031", "SC-1055", "SC-1078", "SC-1101"), Fate.DELETED),
    **dict.fromkeys(("PO-2005", "PO-2026", "PO-2051"), Fate.VOIDED),
    **dict.fromkeys(("SC-1066", "PO-2033"), Fate.PURGED),
    **dict.fromkeys(("SC-1006", "SC-1022", "SC-1045", "SC-1090", "PO-2010"), Fate.INVOICED),
}


class Drift(StrEnum):
    """What somebody changes in Sage, between the two syncs, of a record that is linked."""

    AMOUNT = "amount"
    VENDOR = "vendor"
    LINES = "lines"


class Way(StrEnum):
    """How far a commitment has come that was sent to the ERP, between the two syncs."""

    READY = "ready"
    REJECTED = "rejected"
    FAILED = "failed"
    AWAITING = "awaiting"


DRIFTS = {"SC-1011": Drift.AMOUNT, "SC-1014": Drift.VENDOR, "SC-1019": Drift.LINES}
# All of them Approved; the other Approved ones that are not sent can be sent as they are.
WAYS = {
    **dict.fromkeys(("SC-1016", "SC-1040", "PO-2016"), Way.READY),
    "SC-1064": Way.REJECTED,
    "PO-2036": Way.FAILED,
    "SC-1088": Way.AWAITING,
}
# Somebody keyed these in by hand, though the commitments wait here: as they are, with another amount, under the
# vendor's own number. They wait to be adopted, and are Approved, as adopting asks for.
KEYED_IN = KEYED_IN_AS_IT_IS, KEYED_IN_FOR_MORE, KEYED_IN_AS_ANOTHER = "SC-1004", "SC-1020", "PO-2008"
ANOTHER_NUMBER, MORE = "GL-88213", Decimal("1500.00")
# Booked under a small job of their own; the purged ones under the job that is removed.
JOBS = {
    **dict.fromkeys((number for number, fate in FATES.items() if fate is Fate.PURGED), names.REMOVED_JOB),
    **dict.fromkeys(("SC-1070", "SC-1073", "PO-2037"), names.PARKING_JOB),
}
PROJECT_OF_JOB = {job.number: job.project for job in names.SAGE_JOBS}


@dataclass(frozen=True, slots=True)
class PlannedLine:
    description: str
    cost_code: str
    cost_type: int
    quantity: Decimal
    unit: str
    unit_cost: Decimal

    @property
    def amount(self) -> Decimal:
        return (self.quantity * self.unit_cost).quantize(Decimal("0.01"))


@dataclass(frozen=True, slots=True)
class Planned:
    """A commitment of ours, a record in Sage, or both. `project` is "" for a record that is in Sage alone."""

    kind: str
    number: str
    title: str
    project: str
    job: int
    vendor: int
    status: str
    contract_date: datetime.date
    is_linked: bool
    fate: Fate
    lines: tuple[PlannedLine, ...]

    @property
    def amount(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True, slots=True)
class Plan:
    """`vendors` maps a vendor's number to its name; `in_sage_alone` are records without a commitment of ours, and
    `keyed_in_by_hand` those of commitments that were never sent.
    """

    vendors: dict[int, str]
    commitments: list[Planned]
    in_sage_alone: list[Planned]
    keyed_in_by_hand: list[Planned]

    @property
    def linked(self) -> list[Planned]:
        return [planned for planned in self.commitments if planned.is_linked]

    def with_fate(self, fate: Fate) -> list[Planned]:
        return [planned for planned in self.commitments if planned.fate is fate]


def make_plan(today: datetime.date) -> Plan:
    """The sample company as it is to be on this day."""
    chance = random.Random(SEED)  # noqa: S311  the same figures every time, nothing secret
    traders = [each.name for each in names.SUBCONTRACTORS] + [each.name for each in names.SUPPLIERS]
    commitments = [
        _commitment(SUBCONTRACT, FIRST_SUBCONTRACT + index, index, today, chance) for index in range(SUBCONTRACTS)
    ] + [
        _commitment(PURCHASE_ORDER, FIRST_PURCHASE_ORDER + index, index, today, chance)
        for index in range(PURCHASE_ORDERS)
    ]
    return Plan(
        vendors={401 + index: name for index, name in enumerate(traders)},
        commitments=commitments,
        in_sage_alone=[_in_sage_alone(index, today, chance) for index in range(12)],
        keyed_in_by_hand=_keyed_in_by_hand({planned.number: planned for planned in commitments}),
    )


def _keyed_in_by_hand(ours: dict[str, Planned]) -> list[Planned]:
    dearer = ours[KEYED_IN_FOR_MORE]
    first, *others = dearer.lines
    return [
        ours[KEYED_IN_AS_IT_IS],
        replace(dearer, lines=(replace(first, unit_cost=first.unit_cost + MORE), *others)),
        replace(ours[KEYED_IN_AS_ANOTHER], number=ANOTHER_NUMBER),
    ]


def _commitment(kind: str, ordinal: int, index: int, today: datetime.date, chance: random.Random) -> Planned:
    number = f"{'SC' if kind == SUBCONTRACT else 'PO'}-{ordinal}"
    is_linked = ordinal % NOT_SENT_EVERY != 0
    job = JOBS.get(number) or list(names.JOB_OF_PROJECT.values())[index % 3]
    vendor, title, lines = _purchase(kind, index, chance)
    statuses = SUBCONTRACT_STATUSES if kind == SUBCONTRACT else PURCHASE_ORDER_STATUSES
    is_approved = is_linked or number in KEYED_IN
    days_ago = chance.randint(60, 380) if is_linked else chance.randint(3, 55)
    return Planned(
        kind=kind,
        number=number,
        title=title,
        project=PROJECT_OF_JOB[job],
        job=job,
        vendor=vendor,
        status="approved" if is_approved else statuses[index // NOT_SENT_EVERY % len(statuses)],
        contract_date=_weekday(today - datetime.timedelta(days=days_ago)),
        is_linked=is_linked,
        fate=FATES.get(number, Fate.NONE),
        lines=lines,
    )


def _in_sage_alone(index: int, today: datetime.date, chance: random.Random) -> Planned:
    kind = SUBCONTRACT if index % 3 else PURCHASE_ORDER
    vendor, title, lines = _purchase(kind, index + 5, chance)
    return Planned(
        kind=kind,
        number=f"{'SC' if kind == SUBCONTRACT else 'PO'}-{900 + index}",
        title=title,
        project="",
        job=(90, 106, 107)[index % 3] if index < 9 else 101 + index % 3,
        vendor=vendor,
        status="approved",
        contract_date=_weekday(today - datetime.timedelta(days=chance.randint(90, 900))),
        is_linked=False,
        fate=Fate.NONE,
        lines=lines,
    )


def _purchase(kind: str, index: int, chance: random.Random) -> tuple[int, str, tuple[PlannedLine, ...]]:
    """Who is paid, for what: the vendor's number, the title, the lines."""
    area = names.AREAS[(index // 8 + index) % len(names.AREAS)]
    if kind == SUBCONTRACT:
        position = index % len(names.SUBCONTRACTORS)
        subcontractor = names.SUBCONTRACTORS[position]
        work = subcontractor.work[: chance.randint(2, len(subcontractor.work))]
        lines = tuple(_lump_sum(what, subcontractor.cost_code, chance) for what in work)
        return 401 + position, f"{subcontractor.scope} - {area}", lines
    position = index % len(names.SUPPLIERS)
    supplier = names.SUPPLIERS[position]
    lines = tuple(_goods(*goods, supplier.cost_code, chance) for goods in supplier.goods)
    return 401 + len(names.SUBCONTRACTORS) + position, f"{supplier.scope} - {area}", lines


def _lump_sum(what: str, cost_code: str, chance: random.Random) -> PlannedLine:
    amount = Decimal(chance.randint(48, 1900)) * HUNDRED + Decimal(chance.choice((0, 25, 50, 75)))
    return PlannedLine(what, cost_code, 4, Decimal(1), "LS", amount)


def _goods(what: str, unit: str, unit_cost: Decimal, cost_code: str, chance: random.Random) -> PlannedLine:
    # About the same worth of each: a few panels, or a truck of studs.
    quantity = max(1, round(chance.randint(1500, 24000) / float(unit_cost)))
    return PlannedLine(what, cost_code, 3 if unit in ("wk", "hr", "mo") else 1, Decimal(quantity), unit, unit_cost)


def _weekday(day: datetime.date) -> datetime.date:
    return day - datetime.timedelta(days=max(0, day.weekday() - 4))
