"""In the making."""

from django.http import Http404


def request_privilege(request, **kwargs):
    raise Http404
