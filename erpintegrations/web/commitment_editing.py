"""New, Edit and Delete of commitments. The buttons of the lines work without a script: the form comes back changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from commitments.editing import (
    FIELD_LABELS,
    create_commitment,
    delete_commitment,
    update_commitment,
    why_all_locked,
    why_not_delete,
)
from commitments.models import Commitment
from commitments.pickers import Choices, cost_code_choices, cost_type_choices, vendor_choices
from commitments.refusals import CommitmentInvalid, CommitmentLocked, EditedMeanwhile
from directory.access import ProjectRequest, project_page
from directory.models import Activity, Level, Verb
from directory.refusals import Refusal
from erpintegrations import moments
from erpintegrations.selectors.commitments import commitment_of, lines_of
from erpintegrations.selectors.history import commitment_history
from erpintegrations.web import flash
from erpintegrations.web.commitment_conflict import Difference, bring_together
from erpintegrations.web.commitment_forms import CommitmentForm, revision_of
from erpintegrations.web.commitment_lines import LineRow, rearrange
from erpintegrations.web.commitments import project_trail
from erpintegrations.web.returning import back_to

KINDS = {"subcontract": Commitment.Kind.SUBCONTRACT, "purchase-order": Commitment.Kind.PURCHASE_ORDER}
SAVE = "save"


@project_page(commitments=Level.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def commitment_create(request: ProjectRequest, kind: str) -> HttpResponse:
    if kind not in KINDS:
        raise Http404
    form = CommitmentForm(request.project, KINDS[kind], None)
    if request.method != "POST":
        return _page(request, form)
    form.fill(request.POST)
    if rearrange(form.rows, request.POST) or SAVE not in request.POST:
        return _page(request, form)
    header, lines = form.read()
    if form.faults:
        return _page(request, form, status=422)
    try:
        commitment = create_commitment(
            project=request.project,
            kind=form.kind,
            header=header,
            lines=lines,
            access=request.access,
            now=timezone.now(),
        )
    except CommitmentInvalid as refusal:
        form.show(refusal.faults)
        return _page(request, form, status=422)
    flash.success(request, f"{commitment.short_label()} was created.")
    return redirect(_address_of(commitment))


@project_page(commitments=Level.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def commitment_edit(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    commitment = commitment_of(request.project, commitment_id)
    if commitment is None:
        return _deleted_meanwhile(request, commitment_id)
    form = CommitmentForm(request.project, commitment.kind, commitment)
    if request.method != "POST":
        _require_something_open(commitment)
        return _page(request, form)
    form.fill(request.POST)
    if rearrange(form.rows, request.POST) or SAVE not in request.POST:
        return _page(request, form)
    if form.revision != commitment.revision:
        return _conflict_page(request, form, commitment)
    return _save(request, form, commitment)


@project_page(commitments=Level.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def commitment_delete(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    """GET says what will be gone. POST deletes."""
    commitment = commitment_of(request.project, commitment_id)
    if commitment is None:
        raise Http404
    if request.method == "POST":
        seen = revision_of(request.POST.get("revision", ""))
        delete_commitment(commitment=commitment, seen_revision=seen, access=request.access, now=timezone.now())
        flash.success(request, f"{commitment.short_label()} was deleted. Its history stays.")
        return redirect(reverse("commitment_list", args=[request.company.slug, request.project.pk]))
    refusal = why_not_delete(commitment)
    if refusal is not None:
        raise refusal
    context = {
        "project": request.project,
        "trail": [*project_trail(request), (commitment.number, _address_of(commitment))],
        "commitment": commitment,
        "count": commitment.lines.count(),
    }
    return render(request, "erpintegrations/commitments/delete.html", context)


@project_page(commitments=Level.ADMIN)
@require_safe
def commitment_choices(request: ProjectRequest, what: str) -> HttpResponse:
    """The list of a field, while somebody types in it: the field sends its text, under its own name."""
    find = {"vendors": vendor_choices, "cost-codes": cost_code_choices}.get(what)
    if find is None:
        raise Http404
    text = next((str(value) for value in request.GET.values()), "")
    choices = find(request.company, text)
    return render(request, "erpintegrations/commitments/options.html", {"labels": choices.labels})


def _save(request: ProjectRequest, form: CommitmentForm, commitment: Commitment) -> HttpResponse:
    header, lines = form.read()
    if form.faults:
        return _page(request, form, status=422)
    try:
        saved = update_commitment(
            commitment=commitment,
            seen_revision=form.revision,
            header=header,
            lines=lines,
            access=request.access,
            now=timezone.now(),
        )
    except CommitmentInvalid as refusal:
        form.show(refusal.faults)
        return _page(request, form, status=422)
    except EditedMeanwhile:
        current = commitment_of(request.project, commitment.pk)
        if current is None:
            return _deleted_meanwhile(request, commitment.pk)
        return _conflict_page(request, form, current)
    except CommitmentLocked as refusal:
        return _page(request, form, status=409, problem=refusal)
    if saved.revision == commitment.revision:
        flash.warning(request, f"Nothing was changed in {saved.short_label()}.")
    else:
        flash.success(request, f"{saved.short_label()} was saved.")
    return redirect(back_to(request, default=_address_of(saved)))


def _require_something_open(commitment: Commitment) -> None:
    why = why_all_locked(commitment)
    if why:
        raise CommitmentLocked(f"{commitment.short_label()} is locked. {why}", fields=())


def _conflict_page(request: ProjectRequest, form: CommitmentForm, current: Commitment) -> HttpResponse:
    """Both people's changes in one form, and what changed meanwhile: saving it again saves over that, knowingly."""
    form.commitment = current
    differences = bring_together(form, current)
    form.read()
    problem = EditedMeanwhile(
        f"{_who_changed(request, current)}, after you opened it: nothing of yours is saved yet.",
        remedy="What you typed is kept below; fields that you had not touched show what is saved now. "
        "Compare, then save again: where the list says “Yours”, that replaces what was saved meanwhile.",
    )
    why = why_all_locked(current)
    if why:
        problem = EditedMeanwhile(problem.message, remedy=f"{why} What you typed is kept below.")
    return _page(request, form, status=409, problem=problem, differences=differences)


