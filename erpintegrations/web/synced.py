"""In the making."""

from django.http import Http404


def commitment_home(request, **kwargs):
    raise Http404

def ready_to_export(request, **kwargs):
    raise Http404

def failed_to_export(request, **kwargs):
    raise Http404

def synced(request, **kwargs):
    raise Http404

def tool_home(request, **kwargs):
    raise Http404
