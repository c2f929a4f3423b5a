"""What a person types or pastes to name a record: its number, its sys_id, or an address of its page. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from connector.servicenow.records import SYS_ID
from tickets.models.choices import Kind

_SYS_ID = re.compile(SYS_ID, re.IGNORECASE)
_NUMBER = re.compile(r"[A-Z0-9_-]{2,40}", re.IGNORECASE)
_TABLES = "|".join(Kind.values)
# Classic pages name the table before `.do`, workspaces before the id (ServiceNow documentation, "Navigate directly to
# a table" and "Workspace URLs"); the same classic page also travels inside a parameter of a frame's address.
_IN_ADDRESS = (
    re.compile(rf"(?P<table>{_TABLES})\.do\?(?:[^#\s]*&)?sys_id=(?P<sys_id>{SYS_ID})", re.IGNORECASE),
    re.compile(rf"/(?P<table>{_TABLES})/(?P<sys_id>{SYS_ID})", re.IGNORECASE),
    re.compile(rf"[?&]sys_id=(?P<sys_id>{SYS_ID})", re.IGNORECASE),
    re.compile(rf"(?P<table>{_TABLES})\.do\?(?:[^#\s]*[&=^])?number=(?P<number>[A-Z0-9_-]+)", re.IGNORECASE),
    re.compile(r"[?&=^]number=(?P<number>[A-Z0-9_-]+)", re.IGNORECASE),
)
_ADDRESS = re.compile(r"https?://[^\s<>\"()\[\]「」【】]+", re.IGNORECASE)
_AROUND = " \t\r\n<>()[]{}\"'`“”‘’«»„「」『』【】〈〉《》〔〕.,;:!、。"
# A number with the record's short description behind it, as lists and mails show them.
_TITLED = re.compile(
    r"(?P<number>[A-Z]{2,10}[0-9]{3,30})(?:\s+|\s*[:–—-]\s)(?P<title>\S.*)", re.IGNORECASE | re.DOTALL
)
_LIKE_NUMBER = re.compile(r"(?<![A-Z0-9])[A-Z]{2,10}[0-9]{3,30}(?![A-Z0-9])", re.IGNORECASE)
# A frame inside a frame: more layers of quoting than this nobody pastes.
_LAYERS = 3
# As much as an address bar takes. Normalising a longer text, or looking for addresses in it, could take hours.
LONGEST = 2000


@dataclass(frozen=True)
class Reference:
    """A record as a person named it: by `number` or by `sys_id`. Host (with its port) and table where an address told
    them.
    """

    number: str = ""
    sys_id: str = ""
    host: str = ""
    table: str = ""


def read(text: str) -> Reference | None:
    """Return what a text refers to; None where it names no record.

    Full-width letters and digits, which Japanese keyboards give, count as their plain ones.
    """
    text = _tidied(text) if len(text) <= LONGEST else ""
    if len(text) > LONGEST:  # One letter may stand for eighteen.
        return None
    titled = _TITLED.fullmatch(text)
    if titled and "://" not in text and not _LIKE_NUMBER.search(titled["title"]):
        text = titled["number"]
    if "/" in text or "?" in text:
        return _of_address(text)
    if _SYS_ID.fullmatch(text):
        return Reference(sys_id=text.lower())
    return Reference(number=text.upper()) if _NUMBER.fullmatch(text) else None


def _host_of(address: str) -> str:
    """The host, with its port unless that is the scheme's own."""
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2].lower()
    return host.removesuffix(":443" if parts.scheme == "https" else ":80")


def _tidied(text: str) -> str:
    """Take away what pasting brings along: characters that nobody sees, and brackets, quotes and stops around it."""
    plain = unicodedata.normalize("NFKC", text)
    seen = "".join(one for one in plain if unicodedata.category(one) != "Cf")
    return seen.strip(_AROUND)


def _of_address(text: str) -> Reference | None:
    # Mails put addresses between angle brackets; what stands around the address is no part of it.
    address = _ADDRESS.search(text)
    if address is None and "://" in text:
        return None
    if address:
        text = address[0].rstrip(_AROUND)
    try:
        host = _host_of(text) if address else ""
    except ValueError:  # Such as half an IPv6 address.
        return None
    for _layer in range(_LAYERS):
        text = unquote(text)
    for pattern in _IN_ADDRESS:
        if found := pattern.search(text):
            parts = found.groupdict("")
            return Reference(
                number=parts.get("number", "").upper(),
                sys_id=parts.get("sys_id", "").lower(),
                host=host,
                table=parts.get("table", "").lower(),
            )
    return None