def _deleted_meanwhile(request: ProjectRequest, commitment_id: int) -> HttpResponse:
    """What was typed for a commitment that somebody deleted is offered as a new one."""
    deleted = (
        commitment_history(request.company, commitment_id)
        .filter(project=request.project, verb=Verb.COMMITMENT_DELETED)
        .first()
    )
    kind = KINDS.get(request.POST.get("kind", ""))
    if deleted is None or kind is None or request.method != "POST":
        raise Http404
    form = CommitmentForm(request.project, kind, None)
    form.fill(request.POST)
    for row in form.rows:
        row.id = ""
    problem = EditedMeanwhile(
        f"{deleted.actor_label} deleted {deleted.subject_label} {moments.both(deleted.at, timezone.now())}.",
        remedy="What you typed is kept below. Save it to create a new commitment.",
    )
    return _page(request, form, status=409, problem=problem)


def _who_changed(request: ProjectRequest, commitment: Commitment) -> str:
    last: Activity | None = commitment_history(request.company, commitment.pk).select_related("actor").first()
    if last is None:
        return f"Somebody else changed {commitment.short_label()}"
    who = "You" if last.actor == request.user else last.actor_label
    return f"{who} changed {commitment.short_label()} {moments.both(last.at, timezone.now())}"


def _page(
    request: ProjectRequest,
    form: CommitmentForm,
    *,
    status: int = 200,
    problem: Refusal | None = None,
    differences: Sequence[Difference] = (),
) -> HttpResponse:
    commitment = form.commitment
    form.rows = form.rows or [LineRow()]
    vendors, codes = vendor_choices(request.company), cost_code_choices(request.company)
    what = Commitment.Kind(form.kind).label.lower()
    back = _address_of(commitment) if commitment else reverse("commitment_list", args=_project_args(request))
    context = {
        "project": request.project,
        "trail": [*project_trail(request), *([(commitment.number, _address_of(commitment))] if commitment else [])],
        "here": "Edit" if commitment else f"New {what}",
        "heading": f"Edit {commitment.short_label()}" if commitment else f"New {what}",
        "action": _action(request, form),
        "back": back_to(request, default=back),
        "next": back_to(request, default=""),
        "form": form,
        "kind": next(slug for slug, kind in KINDS.items() if kind == form.kind),
        "header": form.header(_search_address(request, "vendors", vendors)),
        "locked": _locked_facts(form),
        "lines_locked": form.locked.get("lines", ""),
        "lines": lines_of(commitment) if commitment and "lines" in form.locked else [],
        "blank": LineRow(),
        "vendors": vendors,
        "codes": codes,
        "codes_url": _search_address(request, "cost-codes", codes),
        "types": cost_type_choices(request.company),
        "problem": problem,
        "differences": differences,
    }
    return render(request, "erpintegrations/commitments/edit.html", context, status=status)


def _locked_facts(form: CommitmentForm) -> list[tuple[str, str]]:
    """(label, value) of each locked field; the lines are shown as a table."""
    commitment = form.commitment
    if commitment is None:
        return []
    words: dict[str, Any] = {
        **form.texts,
        "status": commitment.get_status_display(),
        "accounting_method": commitment.get_accounting_method_display(),
        "default_retainage_percent": f"{commitment.default_retainage_percent} %",
    }
    return [(FIELD_LABELS[name], words[name]) for name in form.texts if name in form.locked]


def _action(request: ProjectRequest, form: CommitmentForm) -> str:
    if form.commitment is not None:
        return reverse("commitment_edit", args=[*_project_args(request), form.commitment.pk])
    kind = next(slug for slug, kind in KINDS.items() if kind == form.kind)
    return reverse("commitment_create", args=[*_project_args(request), kind])


def _search_address(request: ProjectRequest, what: str, choices: Choices) -> str:
    return "" if choices.is_complete else reverse("commitment_choices", args=[*_project_args(request), what])


def _project_args(request: ProjectRequest) -> list[Any]:
    return [request.company.slug, request.project.pk]


def _address_of(commitment: Commitment) -> str:
    return reverse("commitment_detail", args=[commitment.company.slug, commitment.project_id, commitment.pk])
