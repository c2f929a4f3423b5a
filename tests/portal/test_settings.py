"""Settings: each is documented, and a wrong one stops the start by name."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.portal.scratch import KEYS, environment, manage
from tests.sandbox_process import ROOT

# Said in the README alone: they choose the file itself, or belong to the demonstration.
NOT_IN_THE_EXAMPLE = {"ENV_FILE", "SANDBOX_PORT", "SANDBOX_PROFILE", "MICROSOFT_PORT"}
# The supervisor tells its own parts.
NOT_FOR_PEOPLE = {"READY_FILE"}
PRODUCTION = {
    "SECRET_KEY": "kX3vQ8mZ1rT6yB0nW5cL2pD9sF4gH7jA-uE_iOqRzVxNbMtKwYhGdCfSlPa",
    "FIELD_KEYS": KEYS["FIELD_KEYS"],
    "PUBLIC_URL": "https://scoredesk.example.com",
    "ALLOWED_HOSTS": "scoredesk.example.com",
    "TRUSTED_PROXIES": "1",
}


def read_by(path: Path) -> set[str]:
    """The variables that a module reads from the environment, by its readers, `os.environ` or `port_of`."""
    found = set()
    readers = ("env", "self") if path.name == "environment.py" else ("env",)
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id=reader)), args=[ast.Constant(value=str(name)), *_]
            ) if reader in readers:
                found.add(name)
            case ast.Call(func=ast.Name(id="port_of"), args=[ast.Constant(value=str(name))]):
                found.add(name)
            case (
                ast.Call(
                    func=ast.Attribute(value=ast.Attribute(attr="environ"), attr="get"),
                    args=[ast.Constant(value=str(name)), *_],
                )
                | ast.Subscript(
                    value=ast.Attribute(attr="environ"), slice=ast.Constant(value=str(name)), ctx=ast.Load()
                )
            ):
                found.add(name)
    return {name for name in found if re.fullmatch(r"[A-Z][A-Z_]+", name)}


def read_anywhere() -> set[str]:
    packages = ("portal", "accounts", "connector", "scorecard", "tickets")
    modules = [path for package in packages for path in (ROOT / package).rglob("*.py")]
    return set[str]().union(*map(read_by, modules)) - NOT_FOR_PEOPLE


def in_the_readme() -> set[str]:
    section = (ROOT / "README.md").read_text().split("\n## Settings\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    sentences = re.findall(r"^`make run` also knows .*?\.$", section, re.MULTILINE | re.DOTALL)
    return set(re.findall(r"`([A-Z][A-Z_]+)`", " ".join([*cells, *sentences])))


def in_the_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_variables_are_found_however_they_are_read() -> None:
    assert {"SECRET_KEY", "PORT", "DEMO", "DATABASE_URL"} <= read_by(ROOT / "portal" / "settings.py")
    assert {"STATE_DIR", "ENV_FILE"} <= read_by(ROOT / "portal" / "environment.py")
    assert {"SANDBOX_PORT", "SANDBOX_PROFILE"} <= read_by(ROOT / "portal" / "run.py")


def test_every_variable_is_in_the_readme_and_nothing_else_is() -> None:
    assert in_the_readme() == read_anywhere()


def test_every_variable_is_in_the_example_and_nothing_else_is() -> None:
    assert in_the_example() == read_anywhere() - NOT_IN_THE_EXAMPLE


def test_the_example_sets_nothing_by_itself(tmp_path: Path) -> None:
    assert [
        line for line in (ROOT / ".env.example").read_text().splitlines() if line and line[0] != "#"
    ] == []
    uncommented = re.sub(r"^#([A-Z_]+=)", r"\1", (ROOT / ".env.example").read_text(), flags=re.MULTILINE)
    # What is shown there works as it stands, but for the keys, which nobody should share.
    (tmp_path / "env").write_text(re.sub(r"^(SECRET_KEY|FIELD_KEYS)=$", "", uncommented, flags=re.MULTILINE))
    settings = {**environment(tmp_path, **KEYS), "ENV_FILE": str(tmp_path / "env")}
    done = manage("check", settings=settings)
    assert done.returncode == 0, done.stderr


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("PUSH_QUARANTINE=1000\nPUSH_TIMEOUT=7\n")
    settings = {**environment(tmp_path, **KEYS), "ENV_FILE": str(tmp_path / "file"), "PUSH_QUARANTINE": "2"}
    done = manage("check", settings=settings)
    assert "PUSH_QUARANTINE must be at least 127 s" in done.stderr


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 50}, "FIELD_KEYS"),
        ({"SECRET_KEY": "x" * 50, "FIELD_KEYS": ""}, "FIELD_KEYS"),
        ({"SECRET_KEY": "x" * 50, "FIELD_KEYS": "short"}, "FIELD_KEYS"),
        ({"SECRET_KEY": "x" * 50, "FIELD_KEYS": f"{'x' * 32},short"}, "FIELD_KEYS"),
    ],
)
def test_a_missing_or_short_key_stops_the_start_by_name(
    tmp_path: Path, settings: dict[str, str], named: str
) -> None:
    done = manage("check", settings=environment(tmp_path, **settings))
    assert done.returncode != 0
    last = done.stderr.splitlines()[-1]
    assert named in last
    assert "short" not in last.replace(
        named, ""
    )  # A key that is too short may still be one in use elsewhere.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"),
        ("TRUSTED_PROXIES", "one"),
        ("API_CALLS_PER_HOUR", "1.5"),
        ("PUSH_TIMEOUT", "abc"),
        ("POLL_DELTA_SECONDS", ""),
        ("DATABASE_URL", "nonsense"),
        ("ORGANIZATION_TIME_ZONE", "Nowhere/Else"),
        ("EMAIL_URL", "nonsense"),
    ],
)
def test_a_malformed_value_stops_the_start_by_name(tmp_path: Path, name: str, value: str) -> None:
    done = manage("check", settings=environment(tmp_path, **KEYS, **{name: value}))
    assert done.returncode != 0
    assert name in done.stderr.splitlines()[-1]


def test_a_quarantine_shorter_than_servicenow_may_take_is_refused(tmp_path: Path) -> None:
    times = {"PUSH_TIMEOUT": "20", "PUSH_QUARANTINE": "139"}
    done = manage("check", settings=environment(tmp_path, **KEYS, **times))
    assert done.returncode != 0
    assert "portal.E001" in done.stderr
    assert "PUSH_QUARANTINE must be at least 140 s" in done.stderr
    enough = manage("check", settings=environment(tmp_path, **KEYS, **times | {"PUSH_QUARANTINE": "140"}))
    demonstration = manage("check", settings=environment(tmp_path, **KEYS, **times, DEMO="1"))
    assert (enough.returncode, demonstration.returncode) == (0, 0)


def check_deploy(folder: Path, **changes: str) -> tuple[int, str]:
    arguments = ("check", "--deploy", "--fail-level", "WARNING")
    done = manage(*arguments, settings=environment(folder, **PRODUCTION | changes))
    return done.returncode, done.stderr + done.stdout


def test_a_proper_production_passes_the_deployment_check_without_a_warning(tmp_path: Path) -> None:
    assert check_deploy(tmp_path) == (0, "System check identified no issues (0 silenced).\n")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"DEMO": "1"}, "portal.E002"),
        ({"SERVICENOW_ALLOWED_HOSTS": "127.0.0.1:8800"}, "portal.E003"),
        ({"SERVICENOW_ALLOWED_HOSTS": "tickets.example.com,localhost"}, "portal.E003"),
        ({"SERVICENOW_ALLOWED_HOSTS": "[::1]:8800"}, "portal.E003"),
        ({"PUBLIC_URL": "http://scoredesk.example.com"}, "portal.W001"),
        ({"ALLOWED_HOSTS": "example.com"}, "portal.W003"),
        ({"DEBUG": "1"}, "security.W018"),
        ({"SECRET_KEY": "x" * 40}, "security.W009"),
    ],
    ids=lambda value: " ".join(value.values()) if isinstance(value, dict) else value,
)
def test_the_deployment_check_refuses(tmp_path: Path, changes: dict[str, str], refusal: str) -> None:
    status, said = check_deploy(tmp_path, **changes)
    assert status != 0
    assert refusal in said


def test_every_dependency_says_why_it_is_there() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    for requirement in [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]:
        before = text.split(f'"{requirement}"')[0].rstrip().splitlines()[-1].strip()
        assert before.startswith(("#", '"')), requirement
