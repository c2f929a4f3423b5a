"""Every setting of the portal, each read once. `portal.environment` says from where, and what people may type.

What is missing or malformed stops the start with one line that names the variable.
"""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from portal.environment import ROOT, ThisProcess
from portal.schedule import schedule

BASE_DIR = ROOT
env = ThisProcess()

# --- Where and how this deployment runs -----------------------------------------------------------------------------
STATE_DIR = env.state
DOT_ENV = env.dot_env_file
DEMO = env.switch("DEMO", default=False)
DEMONSTRATION_FAULTS = env.demonstration_faults()
DEBUG = env.switch("DEBUG", default=False)
SECRET_KEY = env.key("SECRET_KEY")
PORT = env.port("PORT", 8000)
PUBLIC_URL = env.origin("PUBLIC_URL", f"http://127.0.0.1:{PORT}")
ALLOWED_HOSTS = env.hosts("ALLOWED_HOSTS", ("127.0.0.1", "localhost"), with_ports=False)
TRUSTED_PROXIES = env.whole("TRUSTED_PROXIES", 0, most=20)
ORGANIZATION_NAME = env.text("ORGANIZATION_NAME", "", longest=100)
ORGANIZATION_TIME_ZONE = env.word(
    "ORGANIZATION_TIME_ZONE",
    "UTC",
    among=available_timezones(),
    what="not a time zone, such as Europe/Amsterdam",
)

# --- The outside world ----------------------------------------------------------------------------------------------
SERVICENOW_ALLOWED_HOSTS = env.hosts("SERVICENOW_ALLOWED_HOSTS", with_ports=True)
GRAPH_URL = env.base("GRAPH_URL", "https://graph.microsoft.com")
ENTRA_URL = env.base("ENTRA_URL", "https://login.microsoftonline.com")
GRAPH_TENANT_ID = env.identifier("GRAPH_TENANT_ID")
GRAPH_CLIENT_ID = env.identifier("GRAPH_CLIENT_ID")
GRAPH_CLIENT_SECRET = env.secret("GRAPH_CLIENT_SECRET", "")
GRAPH_CLIENT_SECRET_EXPIRES_ON = env.day("GRAPH_CLIENT_SECRET_EXPIRES_ON")
GRAPH_CLIENT_SECRET_NEXT = env.secret("GRAPH_CLIENT_SECRET_NEXT", "")
GRAPH_CLIENT_SECRET_NEXT_EXPIRES_ON = env.day("GRAPH_CLIENT_SECRET_NEXT_EXPIRES_ON")
GRAPH_CLIENT_CERTIFICATE = env.client_certificate("GRAPH_CLIENT_CERTIFICATE")
GRAPH_CLIENT_CERTIFICATE_NEXT = env.client_certificate("GRAPH_CLIENT_CERTIFICATE_NEXT")
HTTPS_PROXY = env.proxy("HTTPS_PROXY")
CA_BUNDLE = env.certificates("CA_BUNDLE")
API_CALLS_PER_HOUR = env.whole("API_CALLS_PER_HOUR", 2000, least=1)

# Days; 0 for always. Fewer than Microsoft has would come back with the next import of all.
SCORE_HISTORY_DAYS = env.whole("SCORE_HISTORY_DAYS", 0)
if 0 < SCORE_HISTORY_DAYS < 90:
    raise ImproperlyConfigured("SCORE_HISTORY_DAYS: give 90 days or more, or 0 to keep all")

# --- Delivery and tracking (seconds) --------------------------------------------------------------------------------
PUSH_TIMEOUT = env.seconds("PUSH_TIMEOUT", 30.0)
PUSH_QUARANTINE = env.seconds("PUSH_QUARANTINE", 180.0)
POLL_DELTA_SECONDS = env.seconds("POLL_DELTA_SECONDS", 120.0)
POLL_SWEEP_SECONDS = env.seconds("POLL_SWEEP_SECONDS", 900.0)
LOOP_WORK_NOTE = env.switch("LOOP_WORK_NOTE", default=False)

# --- Django ---------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "portal.administration.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "accounts",
    "connector",
    "scorecard",
    "tickets",
    "portal",
]
MIDDLEWARE = [
    # First, so that whatever the others log has the request's ID.
    "portal.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "portal.middleware.HeadersMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before anything that looks at what a request holds; the ones above only write headers.
    "portal.limits.LimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "portal.middleware.PrivateAnswersMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.SessionLimitsMiddleware",
    "portal.middleware.HeadMiddleware",
    "accounts.middleware.LoginMiddleware",
    "accounts.middleware.PersonalLanguageMiddleware",
    "accounts.middleware.PersonalTimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.organization",
                "accounts.context_processors.theme",
                "tickets.pages.context_processors.sharing",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "portal.templatetags.breaks",
                "portal.templatetags.icons",
                "portal.templatetags.kept",
                "portal.templatetags.moments",
                "portal.templatetags.navigation",
                "portal.templatetags.tickets_of_action",
            ],
        },
    }
]

