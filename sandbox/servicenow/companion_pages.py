"""The companion app's page inside ServiceNow: install it, see what is set up, see how the portal is connected."""

import hmac
from dataclasses import dataclass

from werkzeug import Response
from werkzeug.exceptions import Forbidden
from werkzeug.utils import redirect

from sandbox.servicenow import accounts, companion, grants
from sandbox.servicenow.access import Rights
from sandbox.servicenow.dictionary import tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page, to_sign_in
from sandbox.servicenow.representation import reader_of

ADDRESS = "/x_scdsk_m365ticket_checklist.do"
COMPLETED, NOT_COMPLETE, ATTENTION = "Completed", "Not complete", "Needs attention"
NEEDED_ROLE = "itil"


@dataclass(frozen=True)
class Step:
    """One line of the installation checklist; `advice` says what to do about it, empty when nothing."""

    name: str
    state: str
    advice: str = ""


def checklist(instance: Instance, request: Incoming) -> Response:
    """GET shows the checklist and the connections; POST installs or removes the app, for administrators."""
    session = accounts.signed_in(instance, request)
    if session is None:
        return to_sign_in(request)
    is_admin = Rights(session.user, instance.switches).is_admin
    if request.method == "POST":
        if not is_admin or not hmac.compare_digest(request.form.get("sysparm_ck", ""), session.csrf):
            raise Forbidden("Only administrators install applications.")
        (companion.remove if request.form.get("deed") == "remove" else companion.install)(instance)
        return redirect(ADDRESS, 303)
    return page(
        "companion.html",
        session=session,
        is_admin=is_admin,
        is_installed=companion.is_installed(instance),
        steps=steps(instance),
        connections=_connections(instance, session.user),
    )


def steps(instance: Instance) -> list[Step]:
    """What must be there before the portal can connect, in the order in which it is set up."""
    return [_app(instance), _entity(instance), _user(instance), _portal(instance)]


def _app(instance: Instance) -> Step:
    if companion.is_installed(instance):
        return Step(f"Companion app, version {companion.VERSION}", COMPLETED)
    return Step("Companion app", NOT_COMPLETE, "Install it below. The portal works without it.")


def _entity(instance: Instance) -> Step:
    name = f"OAuth entity {instance.client.name}"
    if not instance.switches.auth_scopes.strip():
        return Step(
            name, ATTENTION, "It has no auth scope: add useraccount, or its tokens are good for nothing."
        )
    return Step(name, COMPLETED)


def _user(instance: Instance) -> Step:
    user_name = instance.client.application_user
    name = f"Integration user {user_name}"
    user = accounts.usable_user(instance, user_name)
    if user is None:
        return Step(name, ATTENTION, "The user is missing, inactive or locked out.")
    if NEEDED_ROLE not in user["roles"].split(","):
        return Step(name, ATTENTION, f"Give the user the role {NEEDED_ROLE}.")
    if not accounts.is_interactive(user):
        return Step(
            name, ATTENTION, "With web service access only the user cannot consent on the consent page."
        )
    return Step(name, COMPLETED)


def _portal(instance: Instance) -> Step:
    if grants.live_tokens(instance, user=instance.client.application_user):
        return Step("Portal authorized", COMPLETED)
    return Step("Portal authorized", NOT_COMPLETE, "Authorize from the portal's set-up page.")


def _connections(instance: Instance, user: dict[str, str]) -> list[list[tuple[str, str]]]:
    """What the portals told of themselves, as pairs of label and value."""
    table = tables()[companion.TABLE]
    show = reader_of(instance.store, instance.switches, user)
    told = [field for name, field in table.fields.items() if not name.startswith("sys_")]
    return [
        [(field.label, show.display_value(row, field, table)) for field in told]
        for row in instance.store.find(companion.TABLE)
    ]
