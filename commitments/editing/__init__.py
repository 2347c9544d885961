"""Create, edit and delete commitments, and what is locked in which ERP status. Doors call this alone."""

from commitments.editing.checking import find_faults
from commitments.editing.inputs import (
    FIELD_LABELS,
    HEADER_FIELDS,
    LINE_FIELDS,
    MOST_LINES,
    CommitmentInput,
    LineInput,
    fields_of_kind,
    statuses_of_kind,
)
from commitments.editing.locks import locked_fields, why_all_locked, why_not_delete
from commitments.editing.saving import create_commitment, delete_commitment, update_commitment

__all__ = [
    "FIELD_LABELS",
    "HEADER_FIELDS",
    "LINE_FIELDS",
    "MOST_LINES",
    "CommitmentInput",
    "LineInput",
    "create_commitment",
    "delete_commitment",
    "fields_of_kind",
    "find_faults",
    "locked_fields",
    "statuses_of_kind",
    "update_commitment",
    "why_all_locked",
    "why_not_delete",
]
