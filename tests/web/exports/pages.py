"""Where the pages of exports are, and what they say."""

from __future__ import annotations

import html
import re

from django.urls import reverse


def url(route, *arguments):
    return reverse(route, args=["harbor-point", *arguments])


def of_commitment(route, commitment):
    return url(route, commitment.project_id, commitment.pk)


def words(answer):
    """The page's text, without markup."""
    content = re.sub(r"<script.*?</script>|<svg.*?</svg>", "", answer.content.decode(), flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", content)).split())


def flashes(answer):
    return [str(message) for message in answer.context["messages"]]
