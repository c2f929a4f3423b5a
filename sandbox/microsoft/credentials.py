"""What an app registration may prove with who it is: its client secrets and certificates.

Source: Microsoft identity platform, "Microsoft identity platform application authentication certificate credentials".
"""

import base64
import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from sandbox.microsoft.tenant import Application

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
# What clocks may differ by.
SKEW = timedelta(minutes=5)


class TokenRequestError(Exception):
    """A token request that Entra turns down; becomes Entra's JSON error."""

    def __init__(self, status: int, error: str, code: int, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.error = error
        self.code = code
        self.description = description


class BadCredentials(ValueError):
    """What was given is neither secret nor certificate."""


class Credentials:
    """Those of one app registration. `_secrets` holds when each ends, None for never."""

    def __init__(self, application: Application) -> None:
        self._client_id = application.client_id
        self._secrets: dict[str, datetime | None] = {application.secret: None}
        self._certificates: dict[str, x509.Certificate] = {}

    def change(self, asked: Mapping[str, Any]) -> None:
        """Take over `secrets` (value: moment in ISO 8601, or null), `certificates` (PEM). Raises `BadCredentials`."""
        try:
            ends = {
                str(value): datetime.fromisoformat(moment) if moment else None
                for value, moment in asked.get("secrets", {}).items()
            }
            certificates = [
                x509.load_pem_x509_certificate(pem.encode()) for pem in asked.get("certificates", [])
            ]
        except (AttributeError, TypeError, ValueError) as error:
            raise BadCredentials(str(error)) from error
        self._secrets = ends
        self._certificates = {base64url(each.fingerprint(hashes.SHA256())): each for each in certificates}

    def check_secret(self, value: str, now: datetime) -> None:
        """Raises `TokenRequestError` unless this is one of its secrets."""
        known = next(
            (each for each in self._secrets if secrets.compare_digest(each.encode(), value.encode())), None
        )
        if known is None:
            raise _not_it(7000215, "The client secret is not one of this application's secrets.")
        ends_at = self._secrets[known]
        if ends_at is not None and now >= ends_at:
            raise _not_it(7000222, "The client secret keys of this application are expired.")

    def check_assertion(self, assertion: str, audience: str, now: datetime) -> None:
        """Raises `TokenRequestError` unless one of its certificates signed this for here and now."""
        try:
            signed, _, signature = assertion.rpartition(".")
            header, claims = (json.loads(from_base64url(part)) for part in signed.split("."))
            certificate = self._certificates.get(header["x5t#S256"])
            moments = [datetime.fromtimestamp(claims[name], UTC) for name in ("nbf", "exp")]
            fits = (header["alg"], claims["aud"], claims["iss"], claims["sub"]) == (
                "PS256", audience, self._client_id, self._client_id,
            )  # fmt: skip
            proof = from_base64url(signature)
        except (ValueError, KeyError, TypeError) as error:
            raise _not_it(50027, f"The JWT token is invalid or malformed: {error!r}.") from None
        if certificate is None:
            raise _not_it(
                700027, "The certificate is not registered on application. [Reason - The key was not found.]"
            )
        if now >= certificate.not_valid_after_utc:
            raise _not_it(700027, "The assertion failed its check. [Reason - The key used is expired.]")
        if not fits or not claims.get("jti") or not _is_signed(certificate, signed, proof):
            raise _not_it(700027, "The client assertion contains an invalid signature.")
        if not moments[0] - SKEW <= now < moments[1] + SKEW:
            raise _not_it(700024, "The client assertion is not within its valid time range.")


def base64url(content: bytes) -> str:
    """Bytes as JSON Web Tokens write them (RFC 7515, section 2)."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes again. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_signed(certificate: x509.Certificate, signed: str, signature: bytes) -> bool:
    key = certificate.public_key()
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed.encode(), pss, hashes.SHA256())
            return True
    except InvalidSignature:
        pass
    return False


def _not_it(code: int, description: str) -> TokenRequestError:
    return TokenRequestError(401, "invalid_client", code, description)
