"""Settings, all from the environment. Every wrong or missing one is named at start-up, all at once.

`docs/operating.md` lists each variable with its meaning and default. In a file `NAME_FILE` instead of `NAME` a
secret can be handed over without showing in the process list.
"""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF

from erpintegrations.environment import read_environment
from erpintegrations.ops.logging import configure_logging

BASE_DIR = Path(__file__).resolve().parent.parent
ENVIRONMENT = read_environment(BASE_DIR)

DEBUG = ENVIRONMENT.debug
SANDBOX = ENVIRONMENT.sandbox
SECRET_KEY = ENVIRONMENT.secret_key
ENCRYPTION_KEYS = ENVIRONMENT.encryption_keys
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
CSRF_TRUSTED_ORIGINS = ENVIRONMENT.csrf_trusted_origins
TRUSTED_PROXIES = ENVIRONMENT.trusted_proxies

# Where the sample company's ERP database lies; only the sandbox and its set-up use it.
SANDBOX_ERP_PATH = ENVIRONMENT.data_directory / "sample-company.sqlite3"
# The only folders in which a company's books may be a SQLite file: whoever configures a company names no other.
SQLITE_FOLDERS = ENVIRONMENT.sqlite_folders

INSTALLED_APPS = [
    "directory.admin_config.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "csp",
    "django_filters",
    "django_htmx",
    "django_q",
    "django_structlog",
    "directory",
    "commitments",
    "erpintegrations",
]
if SANDBOX:
    INSTALLED_APPS.append("sandbox")

MIDDLEWARE = [
    "erpintegrations.ops.proxies.TrustedProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "erpintegrations.web.caching.no_store",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "erpintegrations.web.refusals.RefusalMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "erpintegrations.web.errors.friendly_errors",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "erpintegrations.urls"
WSGI_APPLICATION = "erpintegrations.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "erpintegrations.web.context.site",
            ],
        },
    },
]

DATABASES = {"default": ENVIRONMENT.database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# One worker and one cluster on SQLite, which has a single writer. The other figures follow from django-q2's
# source: `retry` counts waiting in the queue too and must stay above
# (timeout + 5) × (1 + ceil((queue_limit + bulk) / workers)).
Q_CLUSTER = {
    "name": "erpintegrations",
    "orm": "default",
    "workers": 1 if DATABASES["default"]["ENGINE"].endswith("sqlite3") else ENVIRONMENT.task_workers,
    "timeout": 600,
    "retry": 2400,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "bulk": 1,
    "queue_limit": 1,
    "save_limit": 50,
    "poll": 0.5,
    "label": "Tasks",
}

AUTH_USER_MODEL = "directory.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "directory.sample_accounts.PeopleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "sign_in"

# A commitment's form: 500 lines of eight fields each, and its own.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# Ten wrong passwords for one account from one address lock that pair for a quarter of an hour.
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
# Beside it, more than a hundred in an hour from one address lock that address: the handler counts this log.
AXES_HANDLER = "erpintegrations.ops.sign_in_lock.SignInLock"
AXES_ENABLE_ACCESS_FAILURE_LOG = True
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # so that the page can say when to try again
AXES_LOCKOUT_CALLABLE = "erpintegrations.web.sign_in.locked_out"
# Not USERNAME_FIELD, which axes takes by default: Django's form and `authenticate` say "username" for every user model.
AXES_USERNAME_FORM_FIELD = "username"
AXES_USERNAME_CALLABLE = "erpintegrations.web.sign_in.counted_username"
AXES_IPWARE_META_PRECEDENCE_ORDER = ["REMOTE_ADDR"]  # which TrustedProxyMiddleware has set right
AXES_VERBOSE = False

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    },
}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = ENVIRONMENT.https
SECURE_HSTS_SECONDS = 31_536_000 if ENVIRONMENT.https else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = ENVIRONMENT.https
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# Probes speak plain HTTP to the server itself, behind whatever ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz(/tasks)?$"]
SESSION_ENGINE = "erpintegrations.ops.sessions"
SESSION_COOKIE_AGE = 12 * 3600
X_FRAME_OPTIONS = "DENY"
CSRF_FAILURE_VIEW = "erpintegrations.web.errors.csrf_failure"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

LANGUAGE_CODE = "en-us"
TIME_ZONE = ENVIRONMENT.time_zone
USE_TZ = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

EMAIL_BACKEND = ENVIRONMENT.email["EMAIL_BACKEND"]
EMAIL_FILE_PATH = ENVIRONMENT.email["EMAIL_FILE_PATH"]
EMAIL_HOST = ENVIRONMENT.email["EMAIL_HOST"]
EMAIL_PORT = ENVIRONMENT.email["EMAIL_PORT"]
EMAIL_HOST_USER = ENVIRONMENT.email["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = ENVIRONMENT.email["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = ENVIRONMENT.email["EMAIL_USE_TLS"]
EMAIL_USE_SSL = ENVIRONMENT.email["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = ENVIRONMENT.email["EMAIL_TIMEOUT"]
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.email_from

LOGGING = configure_logging(level=ENVIRONMENT.log_level, json=ENVIRONMENT.log_format == "json")
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False  # TrustedProxyMiddleware binds the address that can be believed
