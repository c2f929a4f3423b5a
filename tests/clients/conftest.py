"""Real clients, and a sandbox for each way that they speak: TLS and plain HTTP."""

import ipaddress
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.clients import environment
from tests.conftest import leave_out
from tests.sandbox_process import SandboxProcess

# Enough that a client with pages of 100 must turn more than ten of them.
RECORDS = 1050
Errand = Callable[[str], Any]


@pytest.fixture(scope="session")
def installed() -> None:
    """The clients' own environment; without a package registry its tests are left out."""
    try:
        environment.prepare()
    except environment.CannotInstall as error:
        leave_out(f"the clients cannot be installed: {error}")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for 127.0.0.1 that signs itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(address, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "sandbox.pem"
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + signed.public_bytes(pem))
    return path


@pytest.fixture(scope="session")
def secure_sandbox(installed: None, certificate: Path) -> Iterator[SandboxProcess]:
    with SandboxProcess(records=RECORDS, tls_cert=certificate, tls_key=certificate) as process:
        yield process


@pytest.fixture(scope="session")
def plain_sandbox(installed: None) -> Iterator[SandboxProcess]:
    with SandboxProcess(records=RECORDS) as process:
        yield process


@pytest.fixture(params=["basic", "oauth"])
def pysnc(secure_sandbox: SandboxProcess, certificate: Path, request: pytest.FixtureRequest) -> Errand:
    """Runs an errand of PySNC, which speaks TLS only: with a password in every call, and with tokens."""
    way = {"url": secure_sandbox.url, "certificate": certificate, "sign_in": request.param}
    return partial(environment.run, "pysnc_errands", **way)


@pytest.fixture
def pysnc_tokens(secure_sandbox: SandboxProcess, certificate: Path) -> Errand:
    """Runs an errand of PySNC that signs in by itself."""
    return partial(environment.run, "pysnc_errands", url=secure_sandbox.url, certificate=certificate)


@pytest.fixture
def pysnow(plain_sandbox: SandboxProcess) -> Errand:
    """Runs an errand of pysnow over plain HTTP."""
    return partial(environment.run, "pysnow_errands", url=plain_sandbox.url)


@pytest.fixture
def secure_pysnow(secure_sandbox: SandboxProcess, certificate: Path) -> Errand:
    """Runs an errand of pysnow over TLS, without which it refuses OAuth."""
    return partial(environment.run, "pysnow_errands", url=secure_sandbox.url, certificate=certificate)
