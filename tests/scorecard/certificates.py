"""Certificates as organizations make them for their app registrations."""

from datetime import UTC, datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM
# What the tests' clocks say lies within it.
BEGINS_AT = datetime(2026, 1, 1, tzinfo=UTC)
OPEN = serialization.NoEncryption()


@cache
def rsa_key(number: int = 1) -> rsa.RSAPrivateKey:
    """The private key of that number; making one takes a moment."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem_of_key(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, how: serialization.KeySerializationEncryption = OPEN
) -> str:
    """A private key as its file holds it."""
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, how).decode()


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | None = None, days: int = 3650) -> str:
    """A certificate that signs itself, in PEM form without its key."""
    own = key or rsa_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Scoredesk")])
    builder = x509.CertificateBuilder(name, name, own.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(BEGINS_AT).not_valid_after(BEGINS_AT + timedelta(days=days))
    return builder.sign(own, hashes.SHA256()).public_bytes(PEM).decode()
