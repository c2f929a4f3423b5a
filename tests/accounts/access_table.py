"""Who may open which address, and by which methods. An address without a row here fails the test of access."""

from typing import NamedTuple

from accounts.access import Address

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
ANY, SAFE, FORM, SENT = set(METHODS), {"GET", "HEAD"}, {"GET", "HEAD", "POST"}, {"POST"}
LOOK = {*SAFE, "OPTIONS"}

LOOKING = {"reader", "security administrator", "administrator"}
WORKING = {"security administrator", "administrator"}
MANAGING = {"administrator"}
SIGNED_IN = {"no role", *LOOKING}
EVERYBODY = {"anonymous", "disabled", *SIGNED_IN}


class Row(NamedTuple):
    """Who may, and by which methods."""

    people: set[str]
    methods: set[str]


OURS = {
    "home": Row(LOOKING, SAFE),
    "cards": Row(LOOKING, SAFE),
    "hide_card": Row(LOOKING, SENT),
    "show_card": Row(LOOKING, SENT),
    "components": Row(LOOKING, SAFE),
    "search": Row(LOOKING, SAFE),
    "help": Row(SIGNED_IN, SAFE),
    "livez": Row(EVERYBODY, SAFE),
    "readyz": Row(EVERYBODY, SAFE),
    "accounts:login": Row(EVERYBODY, FORM),
    "accounts:logout": Row(SIGNED_IN, SENT),
    "accounts:sign_out_everywhere": Row(SIGNED_IN, SENT),
    "accounts:confirm": Row(SIGNED_IN, FORM),
    "accounts:dismiss_notices": Row(SIGNED_IN, SENT),
    "accounts:password": Row(SIGNED_IN, FORM),
    # Not found where no mail can be sent, which is for everybody as well.
    "accounts:reset": Row(EVERYBODY, FORM),
    "accounts:reset_sent": Row(EVERYBODY, SAFE),
    "accounts:reset_confirm": Row(EVERYBODY, FORM),
    "accounts:language": Row(EVERYBODY, SENT),
    "accounts:theme": Row(SIGNED_IN, SENT),
    "people:list": Row(MANAGING, SAFE),
    "people:add": Row(MANAGING, FORM),
    "people:person": Row(MANAGING, SAFE),
    "people:role": Row(MANAGING, FORM),
    "people:deactivate": Row(MANAGING, FORM),
    "people:hand_over": Row(MANAGING, FORM),
    "people:reactivate": Row(MANAGING, FORM),
    "people:sign_out": Row(MANAGING, SENT),
    "people:send_link": Row(MANAGING, SENT),
    "accounts:preferences": Row(SIGNED_IN, FORM),
    "accounts:shortcuts": Row(SIGNED_IN, FORM),
    "scorecard:overview": Row(LOOKING, SAFE),
    "scorecard:actions": Row(LOOKING, SAFE),
    "scorecard:why": Row(LOOKING, SAFE),
    "scorecard:action": Row(LOOKING, SAFE),
    "scorecard:read_now": Row(WORKING, SENT),
    "scorecard:connection": Row(LOOKING, SAFE),
    "scorecard:test_connection": Row(WORKING, SENT),
    "scorecard:live": Row(LOOKING, SAFE),
    "scorecard:reading": Row(LOOKING, SAFE),
    "tickets:list": Row(LOOKING, SAFE),
    "tickets:new": Row(WORKING, FORM),
    "tickets:share": Row(WORKING, FORM),
    "tickets:ticket": Row(LOOKING, SAFE),
    "tickets:live": Row(LOOKING, SAFE),
    "tickets:live_list": Row(LOOKING, SAFE),
    "tickets:status": Row(LOOKING, SAFE),
    "tickets:export": Row(LOOKING, SAFE),
    "tickets:refresh_selected": Row(LOOKING, SENT),
    "tickets:retry_selected": Row(WORKING, SENT),
    "tickets:discard_selected": Row(WORKING, SENT),
    "tickets:bulk": Row(WORKING, FORM),
    "tickets:batch": Row(LOOKING, SAFE),
    "tickets:fields": Row(WORKING, FORM),
    "tickets:change_template": Row(WORKING, FORM),
    "tickets:try_fields": Row(WORKING, SENT),
    "tickets:remove_field": Row(WORKING, SENT),
    "tickets:reconciliation": Row(WORKING, SAFE),
    "tickets:start_reconciliation": Row(WORKING, SENT),
    "tickets:fix": Row(WORKING, SENT),
    "tickets:comment": Row(WORKING, SENT),
    "tickets:comment_again": Row(WORKING, SENT),
    "tickets:give_up_comment": Row(WORKING, SENT),
    "tickets:refresh": Row(LOOKING, SENT),
    "tickets:refresh_card": Row(LOOKING, SENT),
    "tickets:retry": Row(WORKING, SENT),
    "tickets:discard": Row(WORKING, FORM),
    "tickets:undo_discard": Row(WORKING, SENT),
    "tickets:edit": Row(WORKING, FORM),
    "tickets:anew": Row(WORKING, FORM),
    "tickets:link": Row(WORKING, FORM),
    "tickets:unlink": Row(WORKING, FORM),
    "connector:connection": Row(LOOKING, SAFE),
    "state_names": Row(WORKING, FORM),
    "read_state_names": Row(WORKING, SENT),
    "reset_state_names": Row(WORKING, SENT),
    "connector:check": Row(WORKING, SENT),
    "connector:test": Row(WORKING, SENT),
    "connector:setup": Row(WORKING, FORM),
    "connector:authorize": Row(WORKING, SENT),
    "connector:discard": Row(WORKING, SENT),
    # Whoever only asks for the headers must not spend the code.
    "connector:callback": Row(WORKING, {"GET"}),
    "connector:confirm": Row(WORKING, FORM),
    "connector:configuration": Row(WORKING, FORM),
    "ticket_provisioning": Row(WORKING, FORM),
    # Doors of the administration that lead to ours.
    "administration_sign_in": Row(SIGNED_IN, ANY),
    "administration_sign_out": Row(SIGNED_IN, SENT),
    "administration_password": Row(SIGNED_IN, ANY),
}
SHADOWED = {"admin:login", "admin:logout", "admin:password_change"}

