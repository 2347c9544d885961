"""The steps of the set-up for jobs, vendors and codes: the list, a decision about one or about all, and the start."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from directory.access import CompanyRequest, company_page
from directory.models import Level
from directory.refusals import Refusal
from erpintegrations.models import ErpConnection, FoundMaster
from erpintegrations.models.counterparts import COUNTERPARTS, Counterpart
from erpintegrations.refusals import SetUpNotPossible
from erpintegrations.selectors.bring_ins import open_bring_in
from erpintegrations.selectors.set_up import candidates, found_masters, master_figures, statuses_of, with_ours
from erpintegrations.selectors.synced_list import find_connection
from erpintegrations.services.bring_in import request_bring_in
from erpintegrations.services.decide_masters import decide_master, decide_masters, look_ahead
from erpintegrations.services.decide_new_masters import decide_new_masters
from erpintegrations.web import flash
from erpintegrations.web.paging import list_page
from erpintegrations.web.refusals import say_why_not
from erpintegrations.web.returning import back_to
from erpintegrations.web.search import SearchForm
from erpintegrations.web.set_up_filter import PROBLEM, FoundFilter
from erpintegrations.web.set_up_trail import SLUGS, set_up_trail, step_url
from erpintegrations.web.sorting import sorting
from erpintegrations.web.synced import no_connection_page

KINDS = {slug: kind for kind, slug in SLUGS.items()}
DECISIONS = ("create", "link", "leave")
ORDERS = {"order_key": "Number", "name": "Name"}


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def set_up_masters(request: CompanyRequest, what: str) -> HttpResponse:
    counterpart = _counterpart(what)
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    chosen = _filter(request, connection, counterpart)
    if chosen.has_problem:
        flash.warning(request, chosen.problem())
    order = sorting(request, ORDERS, default="order_key")
    figures = master_figures(connection)[counterpart.kind]
    total = chosen.qs.count() if chosen.is_used else figures.found + figures.gone
    page = list_page(request, chosen.qs, column=order.column, descending=order.descending, total=total)
    to_decide = chosen.qs.filter(state=_state_to_decide(request), gone_at=None)
    context = {
        "trail": set_up_trail(request.company),
        "wording": connection.wording,
        "connection": connection,
        "counterpart": counterpart,
        "title": FoundMaster.Kind(counterpart.kind).label,
        "what": what,
        "figures": figures,
        "to_decide": to_decide.count() if chosen.is_used else figures.undecided,
        "query": request.GET.urlencode(),
        "bring_in": open_bring_in(connection),
        "form": chosen.form,
        "is_filtered": chosen.is_used,
        "keep": order.keep,
        "headers": order.headers,
        "page": page,
        "rows": with_ours(connection, counterpart, page.rows),
        "list_url": request.path,
        "back": request.get_full_path(),
    }
    return render(request, "erpintegrations/set_up/masters.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_safe
def set_up_choose(request: CompanyRequest, what: str, found_id: int) -> HttpResponse:
    """Which of ours one of the ERP's is to be linked to."""
    counterpart, found = _found(request, what, found_id)
    form = SearchForm(request.GET)
    alike = candidates(found, counterpart, form.words)
    step = (str(FoundMaster.Kind(counterpart.kind).label), step_url(request.company, counterpart.kind))
    context = {
        "trail": [*set_up_trail(request.company), step],
        "wording": found.connection.wording,
        "counterpart": counterpart,
        "what": what,
        "found": found,
        "choices": [(ours, getattr(ours, counterpart.number_field)) for ours in alike],
        "form": form,
        "is_filtered": bool(form.words),
        "reset_url": request.path,
        "back": back_to(request, default=step[1]),
    }
    return render(request, "erpintegrations/set_up/choose.html", context)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def set_up_decide(request: CompanyRequest, what: str, found_id: int) -> HttpResponse:
    counterpart, found = _found(request, what, found_id)
    decision, ours = request.POST.get("decision", ""), request.POST.get("ours", "")
    if decision not in DECISIONS:
        raise SetUpNotPossible("Nothing was decided.", remedy="Choose one of the buttons of the row.")
    decide_master(
        found=found,
        decision=decision,
        ours_id=int(ours) if ours.isascii() and ours.isdecimal() and len(ours) < 19 else None,
        seen=request.POST.get("seen", ""),
        access=request.access,
        now=timezone.now(),
    )
    flash.success(request, f"{found}: {found.get_state_display().lower()}.")
    return redirect(back_to(request, default=step_url(request.company, counterpart.kind)))


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def set_up_decide_all(request: CompanyRequest, what: str) -> HttpResponse:
    """First what it will come to; with `confirmed` the doing, for what the address' filters show."""
    counterpart = _counterpart(what)
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    back = f"{step_url(request.company, counterpart.kind)}?{request.GET.urlencode()}".removesuffix("?")
    rows = _filter(request, connection, counterpart).qs
    how = request.POST.get("confirmed", "")
    if how not in ("all", "link", "leave"):
        return _preview(request, connection, counterpart, rows, back)
    done = decide_masters(
        rows=rows,
        kind=counterpart.kind,
        what=how,
        seen=request.POST.get("seen", ""),
        state=_state_to_decide(request),
        connection=connection,
        access=request.access,
        now=timezone.now(),
    )
    if how == "leave":
        flash.success(request, f"{done.stay:,} {'is' if done.stay == 1 else 'are'} left. Each can still be decided.")
        return redirect(back)
    return _start(request, connection, counterpart)


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def set_up_bring_in(request: CompanyRequest, what: str) -> HttpResponse:
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    return _start(request, connection, _counterpart(what))


