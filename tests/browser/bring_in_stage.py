"""What has happened before somebody looks at the pages that bring commitments in; everything by the services."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone

from commitments.models import CostCode, CostType, Vendor
from directory.access import access_for
from directory.models import Company, User
from erpintegrations.models import BringIn, CostCodeLink, CostTypeLink, ErpConnection, UnlinkedRecord, VendorLink
from erpintegrations.services.bring_in import perform_bring_in, request_bring_in, stop_bring_in
from tests.browser import stage
from tests.browser.stage import ADMIN, Address


def masters_are_brought_in(company: Company) -> None:
    """All of Sage's vendors and codes that are not here yet."""
    connection = stage.connection_of(company)
    masters = connection.connector().masters()
    for model, link, number, field, found in (
        (Vendor, VendorLink, "number", "vendor", masters.vendors),
        (CostCode, CostCodeLink, "code", "cost_code", masters.cost_codes),
        (CostType, CostTypeLink, "code", "cost_type", masters.cost_types),
    ):
        known = set(link.objects.filter(connection=connection).values_list("erp_id", flat=True))
        for master in found:
            if master.erp_id not in known:
                ours: Any = model.objects.get_or_create(
                    company=company, **{number: master.erp_id}, defaults={"name": master.name}
                )[0]
                link.objects.create(company=company, connection=connection, erp_id=master.erp_id, **{field: ours})


def bringing_in(company: Company) -> BringIn:
    """Asked for; it waits for its turn."""
    masters_are_brought_in(company)
    stage.sync(company)
    access = access_for(User.objects.get(email=ADMIN), company)
    assert access is not None
    connection = ErpConnection.objects.get(company=company)
    return request_bring_in(connection=connection, step=BringIn.Step.COMMITMENT, access=access, now=timezone.now())


def brought_in(company: Company) -> BringIn:
    done = perform_bring_in(bring_in_id=bringing_in(company).pk)
    assert done.state == BringIn.State.DONE
    return done


def half_way(company: Company) -> BringIn:
    """Some of it is done, and it waits for its next turn."""
    begun = bringing_in(company)
    BringIn.objects.filter(pk=begun.pk).update(started_at=timezone.now(), done_count=1)
    return begun


def failed(company: Company) -> BringIn:
    """For real: the company's file is gone."""
    asked = bringing_in(company)
    stage.books().rename(f"{stage.books()}.away")
    ended = perform_bring_in(bring_in_id=asked.pk, retry_waits=())
    stage.books().with_name(f"{stage.books().name}.away").rename(stage.books())
    assert ended.state == BringIn.State.FAILED
    return ended


def stopped(company: Company) -> BringIn:
    access = access_for(User.objects.get(email=ADMIN), company)
    assert access is not None
    return stop_bring_in(bring_in=bringing_in(company), access=access, now=timezone.now())


def page_of(bring_in_of: Any) -> Address:
    return lambda company: reverse("bring_in_detail", args=[company.slug, bring_in_of(company).pk])


def left_page(why: str) -> Address:
    return lambda company: reverse("set_up_commitments_left", args=[company.slug, why])


def left_for(why: str) -> Address:
    """A list with a record in it: one that waits to be adopted was left for this reason."""

    def prepared(company: Company) -> str:
        record = UnlinkedRecord.objects.filter(company=company).order_by("pk")[0]
        UnlinkedRecord.objects.filter(pk=record.pk).update(number="")
        return left_page(why)(company)

    return prepared
