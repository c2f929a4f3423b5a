"""A certificate authority of a test's own, as organisations have them inside their networks."""

from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


class Authority:
    """Issues certificates; `bundle` is the file that whoever trusts it needs."""

    def __init__(self, folder: Path, *, lacks: str = "") -> None:
        """`lacks` leaves out what strict checks ask for: "key usage", "critical" or one of the "key identifier"s."""
        self._folder = folder
        self._lacks = lacks
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _named("An authority of nobody else")
        self._certificate = self._signed(self._name, self._key, [], can_sign=True)
        self.bundle = folder / "authority.pem"
        self.bundle.write_bytes(self._certificate.public_bytes(PEM))

    def issue(self, host: str) -> Path:
        """A certificate for a host and for loopback, with its key and the authority's own, in one file."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [x509.DNSName(host), x509.IPAddress(ip_address("127.0.0.1"))]
        signed = self._signed(_named(host), key, names, can_sign=False)
        secret = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        path = self._folder / f"{host}.pem"
        path.write_bytes(secret + signed.public_bytes(PEM) + self._certificate.public_bytes(PEM))
        return path

    def _signed(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        hosts: list[x509.GeneralName],
        *,
        can_sign: bool,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder(self._name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(
                x509.BasicConstraints(ca=can_sign, path_length=None), critical=self._lacks != "critical"
            )
        )
        if self._lacks != "key usage":
            builder = builder.add_extension(_usage(can_sign=can_sign), critical=True)
        if self._lacks != "authority key identifier":
            ours = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
            builder = builder.add_extension(ours, critical=False)
        if self._lacks != "subject key identifier":
            theirs = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
            builder = builder.add_extension(theirs, critical=False)
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _usage(*, can_sign: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not can_sign,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=can_sign,
        crl_sign=can_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