@company_page(erp_integrations=Level.ADMIN)
@require_POST
def set_up_new(request: CompanyRequest, what: str) -> HttpResponse:
    """What happens with new ones from now on: created by themselves, or listed."""
    counterpart = _counterpart(what)
    connection = find_connection(request.company)
    if connection is None:
        return no_connection_page(request)
    creates = request.POST.get("new") == "create"
    decide_new_masters(
        connection=connection, kind=counterpart.kind, creates=creates, access=request.access, now=timezone.now()
    )
    how = "created here by themselves where nothing here is like them" if creates else "listed as undecided"
    flash.success(request, f"From now on, new {FoundMaster.Kind(counterpart.kind).label.lower()} are {how}.")
    return redirect("set_up", request.company.slug)


def _start(request: CompanyRequest, connection: ErpConnection, counterpart: Counterpart) -> HttpResponse:
    """What was decided stays so when it cannot be started now."""
    try:
        started = request_bring_in(
            connection=connection, step=counterpart.kind, access=request.access, now=timezone.now()
        )
    except Refusal as refusal:
        say_why_not(request, refusal)
        return redirect(step_url(request.company, counterpart.kind))
    flash.success(request, "Bringing in was started. This page shows how far it is; you may leave it.")
    return redirect("bring_in_detail", request.company.slug, started.pk)


def _preview(
    request: CompanyRequest,
    connection: ErpConnection,
    counterpart: Counterpart,
    rows: QuerySet[FoundMaster],
    back: str,
) -> HttpResponse:
    state = _state_to_decide(request)
    outlook = look_ahead(rows=rows, kind=counterpart.kind, connection=connection, state=state)
    if not outlook.total:
        flash.error(request, "Nothing is to be decided here. Choose another filter, or decide row by row.")
        return redirect(back)
    step = (str(FoundMaster.Kind(counterpart.kind).label), step_url(request.company, counterpart.kind))
    address = reverse("set_up_decide_all", args=[request.company.slug, SLUGS[counterpart.kind]])
    context = {
        "trail": [*set_up_trail(request.company), step],
        "wording": connection.wording,
        "counterpart": counterpart,
        "outlook": outlook,
        "stay_url": f"{step[1]}?state={state}",
        "action_url": f"{address}?{request.GET.urlencode()}",
        "back": back,
    }
    return render(request, "erpintegrations/set_up/decide_all.html", context)


def _filter(request: CompanyRequest, connection: ErpConnection, counterpart: Counterpart) -> FoundFilter:
    return FoundFilter(
        request.GET,
        found_masters(connection, counterpart.kind),
        wording=connection.wording,
        statuses=statuses_of(connection, counterpart.kind),
    )


def _state_to_decide(request: CompanyRequest) -> FoundMaster.State:
    """The undecided; or those that were left, once the list shows these alone."""
    state = FoundMaster.State
    return state.LEAVE if request.GET.get("state") in (state.LEAVE, PROBLEM) else state.UNDECIDED


def _counterpart(what: str) -> Counterpart:
    """Of the step that the address names. Raises Http404."""
    if what not in KINDS:
        raise Http404
    return COUNTERPARTS[KINDS[what]]


def _found(request: CompanyRequest, what: str, found_id: int) -> tuple[Counterpart, FoundMaster]:
    counterpart = _counterpart(what)
    rows = FoundMaster.objects.filter(company=request.company, kind=counterpart.kind).select_related("connection")
    return counterpart, get_object_or_404(rows, pk=found_id)
