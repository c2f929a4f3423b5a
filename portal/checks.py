"""System checks: settings that would lose tickets or secrets, and views that forgot to say who may see them."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning
from django.db import OperationalError
from django.http.request import split_domain_port, validate_host

from accounts.access import Address, every_address
from accounts.roles import ADMINISTRATOR, ROLES
from portal import demonstration, file_modes
from portal.startup_checks import START

# What needs no sign-in, by name. Nothing else may say `login_not_required`.
PUBLIC = {
    "accounts:login", "accounts:reset", "accounts:reset_sent", "accounts:reset_confirm", "accounts:language",
    "livez", "readyz",
}  # fmt: skip

# ServiceNow ends an inbound REST transaction after 60 seconds (product documentation, default transaction quota rules).
SERVER_LIMIT = 60
MARGIN = 60


@register(Tags.compatibility)
def quarantine_is_long_enough(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """An unanswered create must not be repeated while the first may still arrive."""
    least = SERVER_LIMIT + settings.PUSH_TIMEOUT + MARGIN
    if least > settings.PUSH_QUARANTINE and not settings.DEMO:
        yield Error(
            f"PUSH_QUARANTINE must be at least {least:g} s with this PUSH_TIMEOUT.",
            hint="A shorter one can create a ticket twice.",
            id="portal.E001",
        )


@register(Tags.security, deploy=True)
def demonstration_is_off(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Demonstration mode has known passwords and talks to loopback."""
    if settings.DEMO:
        yield Error(
            "DEMO is on: its sign-ins are public knowledge.",
            hint="Start with `make serve`.",
            id="portal.E002",
        )


@register(Tags.security, START, deploy=True)
def no_host_is_loopback(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """A ServiceNow on this machine can only be the sandbox."""
    loopback = ("127.0.0.1", "localhost", "[", "::1")
    if not settings.DEMO and any(
        host.partition(":")[0] in loopback for host in settings.SERVICENOW_ALLOWED_HOSTS
    ):
        yield Error(
            "SERVICENOW_ALLOWED_HOSTS allows this machine, where no ServiceNow runs.", id="portal.E003"
        )


@register(Tags.security, START, deploy=True)
def demonstration_uses_nothing_real(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """What is configured belongs to the real portal."""
    for fault in settings.DEMONSTRATION_FAULTS:
        yield Error(fault, id="portal.E007")


@register(Tags.security, START, deploy=True)
def error_pages_are_discreet(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """An https address is one that others reach; error pages of DEBUG show the inside."""
    if settings.HTTPS and settings.DEBUG:
        yield Error(
            "DEBUG is on, and PUBLIC_URL begins with https.", hint="Turn DEBUG off.", id="portal.E008"
        )


@register(Tags.security, START, deploy=True)
def files_are_for_their_owner(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """The database and its keys in one hand open ServiceNow."""
    for fault in file_modes.faults():
        yield Error(fault, id="portal.E011")


@register(Tags.database, START, deploy=True)
def database_is_of_this_kind(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> Iterator[CheckMessage]:
    """A demonstration and a real portal never share a database. One that cannot be reached is told elsewhere."""
    if not databases:
        return
    with contextlib.suppress(OperationalError):
        if fault := demonstration.database_fault():
            yield Error(fault, id="portal.E009")
        elif people := demonstration.people_with_known_passwords():
            yield Error(
                f"{', '.join(people)} can sign in with the demonstration's password, which is public knowledge.",
                hint=f"Give another one, as in: .venv/bin/python manage.py changepassword {people[0]}",
                id="portal.E010",
            )


@register(Tags.security, deploy=True)
def public_address_is_https(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Without TLS, session cookies and the ServiceNow sign-in can be read on the way."""
    if not settings.HTTPS:
        yield CheckWarning(
            "PUBLIC_URL is an address without TLS.",
            hint="Put a proxy with a certificate in front and set PUBLIC_URL=https://...",
            id="portal.W001",
        )


@register(Tags.security)
def every_view_says_who_may_see_it(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """A view is public by name, asks for permissions, says that signing in is enough, or is Django's admin's."""
    for address in every_address():
        yield from _undeclared(address)


def _undeclared(address: Address) -> Iterator[CheckMessage]:
    where = f"{address.name or 'unnamed'} at /{address.route}"
    if address.is_administration:
        return
    if address.is_public:
        if address.name not in PUBLIC:
            hint = "Add its name to PUBLIC in portal/checks.py, if that is meant."
            yield Error(f"{where} needs no sign-in, and nobody listed it.", hint=hint, id="portal.E004")
    elif address.access is None:
        hint = "Decorate its view with permission_required or anyone_signed_in of accounts.access."
        yield Error(f"{where} does not say who may see it.", hint=hint, id="portal.E005")
    elif unknown := set(address.access) - set(ROLES[ADMINISTRATOR]):
        names = ", ".join(sorted(unknown))
        yield Error(f"{where} asks for {names}, which no role holds.", id="portal.E006")


@register(Tags.security, deploy=True)
def proxy_is_counted(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """TLS ends in front of the portal, which must be told so, or it redirects to https without end."""
    if settings.HTTPS and not settings.TRUSTED_PROXIES:
        yield CheckWarning(
            "PUBLIC_URL is https, but TRUSTED_PROXIES is 0: every page would redirect to itself.",
            hint="Set TRUSTED_PROXIES to the number of proxies in front, and let them set X-Forwarded-Proto.",
            id="portal.W002",
        )


@register(Tags.security, deploy=True)
def public_address_is_answered(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """A name that nobody listed is refused, also the one that people are told."""
    host, _port = split_domain_port(urlsplit(settings.PUBLIC_URL).netloc)
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield CheckWarning(
            f"PUBLIC_URL names {host}, which ALLOWED_HOSTS does not: no page would open there.",
            hint=f"Add {host} to ALLOWED_HOSTS.",
            id="portal.W003",
        )
