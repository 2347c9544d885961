"""The search of a list that has no other filter."""

from __future__ import annotations

from django import forms

from erpintegrations.web.filters import LONGEST_SEARCH


class SearchForm(forms.Form):
    """One field, so that the search lives in the address as `q`."""

    q = forms.CharField(
        label="Search",
        required=False,
        max_length=LONGEST_SEARCH,
        widget=forms.TextInput(attrs={"type": "search"}),
    )

    @property
    def words(self) -> str:
        """What is searched for; empty when that is nothing, or nonsense."""
        return self.cleaned_data["q"].strip() if self.is_valid() else ""
