"""Why an import of Secure Score may fail: in plain words for everybody, and what to check for whoever can fix it."""

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Failure(TextChoices):
    """What went wrong, as pages say it."""

    NOT_CONFIGURED = "not_configured", _("The settings do not say how to sign in to Microsoft Graph.")
    WRONG_TENANT = "wrong_tenant", _("Microsoft Entra knows no such tenant.")
    WRONG_CLIENT = "wrong_client", _("Microsoft Entra knows no such app registration in this tenant.")
    WRONG_SECRET = "wrong_secret", _("Microsoft Entra does not accept the client secret.")
    EXPIRED_SECRET = "expired_secret", _("The client secret has expired.")
    WRONG_CERTIFICATE = "wrong_certificate", _("Microsoft Entra does not accept the certificate.")
    DISABLED = "disabled", _("The app registration is disabled in Microsoft Entra.")
    WRONG_CLOUD = "wrong_cloud", _("Microsoft Entra knows no Microsoft Graph at the address that is set.")
    NO_CONSENT = "no_consent", _("Nobody has granted admin consent to the app registration.")
    SIGN_IN_REFUSED = "sign_in_refused", _("Microsoft Entra refused the sign-in of the app registration.")
    TOKEN_NOT_ACCEPTED = "token_not_accepted", _("Microsoft Graph does not accept the access token.")
    NO_PERMISSION = "no_permission", _("The app registration may not read Secure Score.")
    GONE = "gone", _("Microsoft Graph has no Secure Score at this address.")
    RETIRED = "retired", _("Microsoft has retired this part of Microsoft Graph.")
    REFUSED = "refused", _("Microsoft Graph refused the call.")
    RATE_LIMITED = "rate_limited", _("Microsoft asked for fewer calls.")
    MICROSOFT_DOWN = "microsoft_down", _("Microsoft has a problem.")
    UNREACHABLE = "unreachable", _("Microsoft could not be reached.")
    NOT_TRUSTED = "not_trusted", _("The certificate of whoever answered in Microsoft's place is not trusted.")
    PROXY = "proxy", _("The proxy did not lead to Microsoft.")
    NO_ANSWER = "no_answer", _("Microsoft's answer did not arrive in full.")
    UNREADABLE = "unreadable", _("Something that is not Microsoft Graph answered.")
    ENDLESS = "endless", _("The pages of Microsoft Graph's answer would never end.")
    DOCUMENT = "document", _("What was to be imported cannot be used.")
    UNEXPECTED = "unexpected", _("The portal made a mistake.")


_PASSES = _("This usually passes. The portal tries again by itself.")
_NETWORK = _(
    "Check from the portal's machine whether %(microsoft)s can be reached, the firewall, and the setting HTTPS_PROXY."
)
_SIGN_IN = _(
    "Compare GRAPH_TENANT_ID, GRAPH_CLIENT_ID and the client secret or certificate with the app registration in"
    " Microsoft Entra, then restart the portal."
)

# What whoever may change it checks. `%(microsoft)s` stands for the hosts that are asked.
ADVICE: dict[str, str | Promise] = {
    Failure.NOT_CONFIGURED: _("Set them in .env or the environment, then restart the portal."),
    Failure.WRONG_TENANT: _(
        "Check GRAPH_TENANT_ID: it is the Directory (tenant) ID of the app registration. ENTRA_URL must be of the same"
        " cloud. Then restart the portal."
    ),
    Failure.WRONG_CLIENT: _(
        "Check GRAPH_CLIENT_ID, which is the Application (client) ID, and whether GRAPH_TENANT_ID names the tenant"
        " that has it. Then restart the portal."
    ),
    Failure.WRONG_SECRET: _(
        "Check GRAPH_CLIENT_SECRET: it is the Value of the client secret, not its Secret ID. Then restart the portal."
    ),
    Failure.EXPIRED_SECRET: _(
        "Make a new client secret in Microsoft Entra, under Certificates & secrets, put its Value into"
        " GRAPH_CLIENT_SECRET, and restart the portal."
    ),
    Failure.WRONG_CERTIFICATE: _(
        "Compare GRAPH_CLIENT_CERTIFICATE with the certificates in Microsoft Entra, under Certificates & secrets: it"
        " must be one of them and must not have expired. Then restart the portal."
    ),
    Failure.DISABLED: _(
        "Enable it in Microsoft Entra, under Enterprise applications, or set GRAPH_CLIENT_ID to another one."
    ),
    Failure.WRONG_CLOUD: _("GRAPH_URL and ENTRA_URL must be of the same cloud. Then restart the portal."),
    Failure.NO_CONSENT: _(
        "In Microsoft Entra, open the app registration that GRAPH_CLIENT_ID names, then API permissions, and choose"
        " Grant admin consent."
    ),
    Failure.SIGN_IN_REFUSED: _SIGN_IN,
    Failure.TOKEN_NOT_ACCEPTED: _(
        "GRAPH_URL and ENTRA_URL must be of the same cloud, and GRAPH_TENANT_ID must name the tenant whose score this"
        " is. Then restart the portal."
    ),
    Failure.NO_PERMISSION: _(
        "In Microsoft Entra, give the app registration that GRAPH_CLIENT_ID names the application permission"
        " SecurityEvents.Read.All, and choose Grant admin consent. It takes some minutes until that counts."
    ),
    Failure.GONE: _("Check GRAPH_URL. Not every national cloud has Secure Score in Microsoft Graph."),
    Failure.RETIRED: _(
        "Look for a newer version of Scoredesk. Until then, saved answers can be imported with the command"
        " import_secure_score."
    ),
    Failure.REFUSED: _("Microsoft's own words below say why."),
    Failure.RATE_LIMITED: _PASSES,
    Failure.MICROSOFT_DOWN: _PASSES,
    Failure.UNREACHABLE: _NETWORK,
    Failure.NOT_TRUSTED: _(
        "Where a proxy of yours opens TLS, CA_BUNDLE must name a file with its authority. Then restart the portal."
    ),
    Failure.PROXY: _("Check HTTPS_PROXY, and whether the proxy lets %(microsoft)s through."),
    Failure.NO_ANSWER: _PASSES,
    Failure.UNREADABLE: _(
        "A proxy or a sign-in page of your network may have answered. Check HTTPS_PROXY, GRAPH_URL and ENTRA_URL."
    ),
    Failure.ENDLESS: _("If it stays so, report it with the words below."),
    Failure.DOCUMENT: _("The words below name the document and what is wrong with it. Nothing was changed."),
    Failure.UNEXPECTED: _("The log of whatever ran the import says more. Report it with what the log says."),
}
