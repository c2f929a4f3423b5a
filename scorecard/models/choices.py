"""The words of Secure Score: what is stored, how it is labelled, and the tone its badge takes."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Category(TextChoices):
    """Microsoft's categories. Its answers may bring others at any time; those are shown as it spells them."""

    IDENTITY = "Identity", pgettext_lazy("secure score category", "Identity")
    DATA = "Data", pgettext_lazy("secure score category", "Data")
    DEVICE = "Device", pgettext_lazy("secure score category", "Device")
    APPS = "Apps", pgettext_lazy("secure score category", "Apps")
    INFRASTRUCTURE = "Infrastructure", pgettext_lazy("secure score category", "Infrastructure")


class Level(TextChoices):
    """How much a change asks of users (impact) or of administrators (cost)."""

    UNKNOWN = "", pgettext_lazy("level", "Unknown")
    LOW = "low", pgettext_lazy("level", "Low")
    MODERATE = "moderate", pgettext_lazy("level", "Moderate")
    HIGH = "high", pgettext_lazy("level", "High")


class Status(TextChoices):
    """Where an action stands. The last two follow from the points, the others the organisation chooses."""

    TO_ADDRESS = "to_address", pgettext_lazy("action status", "To address")
    PLANNED = "planned", pgettext_lazy("action status", "Planned")
    RISK_ACCEPTED = "risk_accepted", pgettext_lazy("action status", "Risk accepted")
    THIRD_PARTY = "third_party", pgettext_lazy("action status", "Resolved through third party")
    ALTERNATE_MITIGATION = (
        "alternate_mitigation",
        pgettext_lazy("action status", "Resolved through alternate mitigation"),
    )
    COMPLETED = "completed", pgettext_lazy("action status", "Completed")
    NOT_APPLICABLE = "not_applicable", pgettext_lazy("action status", "Not applicable")


# In these nothing is left to do.
FINISHED = frozenset(
    {Status.COMPLETED, Status.RISK_ACCEPTED, Status.THIRD_PARTY, Status.ALTERNATE_MITIGATION}
)


DERIVED = (Status.COMPLETED, Status.NOT_APPLICABLE)
CHOOSABLE = tuple(status for status in Status if status not in DERIVED)

TONES = {
    Status.TO_ADDRESS: "neutral",
    Status.PLANNED: "info",
    Status.RISK_ACCEPTED: "warning",
    Status.THIRD_PARTY: "success",
    Status.ALTERNATE_MITIGATION: "success",
    Status.COMPLETED: "success",
    Status.NOT_APPLICABLE: "neutral",
}

# Graph's `service` codes as seen in tenants' answers. A code that is not here is shown as it came.
PRODUCTS = {
    "AATP": "Microsoft Defender for Identity",
    "Admincenter": "Microsoft 365 admin center",
    "AppG": "App governance",
    "AzureAD": "Microsoft Entra ID",
    "Azure ATP": "Microsoft Defender for Identity",
    "EXO": "Exchange Online",
    "FORMS": "Microsoft Forms",
    "Intune": "Microsoft Intune",
    "MCAS": "Microsoft Defender for Cloud Apps",
    "MDA_Atlassian": "Atlassian",
    "MDA_CitrixSF": "Citrix ShareFile",
    "MDA_DocuSign": "DocuSign",
    "MDA_GitHub": "GitHub",
    "MDA_Okta": "Okta",
    "MDA_SF": "Salesforce",
    "MDA_SNOW": "ServiceNow",
    "MDA_Zendesk": "Zendesk",
    "MDA_Zoom": "Zoom",
    "MDATP": "Microsoft Defender for Endpoint",
    "MDO": "Microsoft Defender for Office 365",
    "MIP": "Microsoft Purview Information Protection",
    "MS Teams": "Microsoft Teams",
    "SPO": "SharePoint Online",
    "SWAY": "Sway",
}

COMPARISONS = {
    "AllTenants": _("All organizations"),
    "TotalSeats": _("Organizations of similar size"),
    "IndustryTypes": _("Organizations in the same industry"),
}
