"""How pages write amounts, moments, icons, states and form fields. `{% load erp_format %}` in templates."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django import template
from django.contrib.messages.storage.base import Message
from django.forms import BoundField, CheckboxInput, CheckboxSelectMultiple, RadioSelect, Select
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from erpintegrations import amounts, moments
from erpintegrations.selectors.counting import count_in_words
from erpintegrations.web.flash import FlashAction, action_of
from erpintegrations.web.icons import SPRITE, icon_names

register = template.Library()

NONE = "\N{EM DASH}"
TONES = ("quiet", "good", "bad", "warn", "info")


@register.filter
def money(amount: Decimal | int | None) -> str:
    """1234.5 → 1,234.50; below zero with a real minus sign; nothing → a dash."""
    return NONE if amount is None or amount == "" else amounts.money(amount)


register.filter("counted", count_in_words)
register.filter("price", amounts.price)
register.filter("quantity", amounts.quantity)


@register.simple_tag(takes_context=True, name="moment")
def moment_on_page(context: dict[str, Any], at: datetime.datetime | None, style: str = "both") -> str:
    """As `moment`, counted from the page's own `now` where it has one: from which its sentences count too."""
    now = context.get("now")
    return moment(at, style, now=now if isinstance(now, datetime.datetime) else None)


def moment(at: datetime.datetime | None, style: str = "both", *, now: datetime.datetime | None = None) -> str:
    """A moment as <time>: "5 minutes ago" and the exact one beside it. Style "short" keeps the exact one in the title
    only, "exact" leaves the relative one out. The words are those of `moments`, as in sentences.
    """
    if not at:
        return NONE
    stamp, exact = timezone.localtime(at).isoformat(), moments.exact(at)
    if style == "exact":
        return format_html('<time datetime="{}">{}</time>', stamp, exact)
    relative = moments.relative(at, now or timezone.now())
    time = format_html('<time datetime="{}" title="{}">{}</time>', stamp, exact, relative)
    if style == "short":
        return time
    return format_html('{} <span class="exact">({})</span>', time, exact)


@register.simple_tag
def duration(start: datetime.datetime | None, end: datetime.datetime | None) -> str:
    """How long something took: 0.4 s, 12 s, 3 min 5 s, 1 h 4 min."""
    if not start or not end:
        return NONE
    seconds = max((end - start).total_seconds(), 0)
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(int(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon of static/icons.svg, hidden from screen readers unless it has a label. Raises ValueError for another."""
    if name not in icon_names():
        raise ValueError(f"There is no icon '{name}' in static/{SPRITE}.")
    said = format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"')
    return format_html(
        '<svg class="icon" focusable="false" {}><use href="{}#{}"></use></svg>', said, static(SPRITE), name
    )


@register.simple_tag
def badge(label: str, icon_name: str, tone: str = "quiet") -> SafeString:
    """A state as icon + word. Tones: quiet, good, bad, warn, info. Raises ValueError for another one."""
    if tone not in TONES:
        raise ValueError(f"A badge's tone is one of {', '.join(TONES)}, not '{tone}'.")
    return format_html('<span class="state state-{}">{}<span>{}</span></span>', tone, icon(icon_name), label)


@register.filter
def flash_action(message: Message) -> FlashAction | None:
    """The button that a flash carries, if any."""
    return action_of(message)


@register.inclusion_tag("partials/field.html")
def field(bound: BoundField) -> dict[str, Any]:
    """One form field: label, control, help, errors, tied together for screen readers."""
    widget = bound.field.widget
    is_group = isinstance(widget, RadioSelect | CheckboxSelectMultiple)
    is_check = isinstance(widget, CheckboxInput) or is_group
    css = "form-check-input" if is_check else "form-select" if isinstance(widget, Select) else "form-control"
    attributes: dict[str, str | bool] = {"class": f"{css} is-invalid" if bound.errors else css}
    described = [f"{bound.auto_id}_help"] if bound.help_text else []
    if bound.errors:
        attributes["aria-invalid"] = "true"
        described.insert(0, f"{bound.auto_id}_error")
    if described:
        attributes["aria-describedby"] = " ".join(described)
    if is_group:
        # Each option is a control of its own; what describes them all belongs to the group around them.
        widget.attrs["class"] = css
        return {"field": bound, "is_check": is_check, "is_group": is_group, "described_by": " ".join(described)}
    return {"field": bound, "control": bound.as_widget(attrs=attributes), "is_check": is_check, "is_group": is_group}
