"""System checks: settings that would lose tickets or secrets, and views that forgot to say who may see them."""

from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as CheckWarning

from accounts.access import Address, every_address
from accounts.roles import ADMINISTRATOR, ROLES

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
            f"PUSH_QUARANTINE is {settings.PUSH_QUARANTINE:g} s; with PUSH_TIMEOUT {settings.PUSH_TIMEOUT:g} s it "
            f"must be at least {least:g} s.",
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


@register(Tags.security, deploy=True)
def no_host_is_loopback(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """A ServiceNow on this machine can only be the sandbox."""
    for host in settings.SERVICENOW_ALLOWED_HOSTS:
        if host.partition(":")[0] in ("127.0.0.1", "localhost", "[", "::1"):
            yield Error(f"SERVICENOW_ALLOWED_HOSTS allows {host}, which is this machine.", id="portal.E003")


@register(Tags.security, deploy=True)
def public_address_is_https(app_configs: Any, **kwargs: Any) -> Iterator[CheckMessage]:
    """Without TLS, session cookies and the ServiceNow sign-in can be read on the way."""
    if not settings.HTTPS:
        yield CheckWarning(
            f"PUBLIC_URL is {settings.PUBLIC_URL}, without TLS.",
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