DATABASES: dict[str, dict[str, Any]] = {"default": env.database("DATABASE_URL", STATE_DIR / "portal.sqlite3")}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at BEGIN, so that a transaction never fails half-way for having read first.
    # FULL: in WAL mode, NORMAL may lose the last commits at power loss, and with them "this was sent".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # Seconds until a server that neither answers nor refuses counts as one that cannot be reached.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Encryption keys of the secret columns, newest first. Not derived from SECRET_KEY: changing that one must not lose
# tokens.
FIELD_KEYS = env.secrets("FIELD_KEYS")
if not FIELD_KEYS or any(len(key) < 32 for key in FIELD_KEYS):
    raise ImproperlyConfigured(
        "FIELD_KEYS: give at least one key, each of 32 characters or more, newest first"
    )
FERNET_KEYS = FIELD_KEYS

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backend.RoleBackend"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "home"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "accounts.passwords.GuessablePasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("ja", _("Japanese"))]
FORMAT_MODULE_PATH = "portal.formats"
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
# Only what people see; the database holds UTC.
TIME_ZONE = ORGANIZATION_TIME_ZONE

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STATE_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "portal.storage.StaticStorage"},
}
# Templates name their files one by one, so whatever nobody names need not be copied under two names.
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

EMAIL_CONFIG = env.mail("EMAIL_URL", "consolemail://")
vars().update(EMAIL_CONFIG)
HAS_MAIL_SERVER = not EMAIL_CONFIG["EMAIL_BACKEND"].endswith(".console.EmailBackend")
DEFAULT_FROM_EMAIL = env.mail_address("EMAIL_FROM", f"scoredesk@{urlsplit(PUBLIC_URL).hostname}")
EMAIL_TIMEOUT = 20
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())

# --- Security -------------------------------------------------------------------------------------------------------
HTTPS = PUBLIC_URL.startswith("https://")
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Bytes of a request's body: a form of the longest texts, in letters that take twelve bytes each, several times over.
DATA_UPLOAD_MAX_MEMORY_SIZE = 256 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 1
DEFAULT_EXCEPTION_REPORTER_FILTER = "portal.reporting.DiscreetReporterFilter"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "accounts.session_store"
SESSION_IDLE = timedelta(minutes=env.whole("SESSION_IDLE_MINUTES", 30, least=1, most=525_600))
SESSION_LONGEST = timedelta(hours=env.whole("SESSION_MAX_HOURS", 12, least=1, most=8_760))
# Longer than a session lasts: one that has ended still tells whose the form is that arrives after a weekend.
SESSION_COOKIE_AGE = int(timedelta(days=7).total_seconds())
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "accounts.views.csrf_failure"
# Django's default keeps messages in a cookie of a fixed name, without the prefix.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
# Browsers ignore the port when they send cookies: two copies on one machine would sign each other out.
_suffix = f"_{PORT}" if DEMO else ""
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}sessionid{_suffix}"
CSRF_COOKIE_NAME = f"{_prefix}csrftoken{_suffix}"
LANGUAGE_COOKIE_NAME = f"{_prefix}language{_suffix}"
THEME_COOKIE_NAME = f"{_prefix}theme{_suffix}"
BROWSER_COOKIE_NAME = f"{_prefix}browser{_suffix}"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}

# --- Celery: an alarm clock whose loss costs seconds, never a ticket --------------------------------------------------
CELERY_BROKER_URL = env.broker("CELERY_BROKER_URL", STATE_DIR / "broker")
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
# A publish that cannot reach the broker must fail fast: the sweep finds the ticket anyway.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 2, "socket_timeout": 5}
CELERY_BEAT_SCHEDULE = schedule(POLL_DELTA_SECONDS, POLL_SWEEP_SECONDS)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "portal.reporting.Line",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(request_id)s%(message)s",
        }
    },
    "filters": {
        "no error": {"()": "portal.reporting.NoError"},
        "request": {"()": "portal.reporting.RequestIds"},
        "links": {"()": "portal.reporting.WithoutLinks"},
    },
    "handlers": {
        "console": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["no error", "request", "links"],
        }
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # gunicorn's own handler quotes whole requests that it cannot read.
        "gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False},
        "django.server": {"handlers": ["console"], "level": "WARNING", "propagate": False},
        "celery.app.trace": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
    },
}
