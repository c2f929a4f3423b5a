"""Where settings come from, and how what people type is read.

A variable of the environment comes before the file named by ENV_FILE (`.env`), and that before the keys that
`make run` and `make serve` generate into `STATE_DIR/env`. A demonstration reads no `.env`: what stands there belongs
to the real portal. Every secret may also come from the file that `<NAME>_FILE` names.

Whatever cannot be read is refused with `ImproperlyConfigured`: one line that names the variable and says what is wrong.
No line shows a value, since any of them may hold a password, and any may have been typed into the wrong variable.
"""

import math
import os
import re
import ssl
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from environ import Env

from scorecard.graph.credentials import read_certificate

# What the portal writes is for its owner alone. It holds from the first file on: whatever starts a process of the
# portal, and whatever it does, comes by here first.
os.umask(0o077)
ROOT = Path(__file__).resolve().parent.parent
_MOST_BYTES = 64 * 1024
_NAME = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z_0-9]*)\s*=(.*)", re.DOTALL)
_QUOTED = re.compile(r"""(?:"((?:[^"\\]|\\.)*)"|'([^']*)')\s*(?:#.*)?""")
_REMARK = re.compile(r"(?<=\s)#.*")
_HOST = re.compile(
    r"(?:\*|\.?[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?|\[[0-9a-f:.]{2,45}\])(?::[0-9]{1,5})?"
)
# A GUID, or one of a tenant's domains; both become a part of an address.
_IDENTIFIER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
# What `openssl rand -hex 16` prints: 128 bits.
_SHORTEST_KEY = 32
_ON, _OFF = {"1", "true", "yes", "y", "on", "ok"}, {"", "0", "false", "no", "n", "off"}
_DEFAULT_PORTS = {"http": 80, "https": 443}
POSTGRES = ("postgres", "postgresql", "psql", "pgsql")
BROKERS = ("redis", "rediss", "sentinel", "amqp", "amqps", "files")
MAIL_THAT_STAYS_HERE = ("consolemail", "filemail", "memorymail", "dummymail")
EARLIER = (
    "var/{} is an earlier version's, which kept real and demonstration data in one folder. If it is a real portal's, "
    "stop every process and run `mkdir -p -m 700 var/serve && mv -n var/env var/portal.sqlite3* var/serve/`; if it "
    "was a demonstration's, move it out of var/."
)


