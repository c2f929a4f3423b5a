"""Microsoft's clouds, by the addresses of Entra and Graph in each.

Source: Microsoft Graph documentation, "Microsoft Graph national cloud deployments" and "List secureScores"
(available in the worldwide and both US Government clouds, not in China).
"""

from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Cloud(TextChoices):
    """Where a tenant is."""

    WORLDWIDE = "worldwide", _("Worldwide, US Government GCC included")
    US_GOVERNMENT = "us_government", _("US Government GCC High (L4)")
    US_DOD = "us_dod", _("US Government DoD (L5)")
    CHINA = "china", _("China, operated by 21Vianet")
    OTHER = "other", _("Another address")


_BY_GRAPH = {
    "graph.microsoft.com": Cloud.WORLDWIDE,
    "graph.microsoft.us": Cloud.US_GOVERNMENT,
    "dod-graph.microsoft.us": Cloud.US_DOD,
    "microsoftgraph.chinacloudapi.cn": Cloud.CHINA,
}
_BY_ENTRA = {
    "login.microsoftonline.com": {Cloud.WORLDWIDE},
    "login.microsoftonline.us": {Cloud.US_GOVERNMENT, Cloud.US_DOD},
    "login.chinacloudapi.cn": {Cloud.CHINA},
    "login.partner.microsoftonline.cn": {Cloud.CHINA},
}


def cloud() -> Cloud:
    """Return the cloud of the Graph that is set."""
    return _BY_GRAPH.get(urlsplit(settings.GRAPH_URL).hostname or "", Cloud.OTHER)


def is_mixed() -> bool:
    """Whether Entra and Graph are of different clouds: no Graph takes the tokens of another cloud's Entra."""
    of_entra = _BY_ENTRA.get(urlsplit(settings.ENTRA_URL).hostname or "")
    return of_entra is not None and cloud() not in {*of_entra, Cloud.OTHER}
