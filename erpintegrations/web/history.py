"""In the making."""

from django.http import Http404


def history(request, **kwargs):
    raise Http404

def history_csv(request, **kwargs):
    raise Http404
