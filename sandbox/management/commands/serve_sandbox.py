"""`manage.py serve_sandbox`: the web server of `script/server`, which prepares the sample company before it listens."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.core.wsgi import get_wsgi_application
from django.db import connections
from gunicorn.app.base import Application

SECONDS_TO_STOP = 5


class Command(BaseCommand):
    help = "Prepares the sample company, then serves it with gunicorn, in one process. Only with SANDBOX=1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--bind", required=True, help="where gunicorn listens, in its own words")

    def handle(self, *, bind: str, **options: Any) -> None:
        # In the process that serves: to start Django once more takes longer than all there is to do on most starts.
        call_command("prepare_sandbox")
        connections.close_all()  # a worker must not share one with the process that it is forked from
        SandboxServer(bind).run()


class SandboxServer(Application):
    """gunicorn as `gunicorn.conf.py` has it, whose workers are forked with the product loaded."""

    def __init__(self, bind: str) -> None:
        self._bind = bind
        super().__init__(prog="gunicorn")

    def load_config(self) -> None:
        self.load_config_from_file(str(settings.BASE_DIR / "gunicorn.conf.py"))
        own = {"bind": self._bind, "graceful_timeout": SECONDS_TO_STOP, "preload_app": True}
        for name, value in own.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return get_wsgi_application()
