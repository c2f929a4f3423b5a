"""Settings as people type them: what they mean is read, or one line names the variable; no value is ever shown."""

import ast
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from portal.environment import Environment, variables_in
from portal.reporting import DiscreetReporterFilter
from tests.portal.scratch import KEYS, environment, manage
from tests.portal.test_demonstration import programs, refusals, run
from tests.sandbox_process import ROOT
from tests.scorecard.certificates import certificate, pem_of_key, rsa_key

VALUE = "seen-4711"


def read(text: str, folder: Path) -> dict[str, str]:
    (folder / "file").write_text(text)
    return variables_in(folder / "file")


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("NAME=value", "value"),
        ("  NAME = value  ", "value"),
        ("export NAME=value", "value"),
        ("NAME=value # a remark", "value"),
        ("NAME=value#no-remark", "value#no-remark"),
        ("NAME=#value", "#value"),
        ("NAME= # nothing", ""),
        ("NAME=", ""),
        ('NAME="value"   # the portal', "value"),
        ("NAME='value' # the portal", "value"),
        ('NAME="value # no remark"', "value # no remark"),
        ("NAME='it costs $5'", "it costs $5"),
        ("NAME=$value", "$value"),
        ("NAME=$$value${x}", "$$value${x}"),
        ('NAME="say \\"value\\""', 'say "value"'),
        ('NAME=O\'Neill "and" sons', 'O\'Neill "and" sons'),
        ("NAME=first\nNAME=second", "second"),
        ("\ufeffNAME=value\r", "value"),
        ("NAME=a=b==", "a=b=="),
    ],
)
def test_a_line_says_what_somebody_means(tmp_path: Path, line: str, value: str) -> None:
    assert Environment(read(line, tmp_path)).text("NAME") == value


@pytest.mark.parametrize("value", ["  value ", '"value"', "'value'", '"value"   # the portal', "value"])
def test_what_tools_hand_on_as_it_stood_in_a_file_is_read_likewise(value: str) -> None:
    assert Environment({"NAME": value}).text("NAME") == "value"


@pytest.mark.parametrize(
    "line", ['NAME="seen-4711', "NAME='seen-4711\" # x", 'NAME="seen" 4711', "seen-4711"]
)
def test_a_line_that_says_nothing_clear_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="line 2") as refused:
        read(f"OTHER=1\n{line}\n", tmp_path)
    assert "4711" not in str(refused.value)


@pytest.mark.parametrize("typed", ["a.example.com, b.example.com", "https://a.example.com/ ; B.example.com",
                                   " a.example.com:443 b.example.com ,"])  # fmt: skip
def test_hosts_are_read_however_they_are_listed(typed: str) -> None:
    hosts = Environment({"HOSTS": typed}).hosts("HOSTS", with_ports=True)
    assert hosts == ["a.example.com", "b.example.com"]


def test_a_port_counts_for_servicenow_and_not_for_what_browsers_ask_for() -> None:
    given = Environment({"HOSTS": "127.0.0.1:8800, [::1]:8800, .example.com, *"})
    assert given.hosts("HOSTS", with_ports=True) == ["127.0.0.1:8800", "[::1]:8800", ".example.com", "*"]
    assert given.hosts("HOSTS", with_ports=False) == ["127.0.0.1", "[::1]", ".example.com", "*"]


