"""In the making."""

from django.http import Http404


def home(request, **kwargs):
    raise Http404

def company_home(request, **kwargs):
    raise Http404

def health(request, **kwargs):
    raise Http404
