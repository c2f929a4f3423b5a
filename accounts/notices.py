"""What a person is told about their own account: on every page until they have read it, and by mail where there is one.

Notices are part of the person's row, so that pages ask the database no more for them.
"""

import logging
from dataclasses import dataclass
from datetime import datetime
from smtplib import SMTPException
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import models
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

LONGEST = 20

logger = logging.getLogger(__name__)


class NoticeType(models.TextChoices):
    """What happened, as its person is told."""

    PASSWORD = "password", gettext_lazy("Your password was changed.")
    EMAIL = "email", gettext_lazy("Your email address was changed.")
    USERNAME = "username", gettext_lazy("Your user name was changed.")
    IDENTITY = "identity", gettext_lazy("Your Microsoft Entra identity was changed.")
    ROLES = "roles", gettext_lazy("Your roles were changed.")
    ADMINISTRATOR = "administrator", gettext_lazy("%(about)s became an administrator.")
    SUCCESSOR = (
        "successor",
        gettext_lazy("%(about)s was deactivated, and you take over their open action plans and tickets."),
    )


@dataclass(frozen=True)
class Notice:
    """One of them. `by` is a user name, empty where a link in a mail did it; `about` whom it is about, if not the
    reader.
    """

    what: str
    at: datetime
    by: str
    about: str = ""

    @property
    def text(self) -> str:
        """What happened, in words."""
        return str(NoticeType(self.what).label) % {"about": self.about}

    @property
    def token(self) -> str:
        """What a page sends back to say that this one was read."""
        return self.at.isoformat()

    def as_json(self) -> dict[str, str]:
        """What the person's row and a message to a worker hold."""
        return {"what": str(self.what), "at": self.token, "by": self.by, "about": self.about}


def notice_of(data: dict[str, Any]) -> Notice:
    """The opposite of `as_json`."""
    return Notice(data["what"], datetime.fromisoformat(data["at"]), data["by"], data["about"])


def send(notice: Notice, name: str, addresses: list[str], language: str) -> None:
    """Tell a person by mail, each address by one of its own. A mail server that takes none is in the log."""
    # Whatever zone a page is in: an email keeps the organization's, and names it.
    with translation.override(language), timezone.override(None):
        context = {
            "name": name,
            "notice": notice,
            "organization_name": settings.ORGANIZATION_NAME,
            "portal": settings.PUBLIC_URL,
        }
        subject = _("Your Scoredesk account: %(what)s") % {"what": notice.text}
        body = render_to_string("accounts/notice_mail.txt", context)
    for address in addresses:
        try:
            EmailMessage(" ".join(subject.split()), body, to=[address]).send()
        except (SMTPException, OSError):
            logger.exception("%s could not be told by mail that their account changed", name)
