"""A demonstration and a real portal in one checkout: neither ever works on what is the other's."""

import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.portal.scratch import KEYS, environment, manage
from tests.portal.test_settings import PRODUCTION
from tests.ports import free_port, free_ports
from tests.sandbox_process import ROOT

CODE = ("portal", "accounts", "connector", "scorecard", "tickets", "sandbox", "templates", "static", "locale")
NEW_PERSON = (
    "from accounts.models import User; User.objects.create_superuser('chief', password='correct horse 42')"
)
SHOW = "from django.conf import settings; print([getattr(settings, n) for n in dir(settings) if n.isupper()])"
# As an operator configures a real portal.
SECRET = "never-for-a-demonstration-0123456789-abcdef"
CONFIGURED = f"""
SECRET_KEY={SECRET}
FIELD_KEYS={SECRET}
ALLOWED_HOSTS={SECRET}.example.com
ORGANIZATION_NAME={SECRET}
SERVICENOW_ALLOWED_HOSTS={SECRET}.example.com
GRAPH_TENANT_ID={SECRET}
GRAPH_CLIENT_ID={SECRET}
GRAPH_CLIENT_SECRET={SECRET}
HTTPS_PROXY=http://{SECRET}.example.com:3128
EMAIL_URL=smtp+tls://{SECRET}:x@mail.example.com:587
EMAIL_FROM={SECRET}@example.com
"""


def run(
    command: list[str], settings: dict[str, str], folder: Path = ROOT
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        command, cwd=folder, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240
    )  # fmt: skip


def without_state_dir(**settings: str) -> dict[str, str]:
    given = environment(Path("unused"), **settings)
    return {name: value for name, value in given.items() if name not in ("STATE_DIR", "ENV_FILE")}


def programs(folder: Path) -> dict[str, list[str]]:
    """Everything that serves, as `make serve` or an operator starts it."""
    celery = [sys.executable, "-m", "celery", "--app", "portal"]
    web = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--no-control-socket"]
    return {
        "make serve": [sys.executable, "-m", "portal.run"],
        "gunicorn": [*web, "--bind", f"127.0.0.1:{free_port()}"],
        "worker": [*celery, "worker", "--pool", "solo", "--without-mingle"],
        "beat": [*celery, "beat", "--schedule", str(folder / "beat"), "--pidfile", ""],
        "runserver": [sys.executable, "manage.py", "runserver", "--noreload", str(free_port())],
    }


