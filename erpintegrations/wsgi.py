"""The door for web servers: `gunicorn erpintegrations.wsgi`. `gunicorn.conf.py` checks the environment first."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "erpintegrations.settings")
application = get_wsgi_application()