class Environment:
    """The variables of a process, each read by what it is meant to hold. Earlier sources win."""

    def __init__(self, *sources: Mapping[str, str]) -> None:
        self.sources = list(sources)

    def text(self, name: str, default: str | None = None, *, longest: int = 4000) -> str:
        """Read a line of text, without blanks and quotation marks around it. Without a default it must be given."""
        value = self._value(name)
        if value is None:
            value = default
        if value is None:
            raise ImproperlyConfigured(f"{name}: it is not set")
        if len(value) > longest:
            raise ImproperlyConfigured(f"{name}: it is longer than {longest} characters")
        if _CONTROL.search(value):
            raise ImproperlyConfigured(f"{name}: there are line breaks or control characters in it")
        return value

    def identifier(self, name: str) -> str:
        """Read the ID of a tenant or an application, or a tenant's domain; empty for none."""
        value = self.text(name, "")
        if value and _IDENTIFIER.fullmatch(value) is None:
            raise ImproperlyConfigured(
                f"{name}: not an ID as Microsoft Entra shows it, such as 01234567-89ab-cdef-0123-456789abcdef"
            )
        return value

    def mail_address(self, name: str, default: str) -> str:
        """Read whom mails come from: an address, or a name and then the address in angle brackets."""
        value = self.text(name, "")
        try:
            validate_email(parseaddr(value)[1] if value else "somebody@example.com")
        except ValidationError:
            raise ImproperlyConfigured(
                f"{name}: not an email address, such as scoredesk@example.com"
            ) from None
        return value or default

    def secret(self, name: str, default: str | None = None, *, longest: int = 4000) -> str:
        """Read a text from the variable or from the file that `<name>_FILE` names, whichever comes first."""
        file = f"{name}_FILE"
        for source in self.sources:
            if source.get(name) and source.get(file):
                raise ImproperlyConfigured(f"{name}: {file} is set as well; keep one of the two")
            if source.get(file):
                return _content(file, _plain(source[file]))
            if name in source:
                break
        if default is None and self._value(name) is None:
            raise ImproperlyConfigured(
                f"{name}: it is not set; `make serve` generates one into STATE_DIR/env"
            )
        return self.text(name, default, longest=longest)

    def client_certificate(self, name: str) -> str:
        """Read a certificate and its private key in PEM form; in a variable `\\n` ends a line. Empty for none."""
        pem = self.secret(name, "", longest=_MOST_BYTES).replace("\\n", "\n")
        try:
            if pem:
                read_certificate(pem)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}: {error}") from None
        return pem

    def key(self, name: str) -> str:
        """Read a secret that signs; one that is short can be guessed."""
        value = self.secret(name)
        if len(value) < _SHORTEST_KEY:
            raise ImproperlyConfigured(
                f"{name}: it is shorter than {_SHORTEST_KEY} characters; `make serve` generates one into STATE_DIR/env "
                "where none is set"
            )
        return value

    def secrets(self, name: str) -> list[str]:
        """Read a list of secrets, separated by commas. It may be empty."""
        return [part.strip() for part in self.secret(name).split(",") if part.strip()]

    def switch(self, name: str, default: bool) -> bool:
        """Read whether something is on."""
        value = self._value(name)
        if value is None:
            return default
        if value.lower() in _ON | _OFF:
            return value.lower() in _ON
        raise ImproperlyConfigured(f"{name}: write 1 for on or 0 for off")

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 10_000_000) -> int:
        """Read a whole number within bounds."""
        value = self._value(name)
        if value is None:
            return default
        if value.isascii() and value.isdecimal() and len(value) < 10 and least <= int(value) <= most:
            return int(value)
        raise ImproperlyConfigured(f"{name}: not a whole number from {least} to {most}")

    def port(self, name: str, default: int) -> int:
        """Read the number of a port."""
        return self.whole(name, default, least=1, most=65535)

    def seconds(self, name: str, default: float, *, least: float = 1.0) -> float:
        """Read a time in seconds."""
        value = self._value(name)
        if value is None:
            return default
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if least <= number <= 10_000_000:
            return number
        raise ImproperlyConfigured(f"{name}: not a number of seconds from {least:g} on, such as {default:g}")

    def day(self, name: str) -> date | None:
        """Read a day of the calendar; None for none."""
        value = self._value(name)
        if not value:
            return None
        try:
            return datetime.strptime(value[:100], "%Y-%m-%d").date()  # noqa: DTZ007  A day has no zone.
        except ValueError:
            raise ImproperlyConfigured(f"{name}: not a day, such as 2027-11-30") from None

    def word(self, name: str, default: str, *, among: Collection[str], what: str) -> str:
        """Read one of some words. `what` says in the message which they are."""
        value = self.text(name, default)
        if value not in among:
            raise ImproperlyConfigured(f"{name}: {what}")
        return value

    def hosts(self, name: str, default: Sequence[str] = (), *, with_ports: bool) -> list[str]:
        """Read host names, separated by commas or blanks; addresses of pages count as their hosts."""
        entries = re.split(r"[\s,;]+", (self._value(name) or "").lower())
        hosts = [_host(entry, with_port=with_ports) for entry in entries if entry]
        if not all(map(_HOST.fullmatch, hosts)):
            raise ImproperlyConfigured(
                f"{name}: give host names such as desk.example.com, separated by commas"
            )
        return hosts or list(default)

    def origin(self, name: str, default: str) -> str:
        """Read scheme, host and port of a web server; without the port where it is the scheme's own."""
        parts = self._web(name, default)
        if parts.path not in ("", "/"):
            raise ImproperlyConfigured(f"{name}: it must end with the host or its port, without a path")
        return _origin(parts)

    def base(self, name: str, default: str) -> str:
        """Read an address that paths are appended to: without a stroke at its end."""
        parts = self._web(name, default)
        return _origin(parts) + parts.path.rstrip("/")

    def proxy(self, name: str) -> str:
        """Read a proxy's address; `host:port` is one that is spoken to without TLS. Empty for none."""
        value = self.secret(name, "")
        if value and "://" not in value:
            value = f"http://{value}"
        if value:
            _whole_address(name, _parts(name, value), ("http", "https"))
        return value

    def broker(self, name: str, folder: Path) -> str:
        """Read the address of Celery's broker: a server's, or else that of a folder."""
        value = self.secret(name, "")
        if not value:
            return f"files://localhost{quote(str(folder))}"
        _whole_address(name, _parts(name, value), BROKERS)
        return value

    def database(self, name: str, file: Path) -> dict[str, Any]:
        """Read a database's address as Django wants it: PostgreSQL's, or else an SQLite file."""
        value = self.secret(name, "")
        if not value:
            return {"ENGINE": Env.DB_SCHEMES["sqlite"], "NAME": str(file)}
        parts = _parts(name, value)
        if parts.scheme != "sqlite":
            _whole_address(name, parts, POSTGRES, may_be_local=True)
        elif parts.netloc or not parts.path.strip("/"):
            raise ImproperlyConfigured(f"{name}: write sqlite:/// and then the path of the file")
        return _configured(name, Env.db_url_config, value)

    def mail(self, name: str, default: str) -> dict[str, Any]:
        """Read a mail server's address as Django's settings want it."""
        value = self.secret(name, default) or default
        parts = _parts(name, value)
        is_server = parts.scheme not in MAIL_THAT_STAYS_HERE
        _whole_address(name, parts, Env.EMAIL_SCHEMES, may_be_local=not is_server)
        return _configured(name, Env.email_url_config, value)

    def file(self, name: str) -> str:
        """Read the path of a file that must be there; empty for none."""
        value = self.text(name, "")
        if not value:
            return ""
        path = Path(ROOT, value)
        if not path.is_file() or not os.access(path, os.R_OK):
            raise ImproperlyConfigured(f"{name}: there is no such file, or it may not be read")
        return str(path)

    def certificates(self, name: str) -> str:
        """Read the path of a file of certificates in PEM form; empty for none."""
        path = self.file(name)
        try:
            if path:
                ssl.create_default_context(cafile=path)
        except (ssl.SSLError, OSError):
            raise ImproperlyConfigured(f"{name}: the file holds no certificates in PEM form") from None
        return path

    def _value(self, name: str) -> str | None:
        return next((_plain(source[name]) for source in self.sources if name in source), None)

    def _web(self, name: str, default: str) -> SplitResult:
        parts = _parts(name, self.text(name, default) or default)
        if parts.scheme not in _DEFAULT_PORTS or not parts.netloc:
            raise ImproperlyConfigured(f"{name}: begin it with https:// (or http://) and the host")
        _whole_address(name, parts, tuple(_DEFAULT_PORTS))
        if "@" in parts.netloc or parts.query:
            raise ImproperlyConfigured(f"{name}: no user name, password or query belongs into it")
        if not _HOST.fullmatch(parts.netloc.lower()) or "*" in parts.netloc:
            raise ImproperlyConfigured(f"{name}: it names no host")
        return parts


