"""In the making."""

from django.http import Http404


def commitment_list(request, **kwargs):
    raise Http404

def commitment_detail(request, **kwargs):
    raise Http404
