"""How gunicorn serves the product; it reads this file by itself when started in this directory."""

import os
import sys
from pathlib import Path

from erpintegrations.environment import read_environment
from erpintegrations.ops.logging import configure_logging

# Read here once before any worker exists: a worker that stops over a wrong setting would be started again for ever.
_base_dir = Path(__file__).resolve().parent
_environment = read_environment(_base_dir)
if not _environment.debug and not (_base_dir / "staticfiles" / "staticfiles.json").exists():
    sys.exit("The web server cannot start: static files are not collected. Run: python manage.py collectstatic")

wsgi_app = "erpintegrations.wsgi"
bind = os.environ.get("GUNICORN_BIND", "127.0.0.1:8000")
worker_class = "gthread"
# Fits one small machine; for more, `GUNICORN_CMD_ARGS="--workers 4"`.
workers = 1 if _environment.sandbox else 2
threads = 8
timeout = 60
# The most that gunicorn can: a search of some thousand characters is answered in our words, not with its bare 414.
limit_request_line = 8190
graceful_timeout = 20
# django-structlog logs each request with its id; the socket would be shared by all servers of one account.
accesslog = None
logconfig_dict = configure_logging(level=_environment.log_level, json=_environment.log_format == "json")
logconfig_dict["loggers"] |= {"gunicorn.error": {"handlers": [], "propagate": True, "level": "NOTSET"}}
control_socket_disable = True
