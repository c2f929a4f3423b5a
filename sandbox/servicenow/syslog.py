"""The system log: the only place that tells why a token was refused. `/syslog_list.do`, for administrators."""

import uuid

from werkzeug import Response
from werkzeug.exceptions import Forbidden

from sandbox.servicenow import accounts
from sandbox.servicenow.access import Rights
from sandbox.servicenow.clock import local, stamp
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page, to_sign_in

SHOWN = 100


def note(instance: Instance, message: str) -> None:
    """Write a line. It never holds a secret."""
    row = {"sys_id": uuid.uuid4().hex, "at": stamp(instance.now()), "message": message}
    instance.store.insert("_syslog", row)


def lines(instance: Instance) -> list[dict[str, str]]:
    """The newest lines, newest first."""
    return instance.store.select("_syslog", "1", (), "rowid DESC", SHOWN)


def listed(instance: Instance, request: Incoming) -> Response:
    """The page."""
    session = accounts.signed_in(instance, request)
    if session is None:
        return to_sign_in(request)
    if not Rights(session.user, instance.switches).is_admin:
        raise Forbidden("Only administrators read the system log.")
    zone = session.user["time_zone"] or instance.switches.time_zone
    entries = [(local(line["at"], zone), line["message"]) for line in lines(instance)]
    return page("syslog.html", session=session, entries=entries, time_zone=zone)
