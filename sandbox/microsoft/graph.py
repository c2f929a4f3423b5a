"""Microsoft Graph v1.0, the part under /security that tells Secure Score and lets a control's state be set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Request, Response

from sandbox.microsoft import queries, states, untidy
from sandbox.microsoft.answers import Call, graph_error, json_answer
from sandbox.microsoft.catalogue import controls, scored_on
from sandbox.microsoft.documents import Document, days_kept, profile, secure_score
from sandbox.microsoft.entra import AccessToken
from sandbox.microsoft.paging import QueryOptionError, window
from sandbox.microsoft.states import PatchRefused, StateBook
from sandbox.microsoft.switches import Switches
from sandbox.microsoft.tenant import READ_WRITE

SCORES = "secureScores"
PROFILES = "secureScoreControlProfiles"
# Graph's own page of profiles; scores are heavier, so that 90 days take more than one page as well.
PAGE_SIZES = {PROFILES: 200, SCORES: 50}
_KINDS = {PROFILES: "secureScoreControlProfile", SCORES: "secureScore"}


@dataclass
class Graph:
    """Secure Score of the tenant, as it is now."""

    states: StateBook = field(default_factory=StateBook)
    switches: Switches = field(default_factory=Switches)

    def answer(
        self, request: Request, path: str, token: AccessToken, call: Call, *, repeat_next_link: bool
    ) -> Response:
        """The response to a signed-in request; `path` is what follows /v1.0/."""
        parts = [part for part in path.split("/") if part]
        if len(parts) < 2 or parts[0] != "security" or parts[1] not in PAGE_SIZES or len(parts) > 3:
            unknown = parts[1] if parts[:1] == ["security"] and len(parts) > 1 else (parts or [""])[0]
            return graph_error(400, "BadRequest", f"No resource stands behind the segment '{unknown}'.", call)
        name = parts[1]
        if request.method == "PATCH" and name == PROFILES and len(parts) == 3:
            return self._patch(request, parts[2], token, call)
        if request.method != "GET":
            return graph_error(405, "Request_MethodNotAllowed", f"{request.method} is not for this.", call)
        try:
            queries.check_options(request.args)
            items = self._collection(name, token.tenant_id, call.at.date())
            if len(parts) == 3:
                return _one(request, name, parts[2], items, call)
            return _page(request, name, items, repeat_next_link=repeat_next_link)
        except QueryOptionError as refused:
            return graph_error(400, "BadRequest", str(refused), call)

    def _collection(self, name: str, tenant_id: str, today: date) -> list[Document]:
        is_untidy = self.switches.tenant == "untidy"
        if name == SCORES:
            scored = untidy.scored_on if is_untidy else scored_on
            return [
                secure_score(tenant_id, day, scored(day), self.states.held_on(day))
                for day in days_kept(today)
            ]
        known = (
            untidy.profiles(tenant_id, today)
            if is_untidy
            else [profile(control, tenant_id, today) for control in controls()]
        )
        return [self.states.told(each, self.switches) for each in known]

    def _patch(self, request: Request, wanted: str, token: AccessToken, call: Call) -> Response:
        """Source: Microsoft Graph, "Update secureScoreControlProfile"."""
        if READ_WRITE not in token.application.permissions:
            return graph_error(403, "Forbidden", f"The application lacks {READ_WRITE}.", call)
        before = self._find(wanted, token, call)
        if before is None:
            return _not_found(PROFILES, wanted, call)
        try:
            body = request.get_json(force=True)
            author = token.application.name
            entry = states.changed(before, body, author=author, at=call.at, switches=self.switches)
        except (PatchRefused, BadRequest) as refused:
            return graph_error(400, "BadRequest", str(refused), call)
        self.states.add(str(before["id"]), entry)
        if "return=representation" not in request.headers.get("Prefer", "").replace(" ", ""):
            return Response(status=204)
        return json_answer(
            _context(request, f"{PROFILES}/$entity") | (self._find(wanted, token, call) or {}),
            headers={"Preference-Applied": "return=representation"},
        )

    def _find(self, wanted: str, token: AccessToken, call: Call) -> Document | None:
        profiles = self._collection(PROFILES, token.tenant_id, call.at.date())
        return next((each for each in profiles if str(each["id"]).lower() == wanted.lower()), None)


def _one(request: Request, name: str, wanted: str, items: Sequence[Document], call: Call) -> Response:
    for item in items:
        if str(item["id"]).lower() == wanted.lower():
            shown = queries.selected(item, request.args, _KINDS[name])
            return json_answer(_context(request, f"{name}{_selection(request.args)}/$entity") | dict(shown))
    return _not_found(name, wanted, call)


def _page(request: Request, name: str, items: Sequence[Document], *, repeat_next_link: bool) -> Response:
    """One page. Raises QueryOptionError."""
    asked = window(request.args, PAGE_SIZES[name])
    found = queries.chosen(items, request.args, _KINDS[name])
    body = _context(request, f"{name}{_selection(request.args)}")
    if request.args.get("$count", "").lower() == "true":
        body["@odata.count"] = len(found)
    carried = {option: request.args[option] for option in queries.CARRIED if option in request.args}
    # The link is absolute on the host that was asked, so that a client behind any address can follow it.
    link = asked.next_link(request.base_url, len(found), carried, repeat=repeat_next_link)
    if link:
        body["@odata.nextLink"] = link
    shown = [queries.selected(item, request.args, _KINDS[name]) for item in asked.of(found)]
    return json_answer(body | {"value": shown})


def _context(request: Request, what: str) -> Document:
    return {"@odata.context": f"{request.host_url}v1.0/$metadata#security/{what}"}


def _selection(query: Mapping[str, str]) -> str:
    names = queries.selection(query)
    return f"({','.join(names)})" if names else ""


def _not_found(name: str, wanted: str, call: Call) -> Response:
    return graph_error(404, "ResourceNotFound", f"There is no '{wanted}' in {name}.", call)
