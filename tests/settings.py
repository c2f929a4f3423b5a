"""The portal's settings with an environment of the tests' own: no `.env`, no state folder of somebody's."""

import os

os.environ.update(
    {
        "ENV_FILE": "",
        "STATE_DIR": f"build/tests/{os.environ.get('PYTEST_XDIST_WORKER', 'main')}",
        "SECRET_KEY": "only-for-tests-" * 4,
        "FIELD_KEYS": "only-for-tests-0123456789-abcdefgh",
        "DEMO": "1",
        "PORT": "8000",
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "PUSH_TIMEOUT": "5",
        "PUSH_QUARANTINE": "185",
    }
)
for _name in (
    "GRAPH_TENANT_ID",
    "GRAPH_CLIENT_ID",
    "GRAPH_CLIENT_SECRET",
    "SERVICENOW_ALLOWED_HOSTS",
    "HTTPS_PROXY",
):
    os.environ.pop(_name, None)

from portal.settings import *  # noqa: E402, F403

# Slow hashing protects stored passwords; those of tests are in the tests.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
