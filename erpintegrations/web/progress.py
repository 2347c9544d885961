"""How far long work is: the part that a page asks for again and again, and that loads it anew at the end."""

from __future__ import annotations

from typing import Protocol

from django.http import HttpResponse
from django.shortcuts import redirect, render

from directory.access import CompanyRequest


class LongWork(Protocol):
    @property
    def is_open(self) -> bool: ...


def progress_answer(request: CompanyRequest, name: str, work: LongWork, *, template: str, page: str) -> HttpResponse:
    """`work` in its template, under `name`. Once it has ended, whoever shows it loads the page anew, with the result;
    who came to this address by themselves is led to `page`.
    """
    if not work.is_open and not request.htmx:  # type: ignore[attr-defined]
        return redirect(page)
    answer = render(request, template, {name: work})
    if not work.is_open:
        answer.headers["HX-Refresh"] = "true"
    return answer
