"""Aozora as untidy as real tenants are: what answers of live tenants and public reports show and documents do not say.

Levels in small letters or null, scored controls without a profile, remediation of more than 2,000 characters, states in
any casing or of unknown kinds, controls that Microsoft adds or withdraws, and some that move from Apps to Identity in
one go, as those of Defender for Cloud Apps did in March 2026 (Microsoft Defender XDR, "What's new in Microsoft Secure
Score"). Whichever day is today, all of that is within the ninety days (see `seasons`), and undone a season later.
"""

from dataclasses import replace
from datetime import date

from sandbox.microsoft.catalogue import Control, StateUpdate, controls
from sandbox.microsoft.catalogue import scored_on as scored_in_tidiness
from sandbox.microsoft.documents import Document, profile
from sandbox.microsoft.seasons import season_and_day

WITHOUT_PROFILE = frozenset({"aad_custom_banned_passwords", "mdo_zapspam", "scid_2503"})
# On which day of the season each comes, and goes.
ADDED = {"exo_outlookaddins": 20, "mip_purviewlabelconsent": 20, "scid_2515": 47}
WITHDRAWN = {"mdo_spamaction": 55, "scid_2090": 68}
MOVED = frozenset(
    {
        "aad_admin_consent_workflow",
        "McasCloudAppNotification",
        "McasCutomActivityPolicy",
        "McasFirewallLogUpload",
        "McasOAuthAppNotification",
    }
)
MOVED_ON = 33
LONG = "mdo_safelinksforemail"
_BY = {"assigned_to": "", "updated_by": "haruka.mori@aozora-foods.example"}
# The oldest first in one, the newest first in the other: Microsoft promises no order.
STATES = {
    "mdo_bulkthreshold": (
        StateUpdate("default", "", **_BY, updated_at="2025-05-02T07:00:00Z"),
        StateUpdate(
            "alternateMitigation", "The gateway counts.", **_BY, updated_at="2025-06-02T07:00:00.1234567Z"
        ),
    ),
    "mdo_safedocuments": (
        StateUpdate("IGNORED", "Not before the move.", **_BY, updated_at="2025-09-01T00:30:00Z"),
        StateUpdate("thirdparty", "", **_BY, updated_at="2025-03-01T00:30:00Z"),
    ),
    "mdo_phishthresholdlevel": (StateUpdate("InScopeReview", "", **_BY, updated_at="2025-08-14T22:10:09Z"),),
}


def scored_on(on: date) -> list[Control]:
    """The controls that had a control score on that day."""
    _, day = season_and_day(on)
    return [
        _as_on(control, on)
        for control in scored_in_tidiness(on)
        if ADDED.get(control.id, 0) <= day < WITHDRAWN.get(control.id, day + 1)
    ]


def profiles(tenant_id: str, today: date) -> list[Document]:
    """Every profile that there is today."""
    known = [control for control in controls() if control.id not in WITHOUT_PROFILE]
    return [
        profile(_as_on(control, today), tenant_id, today) | _levels(control, number)
        for number, control in enumerate(known)
    ]


def _as_on(control: Control, on: date) -> Control:
    """The control as Microsoft described it on that day."""
    season, day = season_and_day(on)
    if control.id in MOVED and (season % 2 == 0) == (day >= MOVED_ON):
        control = replace(control, category="Identity")
    if control.id == LONG:
        control = replace(control, remediation=control.remediation + _appendix())
    return replace(control, state_updates=STATES.get(control.id, control.state_updates))


def _levels(control: Control, number: int) -> Document:
    """Levels as they come: every third in small letters, every seventh not at all."""
    if number % 7 == 0:
        return {"userImpact": None, "implementationCost": None}
    if number % 3 == 0:
        return {"userImpact": (control.user_impact or "").lower(), "implementationCost": control.cost.lower()}
    return {}


def _appendix() -> str:
    """Commands, one for each of many policies."""
    lines = [
        f'Set-SafeLinksPolicy -Identity "Plant {number:02}" -EnableSafeLinksForEmail $true -TrackClicks $true'
        for number in range(1, 25)
    ]
    return "<p>With PowerShell, for each plant:</p><pre>" + "\n".join(lines) + "</pre>"
