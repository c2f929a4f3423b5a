"""A sandbox of one's own: the real process on free ports, driven over its controls."""

import contextlib
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin, urlsplit

import requests

from tests.ports import free_ports

ROOT = Path(__file__).resolve().parent.parent
PORTAL = "http://127.0.0.1:8000/"
# Seconds for one answer: never the point of a test, and long enough for a machine that is busy.
PATIENCE = 60
INTEGRATION_USER = ("m365.integration", "integration")
CLIENT = ("scoredesk", "scoredesk-secret")
Row = dict[str, str]


class SandboxProcess:
    """`python -m sandbox` as a context manager; keeps its ports and its state file over `stop()` and `start()`.

    Extra options become command-line options: `SandboxProcess(seed="empty", records=100)`. With `ports`, of ServiceNow
    and of Microsoft, it drives a process that somebody else started there.
    """

    def __init__(
        self,
        profile: str = "hardened",
        portal: str = PORTAL,
        ports: Sequence[int] | None = None,
        **options: str | int | Path,
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="sandbox-", ignore_cleanup_errors=True)
        self.port, self.microsoft_port = ports or free_ports(2)
        self._options: dict[str, str | int | Path] = {
            "profile": profile,
            "seed": "empty",
            "state": Path(self._folder.name) / "state.sqlite3",
            **options,
        }
        # Where the portal at that address wants people back from here.
        self.callback = f"{portal}servicenow/callback/{self.host}/"
        self._process: subprocess.Popen[bytes] | None = None
        # What the sandbox says about itself goes past any proxy, and keeps its connection.
        self._http = requests.Session()
        self._http.trust_env = False
        # A certificate made for a test vouches for itself.
        self._http.verify = str(options["tls_cert"]) if "tls_cert" in options else True

    @property
    def _scheme(self) -> str:
        return "https" if "tls_cert" in self._options else "http"

    @property
    def url(self) -> str:
        """Where ServiceNow answers, without a trailing slash."""
        return f"{self._scheme}://127.0.0.1:{self.port}"

    @property
    def microsoft_url(self) -> str:
        """Where Entra and Graph answer, without a trailing slash."""
        return f"{self._scheme}://127.0.0.1:{self.microsoft_port}"

    @property
    def host(self) -> str:
        """`host:port` of ServiceNow, as SERVICENOW_ALLOWED_HOSTS wants it."""
        return f"127.0.0.1:{self.port}"

    @property
    def output(self) -> str:
        """All that the process printed so far."""
        log = Path(self._folder.name) / "output.txt"
        return log.read_text() if log.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self.let_go()

    def let_go(self) -> None:
        """Close what this object has of its own beside the process."""
        self._http.close()
        self._folder.cleanup()

    def start(self) -> None:
        """Start (again) and wait until both ports answer.

        Raises:
            RuntimeError: the process ended, or did not answer within 90 seconds; carries what it printed.
        """
        if self._process is not None:
            return
        with (Path(self._folder.name) / "output.txt").open("ab") as output:
            self._process = subprocess.Popen(
                self._command(), cwd=ROOT, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            self._wait_until_ready(self._process)
        except BaseException:
            self.stop()
            raise

    def stop(self, sign: signal.Signals = signal.SIGTERM) -> int | None:
        """End the process (SIGKILL after 10 seconds) and return its exit status; records stay for the next start."""
        process, self._process = self._process, None
        if process is None:
            return None
        process.send_signal(sign)
        try:
            return process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def fault(
        self, kind: str, route: str = "table", method: str = "POST", times: int = 1, **more: Any
    ) -> None:
        """Have the next `times` matching calls go wrong; `route` and `method` may be `any`. `more`: seconds, ..."""
        self._control(
            "POST", "faults", {"kind": kind, "route": route, "method": method, "times": times, **more}
        )

    def pending_faults(self) -> list[dict[str, Any]]:
        """The faults that still wait for their calls."""
        faults: list[dict[str, Any]] = self._control("GET", "faults")["faults"]
        return faults

    def records(self, table: str, **filters: str) -> list[Row]:
        """Every row as stored, oldest first, access rules aside; `filters` are equalities."""
        return list(self._control("GET", f"records/{table}", params=filters)["records"])

    def create(self, table: str, **fields: str) -> Row:
        """Make a record as an administrator inside ServiceNow would; refusals by data policy do not apply."""
        return dict(self._control("POST", f"records/{table}", fields)["record"])

    def change(self, table: str, sys_id: str, **fields: str) -> Row:
        """Change a record as an administrator inside ServiceNow would; any state may follow any other."""
        return dict(self._control("POST", f"records/{table}", {"sys_id": sys_id, **fields})["record"])

    def change_as_of(self, at: datetime, table: str, sys_id: str, **fields: str) -> None:
        """Let a change become visible that happened at some moment by the instance's clock."""
        when = {"at": f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"}
        self._control("POST", f"records/{table}", {"sys_id": sys_id, **fields}, when)

    def change_silently(self, table: str, sys_id: str, **fields: str) -> None:
        """Change a record as a script that calls `autoSysFields(false)` does: its stamps stay, or are those given."""
        self._control("POST", f"records/{table}", {"sys_id": sys_id, **fields}, {"stamped": "false"})

    def delete(self, table: str, sys_id: str) -> None:
        """Delete a record as an administrator inside ServiceNow would."""
        self._control("DELETE", f"records/{table}/{sys_id}")

    def settings(self, **values: Any) -> dict[str, Any]:
        """Change switches and return all of them."""
        return dict(self._control("POST", "settings", values))

    def requests(self) -> dict[str, Any]:
        """What was asked of ServiceNow's port: total, by_route, requests. Controls are not counted."""
        answer: dict[str, Any] = self._control("GET", "requests")
        return answer

    def expire_tokens(self, kind: str = "access") -> None:
        """End all `access` or `refresh` tokens, or `all`, as an administrator could."""
        self._control("DELETE", "tokens", params={"kind": kind})

    def companion(self, *, installed: bool = True) -> None:
        """Install or remove the companion app inside ServiceNow."""
        self._control("POST", "companion", {"installed": installed})

    def clear_log(self) -> None:
        """Forget what was asked; everything else stays."""
        self._control("DELETE", "requests")

    def clear(self) -> None:
        """Forget pending faults and the request log; records, tokens and settings stay."""
        self._control("DELETE", "faults")
        self._control("DELETE", "requests")

    def part(self) -> None:
        """Close the connection for controls, so that processes forked from this one do not share it."""
        self._http.close()

    def reset(self, profile: str | None = None) -> None:
        """Back to how the process started: faults, log, settings, sessions, tokens and records; or as if it had
        started with another profile.
        """
        self._control("POST", "reset", {"profile": profile} if profile else {})

    def token(self, user: tuple[str, str] = INTEGRATION_USER) -> str:
        """An access token of a user, by the authorisation code."""
        form = {"client_id": CLIENT[0], "client_secret": CLIENT[1], "redirect_uri": self.callback}
        ask = {
            "response_type": "code",
            "client_id": CLIENT[0],
            "redirect_uri": form["redirect_uri"],
            "state": "s",
        }
        address = requests.Request("GET", f"{self.url}/oauth_auth.do", params=ask).prepare().url
        query = urlsplit(self.consent(str(address), user)).query
        form |= {
            "grant_type": "authorization_code",
            "code": dict(p.split("=", 1) for p in query.split("&"))["code"],
        }
        answer = self._http.post(f"{self.url}/oauth_token.do", data=form, timeout=PATIENCE)
        answer.raise_for_status()
        return str(answer.json()["access_token"])

    def consent(
        self, authorization_url: str, user: tuple[str, str] = INTEGRATION_USER, button: str = "Allow"
    ) -> str:
        """Walk from an authorisation address through sign-in and the consent page as a browser would.

        Returns the address to which ServiceNow sends the browser at the end.
        """
        with requests.Session() as browser:
            browser.trust_env, browser.verify = False, self._http.verify
            login = browser.get(authorization_url, timeout=PATIENCE)
            fields = {"user_name": user[0], "user_password": user[1]}
            page = browser.post(*form_of(login, fields), timeout=PATIENCE)
            answer = browser.post(
                *form_of(page, {"decision": button.lower()}), timeout=PATIENCE, allow_redirects=False
            )
            return answer.headers["Location"]

    def _command(self) -> list[str]:
        command = [sys.executable, "-m", "sandbox", "--port", str(self.port)]
        command += ["--microsoft-port", str(self.microsoft_port)]
        for name, value in self._options.items():
            command += [f"--{name.replace('_', '-')}", str(value)]
        return [*command, "--redirect-uri", self.callback]

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + 90
        while time.monotonic() < deadline and process.poll() is None:
            if self._answers():
                return
            time.sleep(0.05)
        raise RuntimeError(f"The sandbox did not start:\n{self.output}")

    def _answers(self) -> bool:
        with contextlib.suppress(requests.ConnectionError):
            answer = self._http.get(f"{self.url}/_sandbox/ready", timeout=5)
            return answer.status_code == 200
        return False

    def _control(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> Any:
        address = f"{self.url}/_sandbox/{path}"
        answer = self._http.request(method, address, json=body, params=params, timeout=30)
        if not answer.ok:
            raise AssertionError(f"{method} {address}: {answer.status_code} {answer.text}")
        return answer.json()


class _FormReader(HTMLParser):
    """The first POST form of a page: where it goes and its hidden fields."""

    def __init__(self) -> None:
        super().__init__()
        self.action: str | None = None
        self.hidden: dict[str, str] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form" and self.action is None and values.get("method", "").lower() == "post":
            self.action, self._inside = values.get("action", ""), True
        if tag == "input" and self._inside and values.get("type") == "hidden":
            self.hidden[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "form"


def form_of(page: requests.Response, fields: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """Where the first POST form of a page goes, and its hidden fields with what a person fills in."""
    reader = _FormReader()
    reader.feed(page.text)
    if reader.action is None:
        raise AssertionError(f"No form on {page.url} ({page.status_code}):\n{page.text}")
    return urljoin(page.url, reader.action), {**reader.hidden, **fields}
