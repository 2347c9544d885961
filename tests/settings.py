"""The product's settings, for tests: nothing of the caller's environment gets in except TEST_DATABASE_URL.

TEST_DATABASE_SUFFIX keeps several runs on one PostgreSQL server apart.
"""

import os
import tempfile
from pathlib import Path

SUFFIX = os.environ.get("TEST_DATABASE_SUFFIX", "")
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
TEST_DIRECTORY = Path(tempfile.gettempdir()) / f"erp-integrations-tests-{os.getuid()}-{SUFFIX or 'x'}" / WORKER

_SWITCHES = ["DEBUG", "SANDBOX", "HTTPS", "LOG_FORMAT", "LOG_LEVEL", "TASK_WORKERS", "TIME_ZONE", "TRUSTED_PROXIES"]
_SECRETS = ["SECRET_KEY", "ENCRYPTION_KEYS", "DATABASE_URL", "EMAIL_URL", "EMAIL_FROM"]
_PLACES = ["ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DATA_DIRECTORY", "SQLITE_FOLDERS"]
for _name in [*_SWITCHES, *_SECRETS, *_PLACES]:
    os.environ.pop(_name, None)
    os.environ.pop(f"{_name}_FILE", None)
os.environ |= {
    "SANDBOX": "1",
    "SECRET_KEY": "for-tests-only-0123456789-0123456789-0123456789-0123456789",
    "ENCRYPTION_KEYS": "Zm9yLXRlc3RzLW9ubHktMDEyMzQ1Njc4OS0xMjM0NTY=",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "DATA_DIRECTORY": str(TEST_DIRECTORY),
    "SQLITE_FOLDERS": "/",
    "EMAIL_URL": "memory://",
    "LOG_LEVEL": os.environ.get("TEST_LOG_LEVEL", "WARNING"),
}
if os.environ.get("TEST_DATABASE_URL"):
    os.environ["DATABASE_URL"] = os.environ["TEST_DATABASE_URL"]

from erpintegrations.settings import *  # noqa: E402, F403
from erpintegrations.settings import DATABASES, STORAGES  # noqa: E402

# A file, not memory: threads, live servers and locks then behave as in production. pytest-xdist adds its worker's name.
DATABASES["default"]["TEST"] = {
    "NAME": f"test_erp_integrations{SUFFIX and '_' + SUFFIX}"
    if DATABASES["default"]["ENGINE"].endswith("postgresql")
    else str(TEST_DIRECTORY / "tests.sqlite3")
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
