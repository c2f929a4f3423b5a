"""What went wrong with the connection, in plain words, and what to do next."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.moments import exact
from connector.budget import KEPT_FOR_PUSHES, allowed
from connector.models import Connection


@dataclass(frozen=True)
class Explanation:
    """One known failure: what happened, and the next step."""

    what: Promise
    next_step: Promise


_STRICT = _(
    "Python 3.13 and later check certificates strictly, as RFC 5280 has it. Have the private authority that CA_BUNDLE "
    "names issue its certificates anew with what is missing. Until then, run the portal on Python 3.12."
)
_AGAIN = _("Choose Authorize again.")
_WAIT = _("Nothing is lost: tickets wait here and are sent when it answers again.")

EXPLANATIONS = {
    "unreachable": Explanation(
        _("The instance cannot be reached."),
        _("Check the instance name, and that this server may open connections to it on port 443."),
    ),
    "address_refused": Explanation(
        _("The instance's name leads to an address inside a private network, where nothing is sent."),
        _("Check the instance name. If a proxy stands in between, the operator sets HTTPS_PROXY."),
    ),
    "certificate_refused": Explanation(
        _("The certificate of whoever answered in the instance's place is not trusted."),
        _(
            "Check the instance name. If a proxy of your organization opens TLS, the operator names its certificate "
            "authority in CA_BUNDLE."
        ),
    ),
    "no_key_usage": Explanation(_("The certificate of the authority has no key usage."), _STRICT),
    "no_subject_key_identifier": Explanation(
        _("The certificate of the authority has no subject key identifier."), _STRICT
    ),
    "no_authority_key_identifier": Explanation(_("A certificate has no authority key identifier."), _STRICT),
    "basic_constraints_not_critical": Explanation(
        _("The certificate of the authority does not mark its basic constraints as critical."), _STRICT
    ),
    "certificate_not_strict": Explanation(_("A certificate does not pass the strict checks."), _STRICT),
    "no_answer": Explanation(_("The instance did not answer in time."), _WAIT),
    "server_error": Explanation(_("The instance reported an error of its own."), _WAIT),
    "unreadable": Explanation(
        _("Something that is not the ServiceNow REST API answered."),
        _("Check the instance name, and whether the instance is being upgraded."),
    ),
    "condition_ignored": Explanation(
        _("The instance left out a condition and answered with records that nobody asked for."),
        _("Let the integration user read and query correlation_id and sys_updated_on, then run the checks."),
    ),
    "hibernating": Explanation(
        _("The developer instance is hibernating."),
        _("Sign in at developer.servicenow.com to wake it, then try again."),
    ),
    "maintenance": Explanation(_("The instance is under maintenance."), _WAIT),
    "login_page": Explanation(
        _("ServiceNow answered with a sign-in page in place of data."),
        _("Exempt the REST API and the OAuth endpoints from single sign-on in ServiceNow, then try again."),
    ),
    "rate_limited": Explanation(
        _("ServiceNow limits how often it may be called."),
        _("Wait, or have the rate limit rule of the integration user raised in ServiceNow."),
    ),
    "not_authenticated": Explanation(
        _("ServiceNow does not accept the access token."),
        _("Check that the integration user is active and not locked out, then authorize again."),
    ),
    "forbidden": Explanation(
        _("The integration user may not do that."),
        _(
            "Give the integration user the role itil, or the roles your organization uses in its place. Where nothing "
            "at all is allowed, the OAuth entity has no auth scope: a new one has none until you give it useraccount."
        ),
    ),
    "bad_request": Explanation(
        _("ServiceNow does not understand the request."),
        _("Check that this is a ServiceNow instance from Kingston on."),
    ),
    "not_found": Explanation(
        _("ServiceNow does not know the address that was asked for."), _("Check the instance name.")
    ),
    "token_refused": Explanation(
        _("ServiceNow refused to give a token."),
        _(
            "Enter the client ID and the client secret again, and check that the OAuth entity and the integration user "
            "are active. With client credentials, the entity must name its OAuth Application User, and the system "
            "property of step 1 must be true; releases before Washington DC need the authorization code. ServiceNow "
            "names the cause in System Logs > All."
        ),
    ),
    "code_refused": Explanation(
        _("ServiceNow let the user in, and then refused to give a token."),
        _(
            "Enter the client secret again, save and authorize: it may be mistyped, or the way back took longer than a "
            "code lasts. If that does not help, check that the OAuth entity is active and has this redirect URL and an "
            "auth scope, and that the integration user is active and its password need not be changed. ServiceNow "
            "names the cause in System Logs > All."
        ),
    ),
    "not_back": Explanation(
        _("You were sent to ServiceNow and have not come back yet."),
        _(
            "Finish there, or choose Authorize again. If an error page came in place of ServiceNow's sign-in, the "
            "instance or the client ID of step 1 is wrong. If ServiceNow did not let the integration user sign in, "
            "step 2 says why under “If this step fails”. If it sent you to another site, the redirect URL of step 1 is "
            "wrong."
        ),
    ),
    "pkce_refused": Explanation(
        _("ServiceNow handed out a code of an earlier attempt."),
        _("Sign out of ServiceNow or use a private window, then choose Authorize again."),
    ),
    "denied": Explanation(
        _("Access was denied on ServiceNow's page."),
        _(
            "Choose Authorize again, sign in as the integration user (Not you? changes the user) and choose Allow."
        ),
    ),
    "no_code": Explanation(_("ServiceNow sent the browser back without a code."), _AGAIN),
    "too_late": Explanation(_("The authorization took longer than ten minutes."), _AGAIN),
    "wrong_state": Explanation(
        _("The answer does not belong to the authorization that was started here last."), _AGAIN
    ),
    "wrong_instance": Explanation(
        _("The answer came back to the address of another instance, so its code was not used."),
        _(
            "Register the redirect URL of step 1 in ServiceNow, to the letter and nowhere else, then authorize again."
        ),
    ),
    "no_attempt": Explanation(
        _("This authorization was used already, or was started in another browser."), _AGAIN
    ),
    "not_connected": Explanation(
        _("There is no connection yet."), _("Enter the details of the instance below.")
    ),
    "needs_reauthorization": Explanation(
        _("ServiceNow no longer accepts our sign-in."), _("Choose “Authorize again”.")
    ),
    "breaker": Explanation(
        _("The instance failed several times in a row and is left alone for a minute."),
        _("Try again in a minute."),
    ),
    "busy": Explanation(
        _("ServiceNow is answering other calls of the portal just now."), _("Try again in a moment.")
    ),
    "person": Explanation(
        _("You have asked ServiceNow for news as often as one person may within an hour."),
        _("The portal goes on following the tickets by itself."),
    ),
    "budget": Explanation(
        _("This hour's calls to ServiceNow are used up; those that remain are kept for sending tickets."),
        _(
            "Try again when some of them are more than an hour old. If it happens often, have the operator raise "
            "API_CALLS_PER_HOUR."
        ),
    ),
    "host_refused": Explanation(
        _("The portal may not connect to this instance."),
        _("The operator lists custom domains in SERVICENOW_ALLOWED_HOSTS."),
    ),
    "wrong_key": Explanation(
        _("The stored secrets cannot be decrypted."),
        _(
            "The operator restores the key that is missing from FIELD_KEYS, or you set the connection up again."
        ),
    ),
    "misplaced_secret": Explanation(
        _("The stored secrets do not belong to this connection, so they are not used."),
        _(
            "Connect again: enter the client secret, save and authorize. If nobody restored or changed the database, "
            "have the operator find out why."
        ),
    ),
    "no_client_secret": Explanation(
        _("The client secret is not stored here any more."),
        _("Enter the client secret again, save and authorize."),
    ),
}
# What a page lists for looking up, by what somebody is about when it happens.
REACHING, AUTHORIZING, IN_USE = _("Reaching the instance"), _("Authorizing"), _("In use")
_GROUPS: dict[Promise, tuple[str, ...]] = {
    REACHING: (
        "unreachable",
        "address_refused",
        "host_refused",
        "certificate_refused",
        "no_key_usage",
        "no_subject_key_identifier",
        "no_authority_key_identifier",
        "basic_constraints_not_critical",
        "certificate_not_strict",
        "not_found",
        "no_answer",
        "server_error",
        "unreadable",
        "condition_ignored",
        "hibernating",
        "maintenance",
        "login_page",
    ),
    AUTHORIZING: (
        "denied",
        "code_refused",
        "token_refused",
        "pkce_refused",
        "no_code",
        "too_late",
        "wrong_state",
        "wrong_instance",
        "no_attempt",
        "not_back",
    ),
    IN_USE: (
        "needs_reauthorization",
        "not_authenticated",
        "forbidden",
        "bad_request",
        "rate_limited",
        "budget",
        "person",
        "busy",
        "breaker",
        "wrong_key",
        "misplaced_secret",
        "no_client_secret",
    ),
}
OTHER = Explanation(_("Something went wrong between the portal and ServiceNow."), _("Try again."))


def explain(code: str) -> Explanation | None:
    """What a code of the client, of a pause or of an authorization means; None for no code."""
    return EXPLANATIONS.get(code, OTHER) if code else None


def out_of_calls(now: datetime) -> str:
    """Say that the connection in use is asked for nothing, or nothing but deliveries, now, and until when; empty where
    calls may be made.
    """
    current = Connection.objects.current().first()
    until = current.instance.rate_limited_until if current else None
    if current and until and current.instance.is_rate_limited(now):
        return gettext("ServiceNow asked to be left alone. Try again at %(moment)s.") % {
            "moment": exact(until)
        }
    free_at = current.instance.calls_free_at(now, allowed(KEPT_FOR_PUSHES)) if current else now
    if free_at <= now:
        return ""
    return gettext(
        "This hour's calls to ServiceNow are used up; those that remain are kept for sending tickets. "
        "Try again at %(moment)s."
    ) % {"moment": exact(free_at)}


def not_now(code: str, now: datetime) -> str:
    """Say why a call could not be made just now, by the code of a pause, and until when where that is known."""
    explanation = EXPLANATIONS.get(code, OTHER)
    until = out_of_calls(now) if code in ("budget", "rate_limited") else ""
    return until or f"{explanation.what} {explanation.next_step}"


def tries_again(connection: Connection, now: datetime) -> str:
    """Say when ServiceNow is asked for a token again after it refused one; empty where it did not."""
    if not connection.token_refusals:
        return ""
    if connection.next_token_at is None or not connection.is_refused(now):
        return gettext("The portal asks for a token again by itself with the next call.")
    return gettext(
        "The portal asks for a token again by itself at %(moment)s, and then after longer pauses of an hour at most."
    ) % {"moment": exact(connection.next_token_at)}


def groups() -> list[tuple[Promise, list[Explanation]]]:
    """Every known failure, under the title of what somebody is about when it happens."""
    return [(title, [EXPLANATIONS[code] for code in codes]) for title, codes in _GROUPS.items()]
