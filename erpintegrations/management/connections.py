"""Which connections a command is about: one company's, or all. Only the commands import this."""

from __future__ import annotations

from directory.models import Company
from erpintegrations.models import ErpConnection


class NoSuchConnection(Exception):
    """The company is not there, or has no connection; the sentence says which, and what there is."""


def connection_of(slug: str) -> ErpConnection:
    """This function will find a company's connection by the company's slug. Raises NoSuchConnection."""
    connections = ErpConnection.objects.select_related("company").order_by("company__slug")
    found = connections.filter(company__slug=slug).first()
    if found is not None:
        return found
    if Company.objects.filter(slug=slug).exists():
        raise NoSuchConnection(f"The company '{slug}' has no ERP connection. Set one up first.")
    known = ", ".join(connections.values_list("company__slug", flat=True)) or "none yet"
    raise NoSuchConnection(f"There is no company '{slug}'. Companies with an ERP connection: {known}.")