class ThisProcess(Environment):
    """The variables that this process was started with, `.env`, and the generated keys."""

    def __init__(self) -> None:
        super().__init__(os.environ)
        self.dot_env_file = _dot_env()
        self.dot_env = variables_in(self.dot_env_file) if self.dot_env_file else {}
        if _is_on(self.dot_env, "DEMO"):
            raise ImproperlyConfigured("DEMO: only `make run` turns it on; take it out of .env")
        self.is_demonstration = self.switch("DEMO", default=False)
        if not self.is_demonstration:
            self.sources.append(self.dot_env)
        self.state = self._state_folder()
        self.sources.append(variables_in(self.state / "env") if (self.state / "env").is_file() else {})

    def _state_folder(self) -> Path:
        if given := self.text("STATE_DIR", ""):
            return Path(ROOT, given).resolve()
        if earlier := [name for name in ("portal.sqlite3", "env") if (ROOT / "var" / name).is_file()]:
            raise ImproperlyConfigured(EARLIER.format(earlier[0]))
        return (ROOT / "var" / ("demo" if self.is_demonstration else "serve")).resolve()

    def demonstration_faults(self) -> list[str]:
        """What forbids a demonstration, each a line; nothing does in real use."""
        if not self.is_demonstration:
            return []
        places = {
            "Take it out of the environment": os.environ,
            "Leave .env aside: make run ENV_FILE=": self.dot_env,
        }
        faults = [
            f"{name} is set, and a demonstration keeps everything in a state folder of its own. {what_to_do}"
            for name in ("DATABASE_URL", "CELERY_BROKER_URL")
            for what_to_do, place in places.items()
            if place.get(name) or place.get(f"{name}_FILE")
        ]
        faults += [
            f"PUBLIC_URL begins with https, and everybody knows the demonstration's passwords. {what_to_do}"
            for what_to_do, place in places.items()
            if _plain(place.get("PUBLIC_URL", "")).lower().startswith("https:")
        ]
        mail = self.secret("EMAIL_URL", "")
        if mail and mail.partition("://")[0] not in MAIL_THAT_STAYS_HERE:
            faults.append(
                "EMAIL_URL is set, and a demonstration sends no mail. Take it out of the environment"
            )
        return faults


