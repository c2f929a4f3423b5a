"""`make run`, whole: every part a process, on free ports, in a state folder of its own.

The tests share one portal. Whichever comes first starts it, and each finds it as a stop or a kill may have left it.
"""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal.run import SETTLING_SECONDS, where_it_is
from tests.portal.portal_process import PortalProcess
from tests.portal.processes import that_mention, wait_until
from tests.portal.scratch import environment, manage, scratch_database
from tests.ports import free_port, free_ports
from tests.sandbox_process import ROOT

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]
# As behind a web server of one's own: the portal answers to no other name, also not to this machine's.
NAME = "desk.example.com"
LIST_ADMINISTRATORS = """
from accounts.models import User
print([person.username for person in User.objects.filter(is_superuser=True)])
"""


@pytest.fixture(scope="module")
def shared_portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PortalProcess]:
    nowhere = f"http://127.0.0.1:{free_port()}"
    process = PortalProcess(tmp_path_factory.mktemp("portal"), ALLOWED_HOSTS=NAME, http_proxy=nowhere)
    yield process
    process.stop()


@pytest.fixture
def portal(shared_portal: PortalProcess) -> PortalProcess:
    """The portal, running."""
    shared_portal.start()
    return shared_portal


def answer(port: int, path: str) -> int:
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": NAME})
    with urllib.request.urlopen(asked, timeout=10) as response:
        return int(response.status)


def waiting_messages(portal: PortalProcess) -> list[Path]:
    return list((portal.state / "broker" / "celery").glob("*.message"))


def people_and_tickets(portal: PortalProcess) -> str:
    settings = {**portal.settings, "DEMO": "1"}
    dumped = manage("dumpdata", "accounts.user", "tickets.ticket", settings=settings)
    assert dumped.returncode == 0, dumped.stderr
    return dumped.stdout


def test_one_line_says_where_the_portal_is_and_others_how_to_sign_in(portal: PortalProcess) -> None:
    ready = [line for line in portal.output.splitlines() if line.startswith("Portal ready")]
    assert ready == [f"Portal ready: http://127.0.0.1:{portal.port}/"]
    assert "secadmin" in portal.output
    assert "m365.integration" in portal.output


def test_behind_a_web_server_the_line_names_the_address_that_people_open(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings = environment(tmp_path, PUBLIC_URL=f"https://{NAME}", PORT="8000")
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    passed_on = "(your web server passes on to http://127.0.0.1:8000/)"
    assert where_it_is() == f"Portal ready: https://{NAME}/ {passed_on}"


def test_every_part_answers_once_the_portal_is_ready(portal: PortalProcess) -> None:
    assert answer(portal.port, "/readyz") == 200
    assert answer(portal.port, "/accounts/login/") == 200
    assert answer(portal.sandbox_port, "/_sandbox/ready") == 200
    assert answer(portal.microsoft_port, "/") == 200
    assert set(portal.parts()) == {"sandbox", "web", "worker-1", "worker-2", "beat"}
    wait_until(lambda: not waiting_messages(portal))


def test_generated_keys_are_for_the_owner_alone(portal: PortalProcess) -> None:
    keys = portal.state / "env"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    names = [line.partition("=")[0] for line in keys.read_text().splitlines()]
    assert names == ["SECRET_KEY", "FIELD_KEYS"]
    said = portal.output + "".join(log.read_text() for log in (portal.state / "log").iterdir())
    assert not any(line.partition("=")[2] in said for line in keys.read_text().splitlines())


@pytest.mark.parametrize("part", ["worker-1", "beat", "web", "sandbox"])
def test_a_killed_part_comes_back_and_works(portal: PortalProcess, part: str) -> None:
    killed = portal.parts()[part]
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: portal.parts().get(part, killed) != killed)
    wait_until(lambda: reachable(portal), 30)
    wait_until(lambda: not waiting_messages(portal), 30)


def reachable(portal: PortalProcess) -> bool:
    with contextlib.suppress(OSError):
        return {answer(portal.port, "/readyz"), answer(portal.sandbox_port, "/_sandbox/ready")} == {200}
    return False


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT], ids=lambda sign: sign.name)
def test_a_signal_ends_every_process(portal: PortalProcess, sign: signal.Signals) -> None:
    assert len(that_mention(portal.state)) >= 6
    began = time.monotonic()
    assert portal.stop(sign) == 0
    assert that_mention(portal.state) == {}
    # Each ended when asked; none had to be killed.
    assert time.monotonic() - began < SETTLING_SECONDS
    assert portal.output.endswith("Stopping ...\nStopped.\n")


