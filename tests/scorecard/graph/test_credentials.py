"""Certificates as they are read, and never shown."""

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from scorecard.graph.credentials import ClientSecret, read_certificate
from tests.scorecard.certificates import certificate, pem_of_key, rsa_key


def test_certificate_and_key_are_read_in_either_order() -> None:
    public, private = certificate(), pem_of_key(rsa_key())
    for pem in (public + private, private + public):
        found = read_certificate(pem)
        assert found.ends_at == found.certificate.not_valid_after_utc
        assert "PRIVATE" not in repr(found)
        assert "RSAPrivateKey" not in repr(found)
    assert "hidden" not in repr(ClientSecret("hidden"))


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ("in PEM form", certificate),
        ("in PEM form", lambda: pem_of_key(rsa_key())),
        ("in PEM form", lambda: "seen-4711"),
        ("in PEM form", lambda: certificate() + pem_of_key(rsa_key())[:-60]),
        ("another certificate's", lambda: certificate() + pem_of_key(rsa_key(2))),
        ("RSA keys alone", lambda: certificate(_curve()) + pem_of_key(_curve())),
        ("is encrypted", lambda: certificate() + pem_of_key(rsa_key(), _password())),
    ],
)
def test_what_is_no_certificate_with_its_key_is_refused_with_the_reason(words: str, made: object) -> None:
    assert callable(made)
    pem = made()
    with pytest.raises(ValueError, match=words) as refused:
        read_certificate(pem)
    assert pem[:9] not in str(refused.value)


def _curve() -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(4711, ec.SECP256R1())


def _password() -> serialization.KeySerializationEncryption:
    return serialization.BestAvailableEncryption(b"password")
