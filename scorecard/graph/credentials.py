"""What an app registration proves with who it is: a client secret, or a certificate and its private key.

Source: Microsoft identity platform, "OAuth 2.0 client credentials flow" and "Microsoft identity platform application
authentication certificate credentials" (PS256, `x5t#S256`).
What may not leak: secret and key. Neither is in a `repr` or an exception.
"""

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import uuid4

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_LIFETIME = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """A client secret, by its value."""

    value: str = field(repr=False)

    def proof(self, *, client_id: str, audience: str, now: datetime) -> dict[str, str]:
        """Return the fields of a token request that prove who asks."""
        return {"client_secret": self.value}


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A certificate, whose public half is uploaded to the app registration, and its private key."""

    certificate: x509.Certificate
    key: rsa.RSAPrivateKey = field(repr=False)

    @property
    def ends_at(self) -> datetime:
        """When it ends."""
        return self.certificate.not_valid_after_utc

    def proof(self, *, client_id: str, audience: str, now: datetime) -> dict[str, str]:
        """Return the fields of a token request that prove who asks. `audience` is the address of the token endpoint."""
        header = {
            "alg": "PS256",
            "typ": "JWT",
            "x5t#S256": _base64url(self.certificate.fingerprint(hashes.SHA256())),
        }
        claims = {
            "aud": audience,
            "iss": client_id,
            "sub": client_id,
            "jti": str(uuid4()),
            "iat": int(now.timestamp()),
            "nbf": int(now.timestamp()),
            "exp": int((now + ASSERTION_LIFETIME).timestamp()),
        }
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (header, claims))
        pss = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
        signature = self.key.sign(signed.encode(), pss, hashes.SHA256())
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": f"{signed}.{_base64url(signature)}",
        }


Credential = ClientSecret | ClientCertificate


def read_certificate(pem: str) -> ClientCertificate:
    """Read a certificate and its private key, one below the other in PEM form.

    Raises ValueError saying what is wrong with it, and showing nothing of it.
    """
    data = pem.encode()
    try:
        certificate = x509.load_pem_x509_certificate(data)
        key = serialization.load_pem_private_key(data, password=None)
    except TypeError:
        raise ValueError("its private key is encrypted; store it without a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("not a certificate and its private key in PEM form") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("Microsoft Entra takes certificates with RSA keys alone")
    if key.public_key() != certificate.public_key():
        raise ValueError("the private key is another certificate's")
    return ClientCertificate(certificate, key)


def _base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
