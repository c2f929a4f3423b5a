"""Why TLS refused a certificate.

Since Python 3.13 certificates are checked strictly, as RFC 5280 has it (Python documentation, "ssl",
`create_default_context`). Authorities inside organizations often leave out what that asks for. The codes are OpenSSL's
(x509_vfy.h); all from 80 to 93 belong to its strict checks (OpenSSL documentation, "X509_V_FLAG_X509_STRICT").
"""

import ssl
from collections.abc import Iterator

from connector.servicenow.errors import CertificateRefused

LACKING = {
    85: "no_authority_key_identifier",
    86: "no_subject_key_identifier",
    89: "basic_constraints_not_critical",
    92: "no_key_usage",
}
STRICT = range(80, 94)


def refusal_in(error: BaseException) -> CertificateRefused | None:
    """What an error says against a certificate, however deep the libraries wrapped it; None where it is another one."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            strict = "certificate_not_strict" if cause.verify_code in STRICT else ""
            return CertificateRefused.because(cause.verify_message, LACKING.get(cause.verify_code, strict))
    return None


def _causes(error: object) -> Iterator[BaseException]:
    """An error and those inside it: urllib3 keeps them as `reason`, requests as the first argument."""
    for _layer in range(8):
        if not isinstance(error, BaseException):
            return
        yield error
        error = getattr(error, "reason", None) or (error.args[0] if error.args else None)
