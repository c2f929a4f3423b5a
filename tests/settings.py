"""The portal's settings with an environment of the tests' own: no `.env`, no state folder of somebody's."""

import atexit
import os
import shutil
import tempfile

# A folder and a queue for each process, so that runs side by side do not meet: workers take any message.
_state = tempfile.mkdtemp(prefix="scoredesk-tests-")
atexit.register(shutil.rmtree, _state, ignore_errors=True)
os.environ.update(
    {
        "ENV_FILE": "",
        "STATE_DIR": _state,
        "SECRET_KEY": "only-for-tests-" * 4,
        "FIELD_KEYS": "only-for-tests-0123456789-abcdefgh",
        "DEMO": "1",
        "PORT": "8000",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PUSH_TIMEOUT": "5",
        "PUSH_QUARANTINE": "185",
    }
)
if os.environ.get("CELERY_BROKER_URL", "").startswith("redis"):
    _redis = os.environ["CELERY_BROKER_URL"].rpartition("/")[0]
    os.environ["CELERY_BROKER_URL"] = f"{_redis}/{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:]}"
for _name in (
    "GRAPH_TENANT_ID",
    "GRAPH_CLIENT_ID",
    "GRAPH_CLIENT_SECRET",
    "GRAPH_CLIENT_SECRET_EXPIRES_ON",
    "GRAPH_CLIENT_SECRET_NEXT",
    "GRAPH_CLIENT_SECRET_NEXT_EXPIRES_ON",
    "GRAPH_CLIENT_CERTIFICATE",
    "GRAPH_CLIENT_CERTIFICATE_NEXT",
    "SERVICENOW_ALLOWED_HOSTS",
    "HTTPS_PROXY",
):
    os.environ.pop(_name, None)

from portal.settings import *  # noqa: E402, F403

# The database is lent for the tests, and has a demonstration's mark.
DEMONSTRATION_FAULTS = []

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # A file, so that workers in processes of their own see the same rows; nobody pulls this machine's plug.
    DATABASES["default"]["TEST"] = {"NAME": str(STATE_DIR / "test.sqlite3")}  # noqa: F405
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF;"  # noqa: F405

# Slow hashing protects stored passwords; those of tests are in the tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
