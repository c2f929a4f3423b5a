"""Every page that a person can come to, by a short name.

Screenshots and the tests of access, reflow, layout shift and Content Security Policy walk this list; a test holds it
against the URL resolver, so that a new page cannot be forgotten.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from playwright.sync_api import Page

Act = Callable[[Page], None]


@dataclass(frozen=True)
class Stop:
    """One page: its address (with names of `Portal.live_in` in braces), who looks, and what they do there first."""

    name: str
    address: str
    who: str = "secadmin"
    act: Act | None = None
    # Addresses that show the same template in another state need no second look by every test.
    is_variant: bool = False
    status: int = field(default=200)

    def path(self, things: Mapping[str, str]) -> str:
        """Return the address with the portal's own things filled in."""
        return self.address.format_map(things)


def open_menu(page: Page) -> None:
    """Open the first menu of the page's content."""
    page.locator("main details.menu > summary").first.click()


def open_person_menu(page: Page) -> None:
    """Open the menu in the header's corner."""
    page.locator("header .header__tools summary").last.click()


def open_navigation(page: Page) -> None:
    """Open the navigation of narrow windows, where it is closed."""
    button = page.locator("header .top-nav > summary")
    if button.is_visible():
        button.click()


def open_dialog(page: Page) -> None:
    """Open the dialog behind the Share menu."""
    open_menu(page)
    page.locator("main a.js-dialog[hx-get]").first.click()
    page.locator("dialog[open]").wait_for()


def send_empty(page: Page) -> None:
    """Send the page's form with its required texts emptied."""
    for field_ in page.locator("main form:has(textarea) :is(input[type=text], textarea)").all():
        field_.fill("")
    page.locator("main form:has(textarea) button[type=submit]").click()
    page.locator(".errors").wait_for()


def choose_two(page: Page) -> None:
    """Tick two actions of the list that this address leads back to, and go on."""
    for box in page.locator("input[name=action]").all()[-2:]:
        box.check()
    with page.expect_navigation():
        page.locator("#bulk button[value=ticked]").click()


def send_nothing(page: Page) -> None:
    """Send the set-up form as it is."""
    page.locator("main form:has([name=client_id]) button[type=submit]").first.click()
    page.locator(".errors").wait_for()


def try_fields(page: Page) -> None:
    """Have a record made with all fields of a ticket."""
    with page.expect_navigation():
        page.locator("form[action$='/try/'] button").click()


def test_secure_score(page: Page) -> None:
    """Ask Microsoft, and open everything that the set-up says."""
    with page.expect_navigation():
        page.locator("form[action$='/connection/test/'] button").click()
    for details in page.locator("main details > summary").all():
        details.click()


def map_values(page: Page) -> None:
    """Let a field with values of its own follow the recommendation category, which asks what each becomes."""
    page.locator("select[name=source]").select_option("category")
    page.locator("main form:has(select[name=source]) button[type=submit]").click()
    page.locator(".errors, [role=alert]").first.wait_for()


def sign_in_wrongly(page: Page) -> None:
    """Sign in with a password that is not the right one."""
    page.locator("input[name=username]").fill("nobody")
    page.locator("input[name=password]").fill("wrong")
    page.keyboard.press("Enter")
    page.locator(".errors").wait_for()


def ask_without_address(page: Page) -> None:
    """Ask for a new password, for nobody."""
    page.locator("main button[type=submit]").click()
    page.locator(".errors").wait_for()


def add_nobody(page: Page) -> None:
    """Add a person without saying whom."""
    page.locator("main form button[type=submit]").click()
    page.locator(".errors").wait_for()