def test_a_killed_run_leaves_no_process_behind_and_the_next_one_starts(portal: PortalProcess) -> None:
    portal.stop(signal.SIGKILL)
    wait_until(lambda: not that_mention(portal.state), 30)
    portal.start()
    assert answer(portal.port, "/readyz") == 200


def test_another_run_is_quick_and_keeps_people_and_tickets(portal: PortalProcess) -> None:
    assert manage("seed_demo", "--tickets", "3", settings={**portal.settings, "DEMO": "1"}).returncode == 0
    before = people_and_tickets(portal)
    keys = (portal.state / "env").read_text()
    assert before.count('"tickets.ticket"') >= 3
    portal.stop()
    portal.start()
    assert portal.seconds_to_start < 30
    assert people_and_tickets(portal) == before
    assert (portal.state / "env").read_text() == keys


def run(settings: dict[str, str], *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run what cannot start, to its end."""
    command = [sys.executable, "-m", "portal.run", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=settings, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=240
    )


@pytest.mark.parametrize(
    ("name", "arguments"),
    [("PORT", []), *((name, ["--demo"]) for name in ("PORT", "SANDBOX_PORT", "MICROSOFT_PORT"))],
)
def test_a_port_in_use_is_named_in_one_line(tmp_path: Path, name: str, arguments: list[str]) -> None:
    names = ("PORT", "SANDBOX_PORT", "MICROSOFT_PORT")
    ports = dict(zip(names, map(str, free_ports(3)), strict=True))
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(ports[name])))
        other.listen()
        done = run(environment(tmp_path, **ports), *arguments)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"port {ports[name]} is in use" in done.stderr
    assert f"make {'run' if arguments else 'serve'} {name}=" in done.stderr


def test_a_port_counts_that_stands_in_the_env_file(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        (tmp_path / "env-file").write_text(f"PORT={port} # ours\n")
        done = run(environment(tmp_path / "state") | {"ENV_FILE": str(tmp_path / "env-file")})
    assert done.stderr.startswith(f"Cannot start: port {port} is in use")


@pytest.mark.parametrize("value", ["abc", "0", "65536", "-1", "80.5"])
def test_a_value_that_is_no_port_is_named_in_one_line(tmp_path: Path, value: str) -> None:
    done = run(environment(tmp_path, PORT=value), "--demo")
    assert done.returncode == 1
    assert done.stderr == "Cannot start: PORT: not a whole number from 1 to 65535\n"


def test_a_state_folder_that_cannot_be_written_is_named_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = run(environment(tmp_path / "file" / "state"), "--demo")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith(f"Cannot start: STATE_DIR: cannot write {tmp_path}/file/state: ")


@pytest.mark.database
def test_serving_without_an_administrator_says_how_to_make_one(tmp_path: Path) -> None:
    """And doing as it says makes one."""
    with scratch_database(tmp_path) as address:
        settings = environment(tmp_path / "a state", PORT=str(free_port()), DATABASE_URL=address)
        done = run(settings)
        assert done.returncode == 1
        [line] = done.stderr.splitlines()
        assert "Portal ready" not in done.stdout
        assert that_mention(tmp_path) == {}
        told = line.partition("run in a terminal: ")[2]
        # A new terminal knows nothing but what was exported.
        exported = {name: value for name, value in settings.items() if name not in ("STATE_DIR", "ENV_FILE")}
        assert in_a_terminal(told, exported, "chief", "correct horse 42", "correct horse 42") == 0
        made = manage("shell", "--verbosity", "0", "-c", LIST_ADMINISTRATORS, settings=settings)
        assert made.stdout == "['chief']\n", made.stderr


def in_a_terminal(command: str, settings: dict[str, str], *typed: str) -> int:
    """Run a command as somebody types it, answer its questions, and return its exit status."""
    leader, terminal = os.openpty()
    process = subprocess.Popen(
        ["sh", "-c", command], cwd=ROOT, env=settings, stdin=terminal, stdout=terminal, stderr=terminal,
        start_new_session=True,
    )  # fmt: skip
    os.close(terminal)
    said = b""
    for answer_to_give in typed:
        asked = said.count(b": ")
        while said.count(b": ") <= asked:
            said += os.read(leader, 4096)
        os.write(leader, answer_to_give.encode() + b"\n")
    with contextlib.suppress(OSError):  # The terminal is gone once the process is.
        while chunk := os.read(leader, 4096):
            said += chunk
    os.close(leader)
    status = process.wait(60)
    assert not status, said.decode()
    return status
