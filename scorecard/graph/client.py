"""Reads Secure Score from Microsoft Graph; writes nothing.

Far side: https://graph.microsoft.com/v1.0/security, with the application permission SecurityEvents.Read.All.
Source: Microsoft Graph documentation, "List secureScores" and "List secureScoreControlProfiles".
What may not leak: the access token. It goes to this client's own origin only; a link elsewhere is refused.
"""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from scorecard.graph import responses
from scorecard.graph.errors import EndlessPaging, RateLimited
from scorecard.graph.transport import Transport, check_origin

SCORES = "/v1.0/security/secureScores"
PROFILES = "/v1.0/security/secureScoreControlProfiles"
MOST_PAGES = 100
# When Graph asks for fewer calls without saying for how long.
FIRST_WAIT = timedelta(seconds=1)


class Client:
    """A signed-in client for one import.

    `before_call` comes before each call, which lasts no longer than the transport's limit. `sleep` waits, in seconds,
    when Graph asks for fewer calls; all waits together last at most `patience`.
    """

    def __init__(
        self,
        transport: Transport,
        access_token: str,
        *,
        before_call: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        patience: timedelta = timedelta(minutes=5),
    ) -> None:
        self._transport = transport
        self._access_token = access_token
        self._before_call = before_call
        self._sleep = sleep
        self._patience = patience

    def secure_scores(self, *, days: int) -> list[dict[str, Any]]:
        """Return the pages that hold the scores of the newest `days` days, each page as Graph sent it.

        `$top` may limit the page or the whole answer, so the count ends it here. Raises `GraphError`.
        """
        found: list[dict[str, Any]] = []
        for page in self._pages(f"{SCORES}?$top={days}"):
            found.append(page)
            if sum(len(each["value"]) for each in found) >= days:
                break
        return found

    def control_profiles(self) -> list[dict[str, Any]]:
        """Return all pages of the control profiles, each as Graph sent it. Raises `GraphError`."""
        return list(self._pages(PROFILES))

    def _pages(self, target: str) -> Iterator[dict[str, Any]]:
        seen = {target}
        for _ in range(MOST_PAGES):
            page = self._page(target)
            yield page
            link = page.get("@odata.nextLink")
            if not link:
                return
            target = self._own(link)
            if target in seen:
                raise EndlessPaging("Microsoft Graph repeated a link to the next page (@odata.nextLink).")
            seen.add(target)
        raise EndlessPaging(f"Microsoft Graph gave more than {MOST_PAGES} pages.")

    def _own(self, link: str) -> str:
        """The path and query of a link to the next page, which is used whole but never followed elsewhere."""
        try:
            own = check_origin(link) == self._transport.origin
        except ValueError:
            own = False
        if not own:
            raise EndlessPaging("Microsoft Graph's link to the next page leads to another address.")
        parts = urlsplit(link)
        return f"{parts.path}?{parts.query}" if parts.query else parts.path

    def _page(self, target: str) -> dict[str, Any]:
        fallback = FIRST_WAIT
        while True:
            self._before_call()
            answer = self._transport.get(target, access_token=self._access_token)
            try:
                return responses.read_page(answer, now=datetime.now(UTC))
            except RateLimited as error:
                wait = (
                    fallback if error.retry_after is None else max(error.retry_after, timedelta(seconds=0.1))
                )
                if wait > self._patience:
                    raise
                self._patience -= wait
                fallback *= 2
            self._sleep(wait.total_seconds())
