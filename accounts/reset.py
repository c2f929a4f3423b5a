"""A link by mail to choose a password, for whoever forgot theirs or has none yet, where a mail server is configured."""

import logging
from datetime import timedelta
from smtplib import SMTPException

from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from accounts.models import AuditEntry, User

logger = logging.getLogger(__name__)
ONE_LINK_EVERY = timedelta(minutes=1)


def send_links(people: list[int], language: str, by: int | None = None) -> None:
    """Send a link to each of these people (primary keys) who is still let in, in their language or else in this one.

    `by` is the administrator who has it sent; None where somebody asked for it on the page for forgotten passwords.
    """
    sender = User.objects.get(pk=by) if by else None
    for person in User.objects.filter(pk__in=people, is_active=True):
        if not _sent_lately(person):
            with translation.override(person.language or language):
                _send(person, sender)


def _sent_lately(person: User) -> bool:
    """Whether a link is on its way already: nobody fills somebody's mailbox by asking from many networks."""
    sent = AuditEntry.objects.filter(verb="person.password_link_sent", target=person.username)
    return sent.filter(at__gt=timezone.now() - ONE_LINK_EVERY).exists()


def _send(person: User, by: User | None) -> None:
    context = {
        "person": person,
        "organization_name": settings.ORGANIZATION_NAME,
        "link": settings.PUBLIC_URL + link_of(person),
        "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
    }
    subject = render_to_string("accounts/reset_subject.txt", context).strip()
    letter = "accounts/invitation_mail.txt" if by else "accounts/reset_mail.txt"
    mail = EmailMessage(subject, render_to_string(letter, context), to=[person.email])
    try:
        mail.send()
    except (SMTPException, OSError):
        logger.exception("The link for a new password could not be sent to %s", person.username)
        return
    AuditEntry.objects.record(actor=by, verb="person.password_link_sent", target=person.username)


def link_of(person: User) -> str:
    """The path at which this person may choose a new password, once, for as long as PASSWORD_RESET_TIMEOUT."""
    uid = urlsafe_base64_encode(force_bytes(person.pk))
    return reverse("accounts:reset_confirm", args=[uid, default_token_generator.make_token(person)])
