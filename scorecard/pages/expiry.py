"""When the sign-in to Microsoft Graph ends for want of a secret or certificate that is still good."""

from dataclasses import dataclass
from datetime import date, datetime

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from scorecard.importing import credentials

# From how many days before it is told, the latest first, and in which tone.
_TONES = ((3, "danger"), (14, "warning"), (30, "info"))


@dataclass(frozen=True, slots=True)
class Expiry:
    """What expires last: the setting that holds it, the day, and how many days that is away; below 0 it is past."""

    setting: str
    ends_on: date
    days: int
    tone: str

    @property
    def title(self) -> str:
        """What happens, and when."""
        if self.days < 0:
            return _("The sign-in to Microsoft Graph has expired")
        if self.days == 0:
            return _("The sign-in to Microsoft Graph expires today")
        return ngettext(
            "The sign-in to Microsoft Graph expires in %(days)d day",
            "The sign-in to Microsoft Graph expires in %(days)d days",
            self.days,
        ) % {"days": self.days}

    @property
    def text(self) -> str:
        """What to do about it."""
        named = {"setting": self.setting, "day": date_format(self.ends_on, "DATE_FORMAT")}
        if self.days < 0 and self.setting in credentials.SECRETS:
            return (
                _(
                    "%(setting)s expired on %(day)s. Make a new client secret in Microsoft Entra and put it into .env,"
                    " or correct %(setting)s_EXPIRES_ON, then restart the portal."
                )
                % named
            )
        if self.days < 0:
            return (
                _(
                    "%(setting)s expired on %(day)s. Upload a new certificate in Microsoft Entra, put it into .env, and"
                    " restart the portal."
                )
                % named
            )
        return (
            _(
                "%(setting)s expires on %(day)s; after that, the score can no longer be read. The page Secure Score"
                " connection says how the next one takes its place without a gap."
            )
            % named
        )


def expiry(now: datetime) -> Expiry | None:
    """Return what is about to expire, or has; None while that is more than 30 days away, or not known. No query."""
    last = credentials.last_to_end(credentials.stored())
    if last is None or last.ends_on is None:
        return None
    days = (last.ends_on - now.date()).days
    tone = next((tone for least, tone in _TONES if days <= least), "")
    return Expiry(last.name, last.ends_on, days, tone) if tone else None
