"""What the settings hold for signing in to Microsoft Graph, in the order in which it is tried, and when each ends."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from django.conf import settings

from scorecard.graph.credentials import ClientCertificate, ClientSecret, Credential, read_certificate

CERTIFICATES = ("GRAPH_CLIENT_CERTIFICATE", "GRAPH_CLIENT_CERTIFICATE_NEXT")
SECRETS = ("GRAPH_CLIENT_SECRET", "GRAPH_CLIENT_SECRET_NEXT")
# Reading a private key checks it, which takes milliseconds; pages ask when it ends.
_read_certificate = lru_cache(maxsize=4)(read_certificate)


@dataclass(frozen=True, slots=True)
class StoredCredential:
    """A credential and the setting that holds it. `ends_on` is a day in UTC, None where no setting tells it."""

    name: str
    credential: Credential
    ends_on: date | None

    @property
    def is_certificate(self) -> bool:
        """Whether it is a certificate, and no secret."""
        return isinstance(self.credential, ClientCertificate)


def stored() -> list[StoredCredential]:
    """Return what is set: certificates before secrets, since no certificate's key leaves this machine."""
    found = []
    for name in CERTIFICATES:
        if pem := getattr(settings, name):
            certificate = _read_certificate(pem)
            found.append(StoredCredential(name, certificate, certificate.ends_at.date()))
    for name in SECRETS:
        if value := getattr(settings, name):
            ends_on = getattr(settings, f"{name}_EXPIRES_ON")
            found.append(StoredCredential(name, ClientSecret(value), ends_on))
    return found


def last_to_end(credentials: Iterable[StoredCredential]) -> StoredCredential | None:
    """Return the one after whose end none is known to be good; None where no end is known."""
    return max((each for each in credentials if each.ends_on), key=_end, default=None)


def _end(stored: StoredCredential) -> date:
    return stored.ends_on or date.min