@pytest.mark.parametrize(
    ("typed", "origin"),
    [
        ("https://desk.example.com", "https://desk.example.com"),
        ("HTTPS://Desk.Example.com/", "https://desk.example.com"),
        ("https://desk.example.com:443", "https://desk.example.com"),
        ("http://127.0.0.1:18160/", "http://127.0.0.1:18160"),
        ("https://[2001:DB8::1]:8443", "https://[2001:db8::1]:8443"),
        ("", "http://default.example.com"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(typed: str, origin: str) -> None:
    assert Environment({"URL": typed}).origin("URL", "http://default.example.com") == origin


def test_a_proxy_needs_no_scheme() -> None:
    assert (
        Environment({"HTTPS_PROXY": "proxy.example.com:3128"}).proxy("HTTPS_PROXY")
        == "http://proxy.example.com:3128"
    )


ADDRESSES = [
    f"{VALUE}.example.com", f"{VALUE}.example.com:8443", f"//{VALUE}", f"https:/{VALUE}", f"ftp://{VALUE}",
    f"https://{VALUE}:port", f"https://user:{VALUE}@host", f"https://host#{VALUE}", f"https://host?{VALUE}",
    f"https://{VALUE} .com", f"https://[{VALUE}",
]  # fmt: skip
DATABASES = [
    f"postgres://user:{VALUE}/x@host/name", f"postgres://user:12/{VALUE}@host/name", f"mysql://user:{VALUE}@host/name",
    f"postgres://user:pa#{VALUE}@host/x", f"sqlite://{VALUE}/portal.sqlite3", f"host={VALUE}",
]  # fmt: skip
BROKERS = [f"redis://:{VALUE}/x@host/0", f"{VALUE}:6379/0", f"redis://host:{VALUE}"]
MAILS = [f"smtp://user:{VALUE}#x@host:587", f"{VALUE}:587", "smtp://", f"imap://{VALUE}"]
WITHOUT_MEANING = [
    "DEBUG", "DEMO", "PORT", "TRUSTED_PROXIES", "SESSION_IDLE_MINUTES", "SESSION_MAX_HOURS", "API_CALLS_PER_HOUR",
    "PUSH_TIMEOUT", "PUSH_QUARANTINE", "POLL_DELTA_SECONDS", "POLL_SWEEP_SECONDS", "LOOP_WORK_NOTE",
    "ALLOWED_HOSTS", "SERVICENOW_ALLOWED_HOSTS", "ORGANIZATION_TIME_ZONE", "CA_BUNDLE", "DATABASE_URL",
    "CELERY_BROKER_URL", "EMAIL_URL", "FIELD_KEYS", "SCORE_HISTORY_DAYS",
]  # fmt: skip
MALFORMED = [
    *product(["PUBLIC_URL", "GRAPH_URL", "ENTRA_URL"], ADDRESSES),
    ("PUBLIC_URL", f"https://host/{VALUE}"),
    *product(WITHOUT_MEANING, [f"{VALUE}!"]),
    *product(["PUSH_TIMEOUT", "POLL_DELTA_SECONDS"], ["0", "-1", "nan", "1e400", "4711m"]),
    *product(["PORT", "API_CALLS_PER_HOUR"], ["0", "-4711", "1.5", "1_000_000_000_000", "\uff14"]),
    *product(["SCORE_HISTORY_DAYS"], ["89", "-4711", "always"]),
    *product(["DATABASE_URL"], DATABASES),
    *product(["EMAIL_URL"], MAILS),
    *product(["CELERY_BROKER_URL"], BROKERS),
    ("ALLOWED_HOSTS", f"['{VALUE}']"),
    ("HTTPS_PROXY", f"proxy.example.com:{VALUE}"),
    ("SECRET_KEY_FILE", f"/{VALUE}"),
    ("ENV_FILE", f"/{VALUE}"),
    ("CA_BUNDLE", "/etc/passwd"),
    *product(["EMAIL_FROM"], [f"a@b.example\nbcc: {VALUE}", VALUE, f"{VALUE} <a@>", f"{VALUE}@"]),
    *product(
        ["GRAPH_TENANT_ID", "GRAPH_CLIENT_ID"], [f"../{VALUE}/x", f"{VALUE} x", f"{VALUE}?", f"{VALUE}/"]
    ),
    *product(["POLL_SWEEP_SECONDS", "POLL_DELTA_SECONDS"], ["0.0001", "0.99"]),
    ("SECRET_KEY", VALUE),
    *product(
        ["GRAPH_CLIENT_SECRET_EXPIRES_ON", "GRAPH_CLIENT_SECRET_NEXT_EXPIRES_ON"],
        [f"{VALUE}!", "30.11.2027", "2027-02-30", "20271130", f"2027-11-30 {VALUE}"],
    ),
    *product(
        ["GRAPH_CLIENT_CERTIFICATE", "GRAPH_CLIENT_CERTIFICATE_NEXT"],
        [VALUE, f"-----BEGIN CERTIFICATE-----\\n{VALUE}\\n-----END CERTIFICATE-----"],
    ),
    ("ORGANIZATION_NAME", VALUE * 100),
    ("ORGANIZATION_NAME", f"{VALUE}\n{VALUE}"),
]


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_one_line_names_the_variable_and_never_shows_its_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, value: str
) -> None:
    for variable, setting in {**KEYS, "STATE_DIR": str(tmp_path), "ENV_FILE": "", "DEMO": "0"}.items():
        monkeypatch.setenv(variable, setting)
    if name.removesuffix("_FILE") in KEYS:
        monkeypatch.delenv(name.removesuffix("_FILE"))
    monkeypatch.setenv(name, value)
    code = compile((ROOT / "portal" / "settings.py").read_text(), "settings.py", "exec")
    with pytest.raises(ImproperlyConfigured) as refused:
        exec(code, {"__name__": "settings_again"})
    message = str(refused.value)
    assert message.startswith(f"{name}:")
    assert "\n" not in message
    assert VALUE not in message
    assert len(value) < 4 or value not in message.removeprefix(name)


@pytest.mark.slow
@pytest.mark.parametrize("program", ["make serve", "gunicorn", "worker", "beat"])
def test_every_start_says_so_in_one_line(tmp_path: Path, program: str) -> None:
    settings = environment(tmp_path, **KEYS, PUBLIC_URL=f"{VALUE}.example.com")
    done = run(programs(tmp_path)[program], settings)
    [line] = refusals(done)
    assert line.startswith("PUBLIC_URL: begin it with https://")
    assert VALUE not in done.stdout + done.stderr


SHOW = """
from django.conf import settings
names = "SECRET_KEY FIELD_KEYS GRAPH_CLIENT_SECRET DATABASES CELERY_BROKER_URL EMAIL_HOST_PASSWORD HTTPS_PROXY HTTPS"
print([getattr(settings, name) for name in names.split()])
"""


def test_every_secret_may_come_from_a_file_that_is_named(tmp_path: Path) -> None:
    secrets = {
        "SECRET_KEY": f"$secret-{VALUE}-that-nobody-can-guess",
        "FIELD_KEYS": f"{'k' * 32}, {'o' * 32}",
        "GRAPH_CLIENT_SECRET": f"graph-{VALUE}",
        "DATABASE_URL": "postgres://user:database-4711@host/name",
        "CELERY_BROKER_URL": "redis://:broker-4711@host/0",
        "EMAIL_URL": "smtp+tls://user:mail-4711@host:587",
        "HTTPS_PROXY": "http://user:proxy-4711@host:3128",
    }
    for name, secret in secrets.items():
        (tmp_path / name).write_text(f"{secret}\n")
        (tmp_path / name).chmod(0o644)
    files = {f"{name}_FILE": str(tmp_path / name) for name in secrets}
    done = manage("shell", "--verbosity", "0", "-c", SHOW, settings=environment(tmp_path / "state", **files))
    assert done.returncode == 0, done.stderr
    key, keys, graph, databases, broker, mail, proxy, _ = ast.literal_eval(done.stdout)
    assert (key, keys, graph) == (secrets["SECRET_KEY"], ["k" * 32, "o" * 32], secrets["GRAPH_CLIENT_SECRET"])
    assert databases["default"]["PASSWORD"] == "database-4711"
    assert (broker, mail, proxy) == (secrets["CELERY_BROKER_URL"], "mail-4711", secrets["HTTPS_PROXY"])


def test_a_certificate_comes_from_its_file_or_with_its_ends_of_lines_written_out(tmp_path: Path) -> None:
    pem = (certificate() + pem_of_key(rsa_key())).strip()
    (tmp_path / "graph.pem").write_text(pem)
    for typed in ({"NAME_FILE": str(tmp_path / "graph.pem")}, {"NAME": pem.replace("\n", "\\n")}):
        assert Environment(typed).client_certificate("NAME") == pem
    assert Environment({}).client_certificate("NAME") == ""
    # Error pages of development show settings by their names.
    assert DiscreetReporterFilter().cleanse_setting("GRAPH_CLIENT_CERTIFICATE_NEXT", pem) != pem


def test_a_secret_that_is_given_twice_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SECRET_KEY: SECRET_KEY_FILE is set as well"):
        Environment({"SECRET_KEY": VALUE, "SECRET_KEY_FILE": "x"}).secret("SECRET_KEY")


def test_the_first_place_that_has_a_secret_in_either_form_wins(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("from a file\n")
    named = {"SECRET_KEY_FILE": str(tmp_path / "file")}
    assert Environment(named, {"SECRET_KEY": "generated"}).secret("SECRET_KEY") == "from a file"
    assert Environment({"SECRET_KEY": "at hand"}, named).secret("SECRET_KEY") == "at hand"


def test_a_remark_behind_quotes_leaves_cookies_secure(tmp_path: Path) -> None:
    (tmp_path / "env").write_text(
        'PUBLIC_URL="https://desk.example.com"   # the portal\nALLOWED_HOSTS=127.0.0.1\n'
    )
    settings = environment(tmp_path, **KEYS) | {"ENV_FILE": str(tmp_path / "env")}
    done = manage("shell", "--verbosity", "0", "-c", SHOW, settings=settings)
    assert ast.literal_eval(done.stdout)[-1] is True


READERS: list[Callable[[Environment], object]] = [
    lambda typed: typed.text("NAME"),
    lambda typed: typed.secrets("NAME"),
    lambda typed: typed.switch("NAME", default=False),
    lambda typed: typed.whole("NAME", 1),
    lambda typed: typed.seconds("NAME", 1),
    lambda typed: typed.hosts("NAME", with_ports=True),
    lambda typed: typed.origin("NAME", "http://host"),
    lambda typed: typed.base("NAME", "http://host"),
    lambda typed: typed.proxy("NAME"),
    lambda typed: typed.broker("NAME", Path("x")),
    lambda typed: typed.database("NAME", Path("x")),
    lambda typed: typed.mail("NAME", "consolemail://"),
]


@given(st.text(max_size=60))
def test_no_value_breaks_a_reader_or_shows_in_what_it_says(value: str) -> None:
    said = [refusal(reader, value) for reader in READERS]
    assert all(not line or line.startswith("NAME: ") for line in said)
    assert len(value) < 8 or not any(value in line for line in said)


def refusal(reader: Callable[[Environment], object], value: str) -> str:
    try:
        reader(Environment({"NAME": value}))
    except ImproperlyConfigured as refused:
        return str(refused)
    return ""


def test_celery_uses_the_setting_that_was_read(tmp_path: Path) -> None:
    """It prefers the variable as it was typed to its configuration."""
    code = "from portal.celery import app; app.conf.task_queues; print(app.conf.broker_url)"
    settings = environment(tmp_path, **KEYS, CELERY_BROKER_URL=' "redis://127.0.0.1:1/0" ')
    done = run([sys.executable, "-c", code], settings)
    assert done.stdout == "redis://127.0.0.1:1/0\n", done.stderr
