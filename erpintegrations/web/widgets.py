"""Form controls of our own, where Django's are not enough."""

from __future__ import annotations

from html import escape
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString


class LongSelect(forms.Select):
    """Looks as Django's, which renders a template for each option: with hundreds, longer than for the whole page.

    Labels are plain text, and escaped here once: what marks texts as safe one by one takes longer than all the rest.
    """

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        options = "".join(
            f'<option value="{escape(key)}"{" selected" if key in chosen else ""}>{escape(label)}</option>'
            for key, label in ((str(key), str(label)) for key, label in self.choices)
        )
        own = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>{}</select>", own, SafeString(options))
