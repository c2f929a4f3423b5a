"""Self-Service > My Approvals: `/sysapproval_approver_list.do`. People answer their own, administrators all."""

import hmac

from werkzeug import Response
from werkzeug.exceptions import Forbidden
from werkzeug.utils import redirect

from sandbox.servicenow import accounts, approvals, records
from sandbox.servicenow.access import Rights
from sandbox.servicenow.accounts import Session
from sandbox.servicenow.dictionary import tables
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import page, to_sign_in
from sandbox.servicenow.representation import reader_of

ADDRESS = "/sysapproval_approver_list.do"
ANSWERS = {"approve": "approved", "reject": "rejected"}
COLUMNS = ("sysapproval", "approver", "group", "state", "sys_created_on")


def listed(instance: Instance, request: Incoming) -> Response:
    """GET lists the approvals, open ones first; POST answers one."""
    session = accounts.signed_in(instance, request)
    if session is None:
        return to_sign_in(request)
    if request.method == "POST":
        return _answer(instance, request, session)
    show = reader_of(instance.store, instance.switches, session.user)
    table, rights = tables()[approvals.TABLE], Rights(session.user, instance.switches)
    rows = sorted(instance.store.find(approvals.TABLE), key=lambda row: row["state"] != "requested")
    entries = [
        {
            "sys_id": row["sys_id"],
            "change": row["sysapproval"],
            "cells": [show.display_value(row, table.fields[name], table) for name in COLUMNS],
            "open": row["state"] == "requested" and rights.may_change(row, table.name),
        }
        for row in rows
    ]
    answered = ANSWERS.get(request.args.get("answered", ""), "")
    return page(
        "approvals.html", session=session, entries=entries, time_zone=show.time_zone, answered=answered
    )


def _answer(instance: Instance, request: Incoming, session: Session) -> Response:
    if not hmac.compare_digest(request.form.get("sysparm_ck", ""), session.csrf):
        raise Forbidden("The form is too old. Go back, reload it and try again.")
    row = instance.store.get(approvals.TABLE, request.form.get("sys_id", ""))
    answer = request.form.get("answer", "")
    if row is None or answer not in ANSWERS or row["state"] != "requested":
        raise Forbidden("This approval waits for no answer.")
    if not Rights(session.user, instance.switches).may_change(row, approvals.TABLE):
        raise Forbidden("Somebody else is asked for this approval.")
    table, given = tables()[approvals.TABLE], {"state": ANSWERS[answer]}
    records.change(instance, table, row["sys_id"], given, session.user, request.received_at)
    return redirect(f"{ADDRESS}?answered={answer}", 303)
