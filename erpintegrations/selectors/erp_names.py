"""How the ERP calls what it knows by a number: jobs, vendors, cost codes and cost types, as they were last read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import reduce
from operator import or_

from django.db.models import Q

from erpintegrations.models import FoundMaster

Kind = FoundMaster.Kind
JOB, VENDOR, COST_CODE, COST_TYPE = Kind.JOB, Kind.VENDOR, Kind.COST_CODE, Kind.COST_TYPE


class ErpNames:
    """Names by kind and number; what was never read has none."""

    def __init__(self, rows: Iterable[tuple[str, str, str]]) -> None:
        self._names = {(kind, erp_id): name for kind, erp_id, name in rows}

    def name(self, kind: str, erp_id: str) -> str:
        return self._names.get((kind, erp_id), "")

    def named(self, kind: str, erp_id: str) -> str:
        """Such as "7 · Bayshore Concrete", or the number alone."""
        return " · ".join(filter(None, (erp_id, self.name(kind, erp_id))))


def erp_names(connection_id: int, wanted: Mapping[str, Iterable[str]]) -> ErpNames:
    """The names of these numbers, by kind. One query."""
    asked = [Q(kind=kind, erp_id__in={erp_id for erp_id in erp_ids if erp_id}) for kind, erp_ids in wanted.items()]
    rows = FoundMaster.objects.filter(reduce(or_, asked), connection=connection_id)
    return ErpNames(rows.values_list("kind", "erp_id", "name"))
