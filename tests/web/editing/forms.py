"""The form of a commitment, as a browser without a script sends it and gets it back."""

import html
import re

from django.urls import reverse


def edit_address(commitment):
    return reverse("commitment_edit", args=[commitment.company.slug, commitment.project_id, commitment.pk])


def delete_address(commitment):
    return reverse("commitment_delete", args=[commitment.company.slug, commitment.project_id, commitment.pk])


def page_address(commitment):
    return reverse("commitment_detail", args=[commitment.company.slug, commitment.project_id, commitment.pk])


LINE = ("id", "cost_code", "cost_type", "description", "quantity", "unit_of_measure", "unit_cost", "amount")


def typed(*lines, **fields):
    """What a person types for a new subcontract; a line is its texts in the order of the form."""
    header = {
        "number": "SC-77",
        "title": "Retaining wall",
        "vendor": "Bayside Concrete (104)",
        "status": "draft",
        "accounting_method": "unit_based",
        "default_retainage_percent": "10",
        "has_lines": "1",
    }
    rows = {f"line_{name}": [line[n] for line in lines] for n, name in enumerate(LINE)}
    return {**header, **rows, **fields}


def form_of(answer):
    """Everything that the page's form would send, as it stands."""
    content = answer.content.decode().partition("<template")[0]
    form = content[content.index('class="commitment-form"') :]
    data: dict[str, list[str]] = {}
    for tag in re.findall(r"<input\b[^>]*>", form):
        attributes = dict(re.findall(r'([\w-]+)="([^"]*)"', tag))
        if attributes.get("type") == "radio" and "checked" not in tag:
            continue
        data.setdefault(attributes["name"], []).append(html.unescape(attributes.get("value", "")))
    for name, body in re.findall(r'<textarea name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL):
        data[name] = [html.unescape(body).lstrip("\r\n")]
    for name, body in re.findall(r'<select name="(\w+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        data[name] = re.findall(r'value="(\w+)" selected', body)
    return data


def text_of(answer):
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())))


FOOTINGS = ("", "03-300", "Material", "Footings", "10", "CY", "5", "")
WALLS = ("", "03-300 Concrete", "1", "Walls", "1,000", "SF", "2.50", "")
