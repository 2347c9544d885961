"""Sage's screens, as far as the sandbox needs them. Each reads `sage_records` or calls one command of the desk."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from directory.models import Company
from erpintegrations.models import SyncLink
from erpintegrations.web import flash
from sandbox import sage_desk, sage_records
from sandbox.forms import (
    AmountForm,
    ChangedHeaderForm,
    ChangedLineFormSet,
    HeaderForm,
    JobStatusForm,
    LineFormSet,
    RemoveJobsForm,
    with_more_lines,
)
from sandbox.sage_desk import PURCHASE_ORDER, SUBCONTRACT, NotInSage, SageNotReachable, SageRefuses
from sandbox.sage_records import LARGEST_RECNUM, Line, Record

View = Callable[..., HttpResponse]
LONGEST_SEARCH = 100
SCREENS = {
    SUBCONTRACT: {
        "screen": "6-7-1 Subcontracts",
        "name": "subcontract",
        "Name": "Subcontract",
        "list_url": "sandbox_subcontracts",
        "url": "sandbox_subcontract",
        "new_url": "sandbox_subcontract_new",
        "change_url": "sandbox_subcontract_change",
        "invoiced_url": "sandbox_subcontract_invoiced",
        "invoiced": "Invoiced",
        "date": "Contract date",
    },
    PURCHASE_ORDER: {
        "screen": "6-6-1 Purchase Orders",
        "name": "purchase order",
        "Name": "Purchase Order",
        "list_url": "sandbox_purchase_orders",
        "url": "sandbox_purchase_order",
        "new_url": "sandbox_purchase_order_new",
        "change_url": "sandbox_purchase_order_change",
        "date": "Order date",
        "invoiced_url": "sandbox_purchase_order_invoiced",
        "invoiced": "Received",
    },
}
SYNC_HINT = "ERP Integrations learns of it at its next sync, or at once by Check now."


def path() -> Path:
    return Path(settings.SANDBOX_ERP_PATH)


def at_the_desk(view: View) -> View:
    """Decorates every view: signed-in people only; an unknown record is a 404, a lost file a page that says so."""

    @login_required
    @functools.wraps(view)
    def shown(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if any(isinstance(value, int) and value > LARGEST_RECNUM for value in kwargs.values()):
                raise NotInSage
            return view(request, *args, **kwargs)
        except NotInSage:
            raise Http404 from None
        except SageNotReachable as problem:
            return render(request, "sandbox/not_reachable.html", {"problem": problem.message}, status=503)

    return shown


@at_the_desk
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    counts = {kind: sage_records.list_records(path(), kind).count for kind in SCREENS}
    context = {"counts": counts, "jobs": len(sage_records.list_jobs(path()))}
    return render(request, "sandbox/home.html", context)


@at_the_desk
@require_safe
def record_list(request: HttpRequest, kind: str) -> HttpResponse:
    search = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_SEARCH]
    wanted = request.GET.get("page", "1")
    number = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else 1
    page = sage_records.list_records(path(), kind, search=search, page=number)
    context = {
        **SCREENS[kind],
        "page": page,
        "search": search,
        "previous_url": _page_url(search, page.number - 1) if page.number > 1 else "",
        "next_url": _page_url(search, page.number + 1) if page.number < page.pages else "",
    }
    return render(request, "sandbox/record_list.html", context)


@at_the_desk
@require_safe
def record_detail(request: HttpRequest, kind: str, recnum: int) -> HttpResponse:
    record, lines = sage_records.read_record(path(), kind, recnum)
    context = {**SCREENS[kind], "record": record, "lines": lines, "link": _link_of(request, record)}
    return render(request, "sandbox/record_detail.html", context)


@at_the_desk
@require_POST
def delete_subcontract(request: HttpRequest, recnum: int) -> HttpResponse:
    try:
        number = sage_desk.delete_subcontract(path(), recnum, now=timezone.now())
    except SageRefuses as refusal:
        return _refused(request, refusal, "sandbox_subcontract", recnum=recnum)
    flash.success(request, f"Subcontract {number} was deleted in Sage. {SYNC_HINT}")
    return redirect("sandbox_subcontracts")


@at_the_desk
@require_POST
def void_purchase_order(request: HttpRequest, recnum: int) -> HttpResponse:
    return _on_record(
        request,
        PURCHASE_ORDER,
        recnum,
        lambda: sage_desk.void_purchase_order(path(), recnum, now=timezone.now()),
        "Purchase order {} was voided in Sage.",
    )


@at_the_desk
@require_POST
def reopen_purchase_order(request: HttpRequest, recnum: int) -> HttpResponse:
    return _on_record(
        request,
        PURCHASE_ORDER,
        recnum,
        lambda: sage_desk.reopen_purchase_order(path(), recnum, now=timezone.now()),
        "Purchase order {} is open again in Sage.",
    )


@at_the_desk
@require_POST
def invoiced(request: HttpRequest, kind: str, recnum: int) -> HttpResponse:
    """Sets the invoiced amount of a subcontract, the received one of a purchase order."""

    def change() -> str:
        number, amount = _number_and_amount(request, kind, recnum)
        sage_desk.set_invoiced_amount(path(), kind, recnum, amount, now=timezone.now())
        return number

    screen = SCREENS[kind]
    done = f"The {screen['invoiced'].lower()} amount of {screen['name']} {{}} was set in Sage."
    return _on_record(request, kind, recnum, change, done)


@at_the_desk
@require_POST
def changed(request: HttpRequest, recnum: int) -> HttpResponse:
    def change() -> str:
        number, amount = _number_and_amount(request, SUBCONTRACT, recnum)
        sage_desk.set_changed_amount(path(), recnum, amount, now=timezone.now())
        return number

    return _on_record(request, SUBCONTRACT, recnum, change, "The changed amount of subcontract {} was set in Sage.")


@at_the_desk
@require_http_methods(["GET", "HEAD", "POST"])
def new_record(request: HttpRequest, kind: str) -> HttpResponse:
    """Keys in a record by hand."""
    choices = sage_records.choices(path())
    arguments: dict[str, Any] = {"kind": kind, "choices": choices}
    if "more_lines" in request.POST:
        header = HeaderForm(initial=request.POST.dict(), **arguments)
        lines = with_more_lines(request.POST, form_kwargs=arguments, prefix="line")
        return render(request, "sandbox/new_record.html", {**SCREENS[kind], "form": header, "lines": lines})
    data = request.POST if request.method == "POST" else None
    header = HeaderForm(data, initial={"date": timezone.localdate()}, **arguments)
    lines = LineFormSet(data, form_kwargs=arguments, prefix="line")
    if data is not None and header.is_valid() and lines.is_valid():
        try:
            recnum = _key_in(kind, header, lines)
        except SageRefuses as refusal:
            header.add_error(None, refusal.message)
        else:
            flash.success(request, f"{SCREENS[kind]['Name']} {header.cleaned_data['number']} was saved in Sage.")
            return redirect(SCREENS[kind]["url"], recnum=recnum)
    context = {**SCREENS[kind], "form": header, "lines": lines}
    return render(request, "sandbox/new_record.html", context, status=422 if data is not None else 200)


@at_the_desk
@require_http_methods(["GET", "HEAD", "POST"])
def change_record(request: HttpRequest, kind: str, recnum: int) -> HttpResponse:
    """Changes number, vendor, description and lines of a record, as on its screen in Sage."""
    record, there = sage_records.read_record(path(), kind, recnum)
    data = request.POST if request.method == "POST" else None
    arguments: dict[str, Any] = {"kind": kind, "choices": sage_records.choices(path())}
    as_it_is = {name: getattr(record, name) for name in ("number", "description", "vendor", "retention")}
    header = ChangedHeaderForm(data, initial=as_it_is, **arguments)
    lines = ChangedLineFormSet(data, initial=[_as_typed(line) for line in there], form_kwargs=arguments, prefix="line")
    if data is not None and header.is_valid() and lines.is_valid():
        wanted = [line.changed_line() for line in lines if line not in lines.deleted_forms and line.cleaned_data]
        try:
            sage_desk.change_record(path(), kind, recnum, **header.cleaned_data, lines=wanted, now=timezone.now())
        except SageRefuses as refusal:
            header.add_error(None, refusal.message)
        else:
            number = header.cleaned_data["number"]
            flash.success(request, f"{SCREENS[kind]['Name']} {number} was changed in Sage. {SYNC_HINT}")
            return redirect(SCREENS[kind]["url"], recnum=recnum)
    context = {**SCREENS[kind], "record": record, "form": header, "lines": lines}
    return render(request, "sandbox/change_record.html", context, status=422 if data is not None else 200)


@at_the_desk
@require_safe
def job_list(request: HttpRequest) -> HttpResponse:
    context = {"jobs": sage_records.list_jobs(path()), "statuses": sage_desk.JOB_STATUSES.items()}
    return render(request, "sandbox/job_list.html", context)


@at_the_desk
@require_POST
def job_status(request: HttpRequest, recnum: int) -> HttpResponse:
    form = JobStatusForm(request.POST)
    if not form.is_valid():
        flash.error(request, "Sage does not know this status. Choose one of the list.")
        return redirect("sandbox_jobs")
    status = form.cleaned_data["status"]
    sage_desk.set_job_status(path(), recnum, status)
    flash.success(request, f"Job {recnum} now has the status {sage_desk.JOB_STATUSES[status]}.")
    return redirect("sandbox_jobs")


@at_the_desk
@require_http_methods(["GET", "HEAD", "POST"])
def remove_jobs(request: HttpRequest) -> HttpResponse:
    """Shows what "Remove Refused/Closed Jobs" would remove; its button removes just that."""
    removable = sage_records.removable_jobs(path())
    if request.method != "POST":
        return render(request, "sandbox/remove_jobs.html", {"removable": removable})
    form = RemoveJobsForm(request.POST, removable=[job.recnum for job, _ in removable])
    if not form.is_valid():
        flash.error(request, "Nothing was removed: these jobs are not refused or closed any more. Look again.")
        return redirect("sandbox_remove_jobs")
    try:
        removed = sage_desk.remove_refused_closed_jobs(path(), only=form.cleaned_data["jobs"], now=timezone.now())
    except SageRefuses as refusal:
        return _refused(request, refusal, "sandbox_remove_jobs")
    jobs = f"{len(removed.jobs)} job{'' if len(removed.jobs) == 1 else 's'}"
    records = f"{len(removed.numbers)} commitment{'' if len(removed.numbers) == 1 else 's'}"
    flash.success(request, f"{jobs} with {records} removed from Sage. {SYNC_HINT}")
    return redirect("sandbox_jobs")


@at_the_desk
@require_safe
def deleted_list(request: HttpRequest) -> HttpResponse:
    return render(request, "sandbox/deleted_list.html", {"deleted": sage_records.list_deleted(path())})


@at_the_desk
@require_POST
def restore(request: HttpRequest, deleted_id: int) -> HttpResponse:
    try:
        number = sage_desk.restore(path(), deleted_id)
    except SageRefuses as refusal:
        return _refused(request, refusal, "sandbox_deleted")
    flash.success(request, f"{number} is back in Sage, as it was. {SYNC_HINT}")
    return redirect("sandbox_deleted")


def _on_record(request: HttpRequest, kind: str, recnum: int, command: Callable[[], str], done: str) -> HttpResponse:
    """This function will run a command on a record, say what came of it, and go back to the record."""
    try:
        result = command()
    except SageRefuses as refusal:
        return _refused(request, refusal, SCREENS[kind]["url"], recnum=recnum)
    flash.success(request, f"{done.format(result)} {SYNC_HINT}")
    return redirect(SCREENS[kind]["url"], recnum=recnum)


def _refused(request: HttpRequest, refusal: SageRefuses, to: str, **kwargs: Any) -> HttpResponse:
    flash.error(request, f"Sage refuses: {refusal.message}")
    return redirect(to, **kwargs)


def _number_and_amount(request: HttpRequest, kind: str, recnum: int) -> tuple[str, Any]:
    record, _ = sage_records.read_record(path(), kind, recnum)
    form = AmountForm(request.POST)
    if not form.is_valid():
        raise SageRefuses("Please enter an amount such as 1250.00.")
    return record.number, form.cleaned_data["amount"]


def _key_in(kind: str, header: HeaderForm, lines: Any) -> int:
    entered = header.cleaned_data
    common: dict[str, Any] = {
        **{name: entered[name] for name in ("number", "vendor", "job", "description")},
        "lines": [line.new_line() for line in lines if line.has_changed()],
        "now": timezone.now(),
    }
    if kind == SUBCONTRACT:
        more = {"contract_date": entered["date"], "retention": entered["retention"]}
        return sage_desk.create_subcontract(path(), **common, **more)
    return sage_desk.create_purchase_order(path(), order_date=entered["date"], **common)


def _as_typed(line: Line) -> dict[str, Any]:
    """A line as its form shows it: a subcontract's by its amount, a purchase order's by quantity and price."""
    return {
        "number": line.number,
        "description": line.description,
        "cost_code": line.cost_code,
        "cost_type": line.cost_type_number,
        "quantity": line.quantity.normalize() if line.quantity is not None else None,
        "price": line.amount if line.price is None else line.price.normalize(),
    }


def _link_of(request: HttpRequest, record: Record) -> SyncLink | None:
    """The commitment that ERP Integrations has linked with this record, in a company of the person's."""
    companies = Company.objects.visible_to(request.user)
    links = SyncLink.objects.filter(company__in=companies, erp_id=record.identity.lower(), closed_at=None)
    return links.select_related("company").first()


def _page_url(search: str, number: int) -> str:
    return "?" + urlencode([*([("q", search)] if search else []), ("page", number)])
