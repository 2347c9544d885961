"""In the making."""

from django.http import Http404


def unlink(request, **kwargs):
    raise Http404

def check_now(request, **kwargs):
    raise Http404

def undo(request, **kwargs):
    raise Http404