def _is_on(source: Mapping[str, str], name: str) -> bool:
    return Environment(source).switch(name, default=False)


def _dot_env() -> Path | None:
    """Where settings are kept by hand, if anywhere."""
    given = os.environ.get("ENV_FILE")
    path = ROOT / ".env" if given is None else Path(ROOT, _plain(given))
    if path.is_dir() or not path.exists():
        if given is None or not _plain(given):
            return None
        raise ImproperlyConfigured("ENV_FILE: there is no such file")
    return path


def variables_in(path: Path) -> dict[str, str]:
    """Read `NAME=value` lines. Later lines win; a `#` at the beginning or after a blank begins a remark."""
    found = {}
    for number, line in enumerate(_read(path.name, path).split("\n"), 1):
        line = line.strip()  # noqa: PLW2901
        if not line or line.startswith("#"):
            continue
        match = _NAME.fullmatch(line)
        if match is None:
            raise ImproperlyConfigured(f"{path.name}, line {number}: not of the form NAME=value")
        name, value = match[1], match[2].lstrip()
        if value[:1] in ('"', "'") and _QUOTED.fullmatch(value) is None:
            raise ImproperlyConfigured(
                f"{name} ({path.name}, line {number}): its quotation marks do not enclose the whole value"
            )
        # A value may begin with #; a remark stands apart.
        found[name] = value if value[:1] in ('"', "'") else _REMARK.sub("", match[2]).strip()
    return found


def _read(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
        if len(content) > _MOST_BYTES:
            raise ImproperlyConfigured(f"{name}: the file is larger than {_MOST_BYTES} bytes")
        return content.decode("utf-8-sig")
    except OSError as error:
        raise ImproperlyConfigured(f"{name}: the file cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ImproperlyConfigured(f"{name}: the file is not UTF-8 text") from None


def _content(name: str, path: str) -> str:
    content = _read(name, Path(ROOT, path)).strip()
    if not content:
        raise ImproperlyConfigured(f"{name}: the file is empty")
    return content


def _plain(value: str) -> str:
    """Take off blanks, quotation marks and a remark behind them, which some tools hand on as they stand in a file."""
    value = value.strip()
    quoted = _QUOTED.fullmatch(value)
    if quoted is None:
        return value
    return re.sub(r'\\(["\\$])', r"\1", quoted[1]) if quoted[2] is None else quoted[2]


def _host(entry: str, *, with_port: bool) -> str:
    host = entry.rpartition("://")[2].partition("/")[0].removesuffix(":443")
    return host if with_port else re.sub(r":[0-9]{1,5}\Z", "", host)


def _parts(name: str, value: str) -> SplitResult:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  It is parsed only when asked for.
    except ValueError:
        raise _no_address(name) from None
    if not value.isprintable() or " " in value:
        raise ImproperlyConfigured(f"{name}: there are blanks in it; write %20 for one that belongs there")
    return parts


def _whole_address(
    name: str, parts: SplitResult, schemes: Collection[str], *, may_be_local: bool = False
) -> None:
    if parts.scheme not in schemes:
        raise ImproperlyConfigured(f"{name}: begin it with {', '.join(f'{scheme}://' for scheme in schemes)}")
    # A password with one of these in it ends the address early, and what is left is another one.
    if parts.fragment or "@" in parts.path + parts.query:
        raise _no_address(name)
    if not (parts.hostname or may_be_local):
        raise ImproperlyConfigured(f"{name}: it names no host")


def _configured(name: str, read: Callable[[str], dict[str, Any]], value: str) -> dict[str, Any]:
    try:
        return read(value)
    except (ValueError, ImproperlyConfigured):
        raise _no_address(name) from None


def _no_address(name: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{name}: not an address; percent-encode / ? # @ [ in its password")


def _origin(parts: SplitResult) -> str:
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    port = "" if parts.port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{parts.port}"
    return f"{parts.scheme}://{host}{port}"
