"""What the product needs of an ERP: the words it speaks, and the errors it may raise.

Nothing in this package knows Django's models. Services call a `Connector`; the connector answers with the frozen
dataclasses below, or raises `Retryable` or `NeedsAttention`. Any other exception is a bug in the connector.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Protocol


class CommitmentKind(StrEnum):
    """The two kinds of commitment, in the values that the database stores."""

    SUBCONTRACT = "subcontract"
    PURCHASE_ORDER = "purchase_order"


class Standing(StrEnum):
    """How far a record is that the company and its vendor agreed upon. One that they did not has none."""

    AGREED = "agreed"
    FINISHED = "finished"


class ErpError(Exception):
    """Something in the way between us and the ERP, told in two voices.

    `problem` and `remedy` are sentences for the person who looks at the page; `cause` is for the log and never
    holds a secret (no URL, login or password). `out_of_reach` is True when nothing was there to be asked: what was
    recorded before then still stands. Otherwise something answered, but not as the company's ERP would.
    """

    out_of_reach = False

    def __init__(self, problem: str, *, remedy: str, cause: str = "", out_of_reach: bool | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.remedy = remedy
        self.cause = cause
        if out_of_reach is not None:
            self.out_of_reach = out_of_reach


class Retryable(ErpError):
    """It may work in a minute: unreachable, timed out, busy, cut off in the middle of a read."""

    out_of_reach = True


class NeedsAttention(ErpError):
    """It stays so until a person acts: wrong database, missing table or column, sign-in refused, empty ERP."""


class RecordsUnreadable(NeedsAttention):
    """Something in single records cannot be read; the others can. `problems` says by their ids what it is."""

    def __init__(self, problems: dict[str, NeedsAttention]) -> None:
        first = next(iter(problems.values()))
        super().__init__(first.problem, remedy=first.remedy, cause=first.cause)
        self.problems = {erp_id: error.problem for erp_id, error in problems.items()}


@dataclass(frozen=True, slots=True)
class ErpIdentity:
    """Which server, database and company answered. Compared whole: another one is never read as deletions."""

    server: str
    database: str
    company: str


@dataclass(frozen=True, slots=True)
class ErpRecord:
    """A subcontract or purchase order as the ERP has it now. Amounts are in the company's currency.

    `amount` is the sum of the lines as first agreed; `changed_amount` what change orders added; `invoiced_amount`
    what has been billed or received. Texts are trimmed, ids lower case. `lines_digest` is another one whenever the
    number, amount, cost code or cost type of a line is another one. `fingerprint` is another one whenever anything at
    all that was read of the record is another one: while it stays, the rest need not be looked at.
    """

    erp_id: str
    kind: CommitmentKind
    number: str
    job_id: str
    vendor_id: str
    description: str
    status: str
    is_void: bool
    contract_date: datetime.date | None
    amount: Decimal
    changed_amount: Decimal
    invoiced_amount: Decimal
    updated_at: datetime.datetime | None
    lines_digest: str = ""
    fingerprint: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class LookUp:
    """The answer to "what became of these records?": those found, and which of the asked jobs are still there.

    `commitment_count` is how many subcontracts and purchase orders there are in all: where there is none, or suddenly
    far fewer, "not there" proves nothing by itself.
    """

    identity: ErpIdentity
    records: dict[str, ErpRecord]
    job_ids: frozenset[str]
    commitment_count: int


@dataclass(frozen=True, slots=True)
class ErpLine:
    """One line of a record. `quantity` and `unit_price` are None where the ERP keeps none (subcontracts).

    `total_amount` is what the ERP itself says amount and changed amount make, None where it says nothing;
    `cancelled_quantity` how much of the quantity was cancelled.
    """

    number: int
    description: str
    cost_code: str
    cost_type: str
    quantity: Decimal | None
    unit_price: Decimal | None
    amount: Decimal
    changed_amount: Decimal
    invoiced_amount: Decimal
    total_amount: Decimal | None = None
    cancelled_quantity: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class StatedAmounts:
    """What a record's header says of the record, whatever its lines say: `total` is `subtotal` and `sales_tax`."""

    subtotal: Decimal
    sales_tax: Decimal
    total: Decimal
    cancelled: Decimal


@dataclass(frozen=True, slots=True)
class ErpDetail:
    """A record with its lines, in the ERP's order. `recnum` is its running number, as a bridge's receipt has it;
    `retainage` in percent, and `stated`, None where the ERP keeps none.
    """

    record: ErpRecord
    lines: tuple[ErpLine, ...]
    recnum: int | None = None
    retainage: Decimal | None = None
    stated: StatedAmounts | None = None