# Before ServiceNow is connected.
FRESH = [
    Stop("sign-in", "/accounts/login/", who=""),
    Stop("sign-in-wrong", "/accounts/login/", who="", act=sign_in_wrongly, is_variant=True),
    Stop("reset", "/accounts/reset/", who=""),
    Stop("reset-wrong", "/accounts/reset/", who="", act=ask_without_address, is_variant=True),
    Stop("reset-sent", "/accounts/reset/sent/", who=""),
    Stop("reset-old-link", "/accounts/reset/MQ/set-password/", who=""),
    Stop("home-not-connected", "/"),
    Stop("home-not-connected-reader", "/", who="reader", is_variant=True),
    Stop("setup", "/servicenow/setup/"),
    Stop("setup-register", "/servicenow/setup/?instance=acme"),
    Stop("setup-errors", "/servicenow/setup/?instance=acme", act=send_nothing),
    Stop("connection-none", "/servicenow/"),
    Stop("score-connection-none", "/secure-score/connection/", is_variant=True),
    Stop("tickets-none", "/tickets/"),
]
# In use.
LIVED_IN = [
    Stop("home", "/"),
    Stop("home-menu", "/", act=open_menu),
    Stop("navigation", "/", act=open_navigation, is_variant=True),
    Stop("person-menu", "/", act=open_person_menu),
    Stop("overview", "/secure-score/"),
    Stop("why", "/secure-score/why/?from=2026-01-01"),
    Stop("actions", "/secure-score/actions/"),
    Stop("actions-none-found", "/secure-score/actions/?q=no+such+thing"),
    Stop("action", "{action}"),
    Stop("action-share-menu", "{unshared}", act=open_menu),
    Stop("action-dialog", "{unshared}", act=open_dialog),
    Stop("action-dialog-again", "{action}", act=open_dialog, is_variant=True),
    Stop("action-reader", "{unshared}", who="reader", act=open_menu, is_variant=True),
    Stop("share", "/tickets/share/{unshared_id}/"),
    Stop("share-errors", "/tickets/share/{unshared_id}/", act=send_empty),
    Stop("tickets", "/tickets/"),
    Stop("tickets-none-found", "/tickets/?q=no+such+thing", is_variant=True),
    Stop("bulk", "/tickets/bulk/", act=choose_two),
    Stop("batch", "{batch}"),
    Stop("ticket-new", "/tickets/new/?kind=incident"),
    Stop("ticket", "{overdue}"),
    Stop("ticket-closed", "{closed}", is_variant=True),
    Stop("ticket-on-hold", "{on_hold}", is_variant=True),
    Stop("ticket-waiting", "{waiting}"),
    Stop("ticket-attention", "{attention}", act=open_menu),
    Stop("ticket-gone", "{gone}"),
    Stop("ticket-discarded", "{discarded}", is_variant=True),
    Stop("ticket-unlinked", "{unlinked}"),
    Stop("ticket-conflict", "{conflict}", is_variant=True),
    Stop("ticket-unanswered", "{unanswered}", is_variant=True),
    Stop("ticket-earlier", "{earlier}", is_variant=True),
    Stop("edit", "{attention}edit/"),
    Stop("edit-errors", "{attention}edit/", act=send_empty),
    Stop("anew", "{unlinked}anew/"),
    Stop("discard", "{unlinked}discard/"),
    Stop("link", "{attention}link/"),
    Stop("link-two", "{conflict}link/"),
    Stop("link-taken", "{unlinked}link/?record={in_progress_number}"),
    Stop("link-not-found", "{attention}link/?record=CHG9999999", status=422, is_variant=True),
    Stop("link-settled", "{overdue}link/", is_variant=True),
    Stop("unlink", "{overdue}unlink/"),
    Stop("unlink-two", "{conflict}unlink/", is_variant=True),
    Stop("reconciliation", "/tickets/reconcile/"),
    Stop("connection", "/servicenow/"),
    Stop("score-connection", "/secure-score/connection/", act=test_secure_score),
    Stop("setup-connected", "/servicenow/setup/"),
    Stop("configuration", "/servicenow/configuration/"),
    Stop("fields", "/tickets/fields/change_request/"),
    Stop("fields-tried", "/tickets/fields/incident/", act=try_fields, is_variant=True),
    Stop("fields-values", "/tickets/fields/change_request/?field=category", act=map_values),
    Stop("change-template", "/tickets/fields/change_request/template/"),
    Stop("state-names", "/servicenow/configuration/states/"),
    Stop("confirm", "/accounts/confirm/"),
    Stop("password", "/accounts/password/"),
    Stop("people", "/people/?status=all", who="admin"),
    Stop("people-none-found", "/people/?q=no+such+person", who="admin", is_variant=True),
    Stop("person-add", "/people/add/", who="admin"),
    Stop("person-add-errors", "/people/add/", who="admin", act=add_nobody, is_variant=True),
    Stop("person", "/people/2/", who="admin"),
    Stop("person-oneself", "/people/1/", who="admin", is_variant=True),
    Stop("person-deactivated", "{leaver}", who="admin", is_variant=True),
    Stop("person-role", "/people/2/role/", who="admin"),
    Stop("person-deactivate", "/people/2/deactivate/", who="admin"),
    Stop("person-hand-over", "{leaver}hand-over/", who="admin"),
    Stop("person-reactivate", "{leaver}reactivate/", who="admin"),
    Stop("preferences", "/accounts/preferences/"),
    Stop("shortcuts", "/accounts/shortcuts/"),
    Stop("search", "/search/"),
    Stop("search-found", "/search/?q=a"),
    Stop("search-none", "/search/?q=no+such+thing", is_variant=True),
    Stop("help", "/help/"),
    Stop("components", "/components/"),
    Stop("not-found", "/no/such/page/", status=404),
    Stop("too-long", "/tickets/?q=" + "x" * 8_010, status=414),
    Stop("not-allowed", "/servicenow/setup/", who="reader", status=403),
    Stop("not-administrator", "/admin/", who="reader", status=403, is_variant=True),
]
ADMINISTRATION = [
    Stop("admin", "/admin/", who="admin"),
    Stop("admin-users", "/admin/accounts/user/", who="admin"),
    Stop("admin-user-add", "/admin/accounts/user/add/", who="admin"),
    Stop("admin-user", "/admin/accounts/user/1/change/", who="admin"),
    Stop("admin-user-password", "/admin/accounts/user/2/password/", who="admin"),
    Stop("admin-user-history", "/admin/accounts/user/1/history/", who="admin"),
    Stop("admin-groups", "/admin/auth/group/", who="admin"),
    Stop("admin-plan", "/admin/scorecard/actionplan/1/change/", who="admin"),
    Stop("admin-tickets", "/admin/tickets/ticket/", who="admin"),
    Stop("admin-ticket", "/admin/tickets/ticket/{ticket_id}/change/", who="admin"),
    Stop("admin-audit", "/admin/accounts/auditentry/", who="admin"),
]
# Names of address patterns that are no pages of their own, and why.
NO_PAGES = {
    "cards": "a part of the home page",
    "livez": "for machines",
    "readyz": "for machines",
    "ticket_provisioning": "the set-up page by its older address",
    "accounts:logout": "a deed",
    "accounts:dismiss_notices": "a deed",
    "accounts:language": "a deed",
    "accounts:theme": "a deed",
    "connector:test": "a deed",
    "scorecard:test_connection": "a deed",
    "connector:authorize": "a deed",
    "connector:discard": "a deed",
    "connector:callback": "ServiceNow sends people there, and it sends them on",
    "connector:confirm": "only between authorizing and connecting: the main errand looks at it",
    "scorecard:read_now": "a deed",
    "scorecard:live": "a part of the list of actions",
    "scorecard:reading": "a part of the home page and the overview",
    "tickets:live": "parts of the ticket's page",
    "tickets:live_list": "a part of the list of tickets",
    "tickets:status": "a part of the dialog",
    "tickets:retry": "a deed",
    "tickets:refresh_selected": "a deed",
    "tickets:retry_selected": "a deed",
    "tickets:discard_selected": "a deed",
    "tickets:start_reconciliation": "a deed",
    "tickets:fix": "a deed",
    "tickets:undo_discard": "a deed",
    "tickets:comment": "a deed",
    "tickets:comment_again": "a deed",
    "tickets:give_up_comment": "a deed",
    "tickets:refresh": "a deed",
    "tickets:refresh_card": "a deed",
    "tickets:remove_field": "a deed",
    "tickets:try_fields": "a deed",
    "tickets:export": "a file",
    "hide_card": "a deed",
    "show_card": "a deed",
    "connector:check": "a deed",
    "read_state_names": "a deed",
    "reset_state_names": "a deed",
    "accounts:sign_out_everywhere": "a deed",
    "people:sign_out": "a deed",
    "people:send_link": "a deed",
    "administration_sign_in": "leads to the portal's own",
    "administration_sign_out": "a deed",
    "administration_password": "leads to the portal's own",
}
