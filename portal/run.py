"""`make run` and `make serve`: everything that the portal needs, on one machine, from nothing.

Prepares the state folder (keys, database, static files, catalogues), then supervises web, worker and beat, and
with `--demo` the sandbox beside them. A demonstration has a state folder of its own, and uses nothing that is
configured for the real portal. Settings are read by the parts themselves; this module touches only what must exist
before.
"""

import argparse
import math
import os
import secrets
import shlex
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from portal.environment import ROOT, Environment, ThisProcess
from portal.supervisor import Part, Patience, Supervisor

# Two, because Python runs one thread of a process at a time: one worker alone cannot keep four calls under way.
WORKERS = [f"worker-{number}" for number in (1, 2)]
SIGN_INS = "Sign in as secadmin, reader or admin; the password of each is: demo"
SANDBOX_SIGN_INS = "In the sandbox's ServiceNow: m365.integration / integration (to connect), admin / admin"


# From the answer, or the lack of one, to the end of the process: time enough for a busy database.
SETTLING_SECONDS = 15.0
# gunicorn's own limits must lie above those of portal/limits.py, whose page says what to do: its default for an address
# is 4,094 bytes, and its own answers are bare. It takes no larger one than 8,190.
WEB_LIMITS = ("--limit-request-line", "8190", "--limit-request-field_size", "16380")
REFUSAL = "Cannot start: "
PORTS = {"PORT": 8000, "SANDBOX_PORT": 8800, "MICROSOFT_PORT": 8801}
# Keys sign and encrypt: those of the real portal must not be known to a demonstration.
CREDENTIALS = (
    "GRAPH_CLIENT_SECRET_FILE", "GRAPH_CLIENT_SECRET_NEXT", "GRAPH_CLIENT_SECRET_NEXT_FILE", "GRAPH_CLIENT_CERTIFICATE",
    "GRAPH_CLIENT_CERTIFICATE_FILE", "GRAPH_CLIENT_CERTIFICATE_NEXT", "GRAPH_CLIENT_CERTIFICATE_NEXT_FILE",
    "GRAPH_CLIENT_SECRET_EXPIRES_ON", "GRAPH_CLIENT_SECRET_NEXT_EXPIRES_ON",
)  # fmt: skip
KEYS = ("SECRET_KEY", "SECRET_KEY_FILE", "FIELD_KEYS", "FIELD_KEYS_FILE", *CREDENTIALS)
PROFILES = ("hardened", "legacy")
# No proxy of the environment leads to this machine.
_straight = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class CannotStart(Exception):
    """Something outside this program must change first; each argument is a line that says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until stopped. Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m portal.run", description=__doc__)
    parser.add_argument("--demo", action="store_true", help="with demonstration data and the sandbox")
    demo = parser.parse_args(arguments).demo
    supervisor = Supervisor(say)
    supervisor.install_signals()
    try:
        state = prepare_state(demo=demo)
        supervisor.patience = Patience(grace=push_timeout() + SETTLING_SECONDS)
        run(supervisor, state, demo=demo)
    except (CannotStart, ImproperlyConfigured) as problem:
        # A signal in a terminal ends the commands of the start as well.
        if supervisor.stopping.is_set():
            return stopped()
        for line in problem.args:
            print(f"{REFUSAL}{line}", file=sys.stderr)
        return 1
    finally:
        supervisor.stop()
    return stopped()


def stopped() -> int:
    """Say so. Returns the exit status."""
    say("Stopped.")
    return 0


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def prepare_state(*, demo: bool) -> Path:
    """Make the state folder, its keys and this process's environment. Returns the folder.

    Raises CannotStart when a port is in use, the folder cannot be written, or a setting forbids this kind of start;
    ImproperlyConfigured when a setting cannot be read.
    """
    if demo:
        os.environ["DEMO"] = "1"
    env = ThisProcess()
    if env.is_demonstration and not demo:
        raise CannotStart("DEMO is on. Start the demonstration with `make run`, or turn DEMO off.")
    if faults := env.demonstration_faults():
        raise CannotStart(*faults)
    try:
        if env.state.is_dir() and not any(env.state.iterdir()):
            env.state.chmod(0o700)  # Just made, by somebody who need not know.
        for name in ("log", "ready", "broker"):
            (env.state / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise CannotStart(f"STATE_DIR: cannot write {env.state}: {error.strerror}") from error
    os.environ["STATE_DIR"] = str(env.state)
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    write_keys(env.state / "env")
    ports = list(PORTS) if demo else ["PORT"]
    os.environ.update({name: str(env.port(name, PORTS[name])) for name in ports})
    if demo:
        for name in KEYS:
            os.environ.pop(name, None)
        os.environ.update(demo_settings())
    check_ports(ports, "make run" if demo else "make serve")
    return env.state


def write_keys(path: Path) -> None:
    """Generate the keys once, readable by the owner alone. Losing this file loses the stored tokens."""
    if path.exists():
        return
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii"
    ) as file:
        file.write(f"SECRET_KEY={secrets.token_urlsafe(50)}\nFIELD_KEYS={secrets.token_urlsafe(32)}\n")
    draft.rename(path)


def demo_settings() -> dict[str, str]:
    """Point the portal at the sandbox. Of the rest, what the environment already says stays."""
    port, sandbox, microsoft = port_of("PORT"), port_of("SANDBOX_PORT"), port_of("MICROSOFT_PORT")
    defaults = {
        "ORGANIZATION_NAME": "Aozora Foods",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SERVICENOW_ALLOWED_HOSTS": f"127.0.0.1:{sandbox}",
        "PUSH_TIMEOUT": "10",
        "PUSH_QUARANTINE": "30",
        "POLL_DELTA_SECONDS": "10",
        "POLL_SWEEP_SECONDS": "60",
        "PORT": str(port),
        "SANDBOX_PORT": str(sandbox),
        "MICROSOFT_PORT": str(microsoft),
    }
    always = {
        "DEMO": "1",
        "GRAPH_URL": f"http://127.0.0.1:{microsoft}",
        "ENTRA_URL": f"http://127.0.0.1:{microsoft}",
        "GRAPH_TENANT_ID": "5c0de5c0-de5c-4de5-85c0-de5c0de5c0de",
        "GRAPH_CLIENT_ID": "scoredesk-graph",
        "GRAPH_CLIENT_SECRET": "scoredesk-graph-secret",
    }
    return {name: os.environ.get(name, value) for name, value in defaults.items()} | always


def port_of(name: str) -> int:
    """Read a port from the environment. Raises ImproperlyConfigured naming the variable."""
    return Environment(os.environ).port(name, PORTS[name])


def push_timeout() -> float:
    """How long a call to ServiceNow may take, in seconds."""
    env = ThisProcess()
    return env.seconds("PUSH_TIMEOUT", 30.0)


def check_ports(names: Sequence[str], command: str) -> None:
    """Raise CannotStart naming a port that another program uses."""
    for name in names:
        port = port_of(name)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise CannotStart(
                    f"port {port} is in use by another program; choose another one: {command} {name}={port + 10}"
                ) from error


def run(supervisor: Supervisor, state: Path, *, demo: bool) -> None:
    """Bring everything up, say so, and keep it running."""
    for ready in (state / "ready").iterdir():
        ready.unlink()
    say("Preparing the database ...")
    manage("migrate", "--verbosity", "0")
    if demo:
        start_sandbox(supervisor, state)
    compile_catalogues()
    if not (state / "staticfiles.json").exists() or static_changed(state):
        manage("collectstatic", "--no-input", "--clear", "--verbosity", "0")
    if demo:
        say("Reading demonstration data ...")
        manage("seed_demo")
    else:
        first_administrator(state)
    if supervisor.stopping.is_set():
        return
    supervisor.start(*portal_parts(state))
    wait_for(supervisor, state)
    if not supervisor.stopping.is_set():
        if demo:
            say(f"{SIGN_INS}\n{SANDBOX_SIGN_INS}")
        say(where_it_is())
        supervisor.watch()
    say("Stopping ...")


def where_it_is() -> str:
    """Name the address that people open, and the one that a web server in front passes requests on to."""
    here = f"http://127.0.0.1:{port_of('PORT')}"
    there = ThisProcess().origin("PUBLIC_URL", here)
    return f"Portal ready: {there}/" + ("" if there == here else f" (your web server passes on to {here}/)")


def start_sandbox(supervisor: Supervisor, state: Path) -> None:
    """Start the pretend ServiceNow and Microsoft, and wait until they answer."""
    port = port_of("SANDBOX_PORT")
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        str(port),
        "--microsoft-port",
        str(port_of("MICROSOFT_PORT")),
    ]
    command += [
        "--state",
        str(state / "sandbox.sqlite3"),
        "--redirect-uri",
        f"{os.environ['PUBLIC_URL']}/servicenow/callback/127.0.0.1:{port}/",
    ]
    env = Environment(os.environ)
    profile = env.word("SANDBOX_PROFILE", "hardened", among=PROFILES, what="write hardened or legacy")
    command += ["--profile", profile]
    supervisor.start(Part("sandbox", command, state / "log" / "sandbox.log", ends_last=True))
    if not supervisor.wait_until(lambda: answers(f"http://127.0.0.1:{port}/_sandbox/ready"), 60):
        if supervisor.stopping.is_set():
            return
        raise CannotStart(f"the sandbox does not answer; see {state}/log/sandbox.log")


def portal_parts(state: Path) -> list[Part]:
    """Web, workers and beat."""
    celery = [sys.executable, "-m", "celery", "--app", "portal"]
    # Threads: tasks wait for the network, and one process leaves no orphans. More of them than creates are under way
    # at once (tickets.delivery.push), so that some claim and settle while others wait for ServiceNow.
    worker = [
        *celery,
        "worker",
        "--pool",
        "threads",
        "--concurrency",
        "8",
        "--without-mingle",
        "--without-gossip",
        "--loglevel",
        "INFO",
    ]
    beat = [*celery, "beat", "--schedule", str(state / "beat"), "--pidfile", ""]
    web = [sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port_of('PORT')}"]
    web += [
        "--workers",
        "2",
        "--threads",
        "4",
        "--worker-tmp-dir",
        str(state / "ready"),
        "--no-control-socket",
        *WEB_LIMITS,
        # Pages that ask ServiceNow are answered before the server ends.
        "--graceful-timeout",
        str(math.ceil(push_timeout() + SETTLING_SECONDS / 2)),
    ]
    log = state / "log"
    reporting = {name: [*worker, "--hostname", f"{name}@%h"] for name in WORKERS} | {"beat": beat}
    return [
        Part("web", web, log / "web.log"),
        *(
            Part(name, command, log / f"{name}.log", {"READY_FILE": str(state / "ready" / name)})
            for name, command in reporting.items()
        ),
    ]


def wait_for(supervisor: Supervisor, state: Path) -> None:
    """Wait until web, workers and beat answer. Raises CannotStart naming the one that does not."""
    url, host = f"http://127.0.0.1:{port_of('PORT')}/readyz", name_of_the_portal()
    ready: dict[str, Callable[[], bool]] = {"web": lambda: answers(url, host)}
    ready |= {name: (state / "ready" / name).exists for name in (*WORKERS, "beat")}
    for name, check in ready.items():
        if not supervisor.wait_until(check, 60) and not supervisor.stopping.is_set():
            raise CannotStart(f"{name} does not answer; see {state}/log/{name}.log")


def name_of_the_portal() -> str:
    """A name that the portal answers to. To 127.0.0.1 it does not where people reach it by another one."""
    name = ThisProcess().hosts("ALLOWED_HOSTS", with_ports=False)[:1]
    return name[0].removeprefix(".") if name and name != ["*"] else ""


def answers(url: str, host: str = "") -> bool:
    """Whether an address of this machine answers well, asked by the name `host`, or else by its own."""
    asked = urllib.request.Request(url, headers={"Host": host} if host else {})  # noqa: S310  Our own addresses.
    try:
        with _straight.open(asked, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def manage(*arguments: str) -> None:
    """Run a management command. Raises CannotStart with its reasons, or its last line, when it fails."""
    command = [sys.executable, str(ROOT / "manage.py"), *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        refusals = [line for line in done.stderr.splitlines() if line.startswith(REFUSAL)]
        if refusals:
            raise CannotStart(*(line.removeprefix(REFUSAL) for line in refusals))
        raise CannotStart(f"{arguments[0]}: {reason_in(done.stderr or done.stdout)}")


def reason_in(output: str) -> str:
    """The line that says why a command failed: a failed check's, else the last."""
    lines = output.strip().splitlines() or ["it gave no reason"]
    # A failed check is "?: (app.E001) what is wrong", then perhaps "HINT: what to do", then a summary.
    failed = [line.partition(") ")[2] for line in lines if line.startswith("?: (")]
    hints = [line.strip().removeprefix("HINT: ") for line in lines if line.strip().startswith("HINT: ")]
    return " ".join([failed[0], *hints[:1]]) if failed else lines[-1]