@dataclass(frozen=True, slots=True)
class TextWidths:
    """How many characters the ERP keeps of each text. The defaults are the published limits of Sage 100 Contractor."""

    number: int = 12
    title: int = 30
    line_description: int = 30
    vendor_name: int = 30


WIDTH_LABELS = {
    "number": "Number",
    "title": "Title",
    "line_description": "Description of a line",
    "vendor_name": "Name of a vendor",
}


@dataclass(frozen=True, slots=True)
class Master:
    """A job, vendor, cost code or cost type: its number in the ERP as text, its names, its status ("4-Current")."""

    erp_id: str
    name: str
    short_name: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class Masters:
    """What commitments in the ERP refer to, each in the order of its number."""

    jobs: tuple[Master, ...]
    vendors: tuple[Master, ...]
    cost_codes: tuple[Master, ...]
    cost_types: tuple[Master, ...]


Choose = Callable[[Sequence[str]], Sequence[int]]
"""Says of many fingerprints, by their places, of which the records are wanted."""


class Reading(Protocol):
    """One consistent reading of the whole ERP side, all from the same moment.

    `batches` and `records` stream each record once and raise `Retryable` at their end unless exactly as many rows came
    as the ERP counted beforehand: a reading that ends without an error is complete.
    """

    identity: ErpIdentity
    job_ids: frozenset[str]
    counted: int

    def batches(self, choose: Choose) -> Iterator[Sequence[ErpRecord]]:
        """Read everything, many at a time, and make plain only what is chosen of them. Some batches may be empty."""
        ...

    def records(self) -> Iterator[ErpRecord]: ...

    def last_change(self) -> datetime.datetime | None:
        """When any record was last changed, by the ERP's own clock."""
        ...


@dataclass(frozen=True, slots=True)
class EntryScreen:
    """The ERP's own screen for keying in a record: its boxes and its grid's columns, each (field, label), in order."""

    name: str
    boxes: tuple[tuple[str, str], ...]
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Wording:
    """How pages speak of this ERP; the rest of the product names no ERP itself.

    `how_to_delete` says per kind where in the ERP a record is deleted: "In …, open … and choose …". It reads alone, and
    after "Please delete it before retrying."
    `why_refused` says per kind why the ERP refuses to delete an invoiced or changed record, and what to do instead. It
    reads alone and after "But", with `{amounts}` in the place of a clause such as "1,234.00 is invoiced".
    `entry_screens` are the screens on which each kind is keyed in by hand.
    `standings` say per kind what a record's status in the ERP means; one that is not among them was not agreed upon.
    """

    label: str
    short_label: str
    how_to_delete: dict[CommitmentKind, str]
    why_refused: dict[CommitmentKind, str]
    purge_name: str
    entry_screens: dict[CommitmentKind, EntryScreen]
    standings: dict[CommitmentKind, dict[str, Standing]]


class Connector(Protocol):
    """A way to one company's data in one ERP. Reads only; every call opens and closes its own connection."""

    wording: Wording

    def identity(self) -> ErpIdentity:
        """Say who answers. Raises Retryable, NeedsAttention."""
        ...

    def reading(self) -> AbstractContextManager[Reading]:
        """Open one consistent reading. Raises Retryable, NeedsAttention."""
        ...

    def look_up(
        self,
        erp_ids: Collection[str],
        *,
        job_ids: Collection[str] = (),
        timeout_seconds: float | None = None,
    ) -> LookUp:
        """Ask for these records (and whether these jobs exist) alone.

        Raises Retryable, also when time runs out, NeedsAttention.
        """
        ...

    def details(self, erp_ids: Collection[str], *, timeout_seconds: float | None = None) -> dict[str, ErpDetail]:
        """Read these records with their lines; those that are not there are left out.

        Raises Retryable; NeedsAttention, which is RecordsUnreadable when it is for what single ones of them hold.
        """
        ...

    def find_by_number(
        self, kind: CommitmentKind, numbers: Collection[str], *, timeout_seconds: float | None = None
    ) -> list[ErpDetail]:
        """Read all records of a kind with one of these numbers, in any job, compared as the ERP compares them: without
        regard to case and trailing blanks. Void ones too. Raises Retryable, NeedsAttention.
        """
        ...

    def masters(self) -> Masters:
        """Read all jobs, vendors, cost codes and cost types. Raises Retryable, NeedsAttention."""
        ...

    def text_widths(self) -> TextWidths:
        """Learn how many characters the ERP keeps of each text, from the columns themselves; the published limits where
        they do not say. Raises Retryable, NeedsAttention.
        """
        ...


ConnectorFactory = Callable[[str], Connector]
"""Builds a connector from a database URL (secret). Raises NeedsAttention when the URL cannot be understood."""