def refusals(done: "subprocess.CompletedProcess[str]") -> list[str]:
    said = done.stdout + done.stderr
    assert done.returncode != 0, said
    assert "Traceback" not in said
    return [line.partition("Cannot start: ")[2] for line in said.splitlines() if "Cannot start: " in line]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the code, in which nobody has started anything."""
    folder = tmp_path / "checkout"
    for name in CODE:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "manage.py", folder)
    return folder


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a demonstration, with its people."""
    folder = tmp_path_factory.mktemp("demonstration")
    settings = environment(folder, **KEYS, DEMO="1")
    assert manage("migrate", "--verbosity", "0", settings=settings).returncode == 0
    code = "from portal.management.commands.seed_demo import *; [add_person(*each) for each in PEOPLE]"
    done = manage("shell", "--verbosity", "0", "-c", code, settings=settings)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The state folder of a real portal with one person."""
    folder = tmp_path_factory.mktemp("real")
    settings = environment(folder, **KEYS)
    assert manage("migrate", "--verbosity", "0", settings=settings).returncode == 0
    assert manage("shell", "--verbosity", "0", "-c", NEW_PERSON, settings=settings).returncode == 0
    return folder


def start_and_stop(checkout: Path, settings: dict[str, str]) -> str:
    """Start the demonstration, wait until it is ready, stop it. Returns what it said."""
    log = checkout / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "portal.run", "--demo"],
            cwd=checkout, env=settings, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    deadline = time.monotonic() + 100
    while "Portal ready" not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    return log.read_text()


def people_in(database: Path) -> list[str]:
    with sqlite3.connect(database) as connection:
        rows = connection.execute("SELECT username FROM accounts_user ORDER BY username").fetchall()
    connection.close()
    return [name for (name,) in rows]


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_make_run_and_make_serve_in_either_order_leave_nothing_to_one_another(checkout: Path) -> None:
    ports = dict(zip(("PORT", "SANDBOX_PORT", "MICROSOFT_PORT"), map(str, free_ports(3)), strict=True))
    settings = without_state_dir(**ports)
    demo, serve = checkout / "var" / "demo", checkout / "var" / "serve"
    start_and_stop(checkout, settings)
    assert people_in(demo / "portal.sqlite3") == ["admin", "reader", "secadmin"]
    assert not serve.exists()
    [line] = refusals(run([sys.executable, "-m", "portal.run"], settings, checkout))
    assert "there is no administrator yet" in line
    assert people_in(serve / "portal.sqlite3") == []
    assert (serve / "env").read_text() != (demo / "env").read_text()
    # Whatever stands in `.env` now is the real portal's.
    (checkout / ".env").write_text(CONFIGURED)
    manage_py = [sys.executable, "manage.py"]
    done = run([*manage_py, "shell", "--verbosity", "0", "-c", NEW_PERSON], settings, checkout)
    assert done.returncode == 0, done.stderr
    start_and_stop(checkout, settings)
    assert people_in(demo / "portal.sqlite3") == ["admin", "reader", "secadmin"]
    assert people_in(serve / "portal.sqlite3") == ["chief"]


def test_without_a_state_folder_commands_work_on_that_of_their_kind(checkout: Path) -> None:
    command = [sys.executable, "manage.py", "shell", "--verbosity", "0", "-c"]
    command += ["from django.conf import settings; print(settings.DATABASES['default']['NAME'])"]
    real = run(command, without_state_dir(**KEYS), checkout)
    demonstration = run(command, without_state_dir(**KEYS, DEMO="1"), checkout)
    assert real.stdout == f"{checkout}/var/serve/portal.sqlite3\n"
    assert demonstration.stdout == f"{checkout}/var/demo/portal.sqlite3\n"


@pytest.mark.parametrize("arguments", [[], ["--demo"]], ids=["make serve", "make run"])
def test_an_earlier_versions_database_stops_the_start_and_stays(checkout: Path, arguments: list[str]) -> None:
    (checkout / "var").mkdir()
    (checkout / "var" / "portal.sqlite3").write_bytes(b"an earlier version's")
    done = run([sys.executable, "-m", "portal.run", *arguments], without_state_dir(), checkout)
    [line] = refusals(done)
    assert "var/portal.sqlite3" in line
    assert "mv -n" in line
    assert done.stderr.count("\n") == 1
    assert [path.name for path in (checkout / "var").iterdir()] == ["portal.sqlite3"]
    assert (checkout / "var" / "portal.sqlite3").read_bytes() == b"an earlier version's"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://scoredesk:secret-4711@127.0.0.1:1/scoredesk"),
        ("CELERY_BROKER_URL", "redis://:secret-4711@127.0.0.1:1/0"),
        ("PUBLIC_URL", "https://secret-4711.example.com"),
        ("DATABASE_URL_FILE", "secret-4711"),
    ],
)
@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_demonstration_refuses_what_is_configured_for_the_real_portal(
    tmp_path: Path, name: str, value: str, place: str
) -> None:
    file = tmp_path / "env-file"
    file.write_text(f"{name}={value}\n" if place == ".env" else "")
    ports = dict(zip(("PORT", "SANDBOX_PORT", "MICROSOFT_PORT"), map(str, free_ports(3)), strict=True))
    settings = environment(tmp_path / "state", **ports) | {"ENV_FILE": str(file)}
    if place == "environment":
        settings[name] = value
    done = run([sys.executable, "-m", "portal.run", "--demo"], settings)
    [line] = refusals(done)
    assert line.startswith(name.removesuffix("_FILE"))
    assert "secret-4711" not in done.stdout + done.stderr
    assert not (tmp_path / "state").exists()


def test_a_demonstration_reads_no_env_file(tmp_path: Path) -> None:
    file = tmp_path / "env-file"
    file.write_text(CONFIGURED)
    settings = environment(tmp_path / "state", **KEYS) | {"ENV_FILE": str(file)}
    command = ("shell", "--verbosity", "0", "-c", SHOW)
    assert SECRET in manage(*command, settings=settings).stdout
    shown = manage(*command, settings=settings | {"DEMO": "1"})
    assert shown.returncode == 0, shown.stderr
    assert SECRET not in shown.stdout


def test_an_env_file_cannot_turn_the_demonstration_on(tmp_path: Path) -> None:
    (tmp_path / "env-file").write_text("DEMO=1\n")
    settings = environment(tmp_path, **KEYS) | {"ENV_FILE": str(tmp_path / "env-file")}
    [line] = refusals(run(programs(tmp_path)["gunicorn"], settings))
    assert line.startswith("DEMO: ")


def test_serving_with_demo_on_is_refused(tmp_path: Path) -> None:
    [line] = refusals(run([sys.executable, "-m", "portal.run"], environment(tmp_path, DEMO="1")))
    assert line.startswith("DEMO is on.")


@pytest.mark.slow
@pytest.mark.parametrize("program", programs(Path()))
def test_nothing_but_a_demonstration_starts_on_its_database(
    demonstration: Path, tmp_path: Path, program: str
) -> None:
    shutil.copy(demonstration / "portal.sqlite3", tmp_path)
    database = f"sqlite:///{tmp_path / 'portal.sqlite3'}"
    settings = environment(tmp_path / "state", **KEYS, DATABASE_URL=database)
    [line] = refusals(run(programs(tmp_path)[program], settings))
    assert "this database is a demonstration's" in line


@pytest.mark.slow
def test_a_demonstration_starts_on_no_real_database(real: Path, tmp_path: Path) -> None:
    ports = dict(zip(("PORT", "SANDBOX_PORT", "MICROSOFT_PORT"), map(str, free_ports(3)), strict=True))
    started = [[sys.executable, "-m", "portal.run", "--demo"], programs(tmp_path)["gunicorn"]]
    for command in started:
        [line] = refusals(run(command, environment(real, **KEYS, **ports, DEMO="1")))
        assert "is no demonstration's" in line
    assert people_in(real / "portal.sqlite3") == ["chief"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "said"),
    [("DEMO", "PUBLIC_URL begins with https"), ("DEBUG", "DEBUG is on, and PUBLIC_URL begins with https.")],
)
def test_an_https_address_is_refused_where_the_inside_shows(tmp_path: Path, name: str, said: str) -> None:
    settings = environment(tmp_path, **PRODUCTION, **{name: "1"})
    [line] = refusals(run(programs(tmp_path)["gunicorn"], settings))
    assert line.startswith(said)


@pytest.mark.slow
def test_sign_ins_that_everybody_knows_are_refused_with_what_fixes_them(
    demonstration: Path, tmp_path: Path
) -> None:
    """As in a database that served a demonstration before it had a mark."""
    shutil.copy(demonstration / "portal.sqlite3", tmp_path)
    with sqlite3.connect(tmp_path / "portal.sqlite3") as connection:
        connection.execute("DELETE FROM portal_demonstrationmark")
        connection.execute("UPDATE accounts_user SET is_active = 0 WHERE username = 'reader'")
    connection.close()
    [line] = refusals(run(programs(tmp_path)["gunicorn"], environment(tmp_path, **KEYS)))
    assert line.startswith("admin, secadmin can sign in with the demonstration's password")
    assert "manage.py changepassword admin" in line
