"""In the making."""

from django.http import Http404


def unlink_selected(request, **kwargs):
    raise Http404
