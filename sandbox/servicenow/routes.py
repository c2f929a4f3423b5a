"""Every address of the instance, and who answers there."""

from werkzeug import Response

from sandbox.servicenow import (
    approvals_page,
    attachments,
    companion_pages,
    imports,
    oauth,
    pages,
    refusals,
    signin,
    syslog,
    tiny,
    token_list,
    tokens,
)
from sandbox.servicenow.aggregate import stats
from sandbox.servicenow.batch import batch
from sandbox.servicenow.change_routes import CHANGE_ROUTES
from sandbox.servicenow.dictionary import tables_with_pages
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.page import stylesheet
from sandbox.servicenow.rest import Handler, rest
from sandbox.servicenow.table_api import TableCall
from sandbox.servicenow.ui_meta import meta


@rest("Table API")
def table(
    instance: Instance, request: Incoming, table: str, sys_id: str | None = None, version: str = ""
) -> Response:
    """The Table API."""
    return TableCall(instance, request, table, version).answer(sys_id)


@rest()
def unknown_api(instance: Instance, request: Incoming, rest: str) -> Response:
    """Any other address below `/api/`."""
    raise refusals.no_resource()


def style(instance: Instance, request: Incoming) -> Response:
    """The stylesheet."""
    return stylesheet()


def _versions(path: str, *versions: str) -> tuple[str, ...]:
    """An address below `/api/now`, and the same with each version, of which there is at least the first."""
    return f"/api/now{path}", f"/api/now/<any({', '.join(versions or ('v1',))}):version>{path}"


_WITH_PAGES = ", ".join(tables_with_pages())
# Name of the route (as faults and the log know it), handler, addresses.
ROUTES: tuple[tuple[str, Handler, tuple[str, ...]], ...] = (
    ("authorize", oauth.authorize, ("/oauth_auth.do",)),
    ("token", tokens.token, ("/oauth_token.do",)),
    ("revoke", tokens.revoke, ("/oauth_revoke_token.do",)),
    ("login", signin.login, ("/login.do",)),
    ("login", signin.second_factor, ("/validate_multifactor_auth_code.do",)),
    ("login", signin.identity_provider, (signin.IDENTITY_PROVIDER,)),
    ("login", signin.logout, ("/logout.do",)),
    (
        "table",
        table,
        (*_versions("/table/<table>", "v1", "v2"), *_versions("/table/<table>/<sys_id>", "v1", "v2")),
    ),
    ("meta", meta, ("/api/now/ui/meta/<table>",)),
    ("stats", stats, _versions("/stats/<table>", "v1", "v2")),
    ("attachment", attachments.attachments, _versions("/attachment")),
    ("attachment", attachments.file, _versions("/attachment/file")),
    ("attachment", attachments.upload, _versions("/attachment/upload")),
    ("attachment", attachments.attachment, _versions("/attachment/<sys_id>")),
    ("attachment", attachments.content, _versions("/attachment/<sys_id>/file")),
    ("import", imports.insert, _versions("/import/<staging>", "v1", "v2")),
    ("import", imports.insert_multiple, _versions("/import/<staging>/insertMultiple", "v1", "v2")),
    ("import", imports.staged, _versions("/import/<staging>/<sys_id>", "v1", "v2")),
    *CHANGE_ROUTES,
    ("batch", batch, ("/api/now/batch", "/api/now/v1/batch")),
    ("tinyurl", tiny.shorten, ("/api/now/tinyurl", "/api/now/v1/tinyurl")),
    ("api", unknown_api, ("/api/<path:rest>",)),
    ("page", pages.home, ("/",)),
    ("page", pages.nav_to, ("/nav_to.do", "/now/nav/ui/classic/params/target/<path:target>")),
    ("page", pages.record_list, (f"/<any({_WITH_PAGES}):table_name>_list.do",)),
    ("page", pages.record_form, (f"/<any({_WITH_PAGES}):table_name>.do",)),
    ("page", companion_pages.checklist, (companion_pages.ADDRESS,)),
    ("page", approvals_page.listed, (approvals_page.ADDRESS,)),
    ("page", token_list.listed, (token_list.ADDRESS,)),
    ("page", syslog.listed, ("/syslog_list.do",)),
    ("page", style, ("/sandbox.css",)),
)
