"""Microsoft Graph v1.0, the part under /security that tells Secure Score. Read-only."""

from collections.abc import Sequence
from datetime import datetime

from werkzeug.wrappers import Request, Response

from sandbox.microsoft.answers import graph_error, json_answer
from sandbox.microsoft.catalogue import controls
from sandbox.microsoft.documents import Document, profile, secure_scores
from sandbox.microsoft.paging import QueryOptionError, window

SCORES = "secureScores"
PROFILES = "secureScoreControlProfiles"
# Graph's own page of profiles; scores are heavier, so that 90 days take more than one page as well.
PAGE_SIZES = {PROFILES: 200, SCORES: 50}


def answer_graph_request(
    request: Request, path: str, tenant_id: str, now: datetime, *, repeat_next_link: bool
) -> Response:
    """The response to a signed-in request; `path` is what follows /v1.0/."""
    parts = [part for part in path.split("/") if part]
    if len(parts) < 2 or parts[0] != "security" or parts[1] not in PAGE_SIZES or len(parts) > 3:
        unknown = parts[1] if parts[:1] == ["security"] and len(parts) > 1 else (parts or [""])[0]
        return graph_error(400, "BadRequest", f"No resource stands behind the segment '{unknown}'.", now)
    if request.method != "GET":
        return graph_error(405, "Request_MethodNotAllowed", "The sandbox only reads.", now)
    items = _collection(parts[1], tenant_id, now)
    if len(parts) == 3:
        return _one(request, parts[1], parts[2], items, now)
    return _page(request, parts[1], items, now, repeat_next_link=repeat_next_link)


def _collection(name: str, tenant_id: str, now: datetime) -> list[Document]:
    if name == SCORES:
        return secure_scores(tenant_id, now.date())
    return [profile(control, tenant_id, now.date()) for control in controls()]


def _one(request: Request, name: str, wanted: str, items: Sequence[Document], now: datetime) -> Response:
    for item in items:
        if str(item["id"]).lower() == wanted.lower():
            context = {"@odata.context": f"{request.host_url}v1.0/$metadata#security/{name}/$entity"}
            return json_answer(context | item)
    return graph_error(404, "ResourceNotFound", f"There is no '{wanted}' in {name}.", now)


def _page(
    request: Request, name: str, items: Sequence[Document], now: datetime, *, repeat_next_link: bool
) -> Response:
    try:
        asked = window(request.args, PAGE_SIZES[name])
    except QueryOptionError as refused:
        return graph_error(400, "BadRequest", str(refused), now)
    body: Document = {"@odata.context": f"{request.host_url}v1.0/$metadata#security/{name}"}
    if request.args.get("$count", "").lower() == "true":
        body["@odata.count"] = len(items)
    # The link is absolute on the host that was asked, so that a client behind any address can follow it.
    link = asked.next_link(request.base_url, len(items), repeat=repeat_next_link)
    if link:
        body["@odata.nextLink"] = link
    return json_answer(body | {"value": list(asked.of(items))})