def compile_catalogues() -> None:
    """Compile the message catalogues that changed; Babel does it, so that nobody needs gettext."""
    sources = ROOT.glob("locale/*/LC_MESSAGES/*.po")
    if all(
        po.with_suffix(".mo").exists() and po.with_suffix(".mo").stat().st_mtime >= po.stat().st_mtime
        for po in sources
    ):
        return
    command = [sys.executable, "-m", "babel.messages.frontend", "compile", "-d", "locale", "-D", "django"]
    # Texts of pages are no secret, and whoever runs the portal need not be who set it up.
    subprocess.run(command, cwd=ROOT, capture_output=True, check=True, umask=0o022)  # noqa: S603


def static_changed(state: Path) -> bool:
    """Whether a static file is newer than what was collected."""
    collected = (state / "staticfiles.json").stat().st_mtime
    return any(path.stat().st_mtime > collected for path in (ROOT / "static").rglob("*"))


def first_administrator(state: Path) -> None:
    """Ask once for the first administrator, where there is somebody to ask."""
    manage_py = [sys.executable, str(ROOT / "manage.py")]
    done = subprocess.run(  # noqa: S603
        [*manage_py, "create_administrator", "--only-if-none"], cwd=ROOT, check=False
    )
    if done.returncode:
        raise CannotStart(
            f"there is no administrator yet; run in a terminal: {by_hand(state, 'create_administrator')}"
        )


def by_hand(state: Path, command: str) -> str:
    """A management command as somebody types it, on the same settings."""
    settings = {} if state == ROOT / "var" / "serve" else {"STATE_DIR": str(state)}
    if "ENV_FILE" in os.environ:
        settings["ENV_FILE"] = os.environ["ENV_FILE"]
    typed = [f"{name}={shlex.quote(value)}" for name, value in settings.items()]
    return " ".join([*typed, shlex.quote(os.path.relpath(sys.executable, ROOT)), "manage.py", command])


if __name__ == "__main__":
    sys.exit(main())