# The administration: which pages of which model an administrator may open. Without "edit" nothing can be saved there.
READ_ONLY = {"changelist", "history", "change"}
ADMINISTRATION = {
    "auth_group": READ_ONLY,
    "accounts_user": {*READ_ONLY, "add", "edit"},
    "accounts_auditentry": READ_ONLY,
    "connector_instance": READ_ONLY,
    "connector_connection": READ_ONLY,
    "scorecard_improvementaction": READ_ONLY,
    "scorecard_actionplan": {*READ_ONLY, "edit"},
    "scorecard_scoreday": READ_ONLY,
    "scorecard_controlscoreday": READ_ONLY,
    "scorecard_importstate": READ_ONLY,
    "tickets_ticket": READ_ONLY,
    "tickets_pushattempt": READ_ONLY,
    "tickets_ticketevent": READ_ONLY,
    "tickets_statename": READ_ONLY,
    "tickets_ticketnote": READ_ONLY,
    "tickets_ticketcomment": READ_ONLY,
    "tickets_fieldmapping": READ_ONLY,
    "tickets_changetemplate": READ_ONLY,
    "tickets_fieldtrial": READ_ONLY,
    "tickets_reconciliation": READ_ONLY,
}
# Django's own pages around them; those without a name send on to one that has its own row.
AROUND = {
    "admin:index": ANY,
    "admin:app_list": ANY,
    "admin:password_change_done": LOOK,
    "admin:jsi18n": LOOK,
    "admin:autocomplete": {"OPTIONS"},  # Refuses whoever does not name a field to complete.
    "admin:view_on_site": ANY,
    "admin:auth_user_password_change": ANY,
    "admin:": ANY,
}


def row_of(address: Address) -> Row | None:
    """Return what the tables say about an address; None if they say nothing."""
    if not address.is_administration:
        return OURS.get(address.name)
    if address.name in AROUND:
        return Row({"administrator"}, AROUND[address.name])
    model, _, page = address.name.removeprefix("admin:").rpartition("_")
    if model not in ADMINISTRATION:
        return None
    open_pages = ADMINISTRATION[model]
    saved = page != "change" or "edit" in open_pages
    return Row({"administrator"} if page in open_pages else set(), ANY if saved else ANY - SENT)
