"""In the making."""

from django.http import Http404


def run_list(request, **kwargs):
    raise Http404

def sync_now(request, **kwargs):
    raise Http404

def run_detail(request, **kwargs):
    raise Http404

def run_progress(request, **kwargs):
    raise Http404

def confirm(request, **kwargs):
    raise Http404

def discard(request, **kwargs):
    raise Http404
