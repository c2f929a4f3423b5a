"""How often a password may be tried. Nobody can lock somebody else out (docs/decisions/0004-throttling.md).

* A browser that the account has signed in with has a counter of its own: what others try elsewhere does not touch it.
* Other browsers share one counter per account and network.
* Networks that the account has never signed in from also share one larger counter per account: guessing from a thousand
  addresses ends there, and stops only strangers.

A counter allows so many tries in a window that begins with the first. Each try is counted before the password is looked
at, so that tries at the same moment cannot slip through together. Names that nobody has are counted alike.
"""

import logging
import unicodedata
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.models import SignInCounter
from accounts.origin import REMEMBERED_FOR, Origin

WINDOW = timedelta(minutes=15)
TRIES = 10
TRIES_OF_STRANGERS = 100

logger = logging.getLogger(__name__)


def refused_until(username: str, origin: Origin, now: datetime, *, strangers: bool = True) -> datetime | None:
    """Count one try. Returns None if it may go on, else the moment from which another may."""
    _forget(now)
    browser, network = _browser(username, origin), _network(username, origin)
    if browser and _is_known(browser, now):
        until = _count(browser, TRIES, now)
    else:
        until = _count(network, TRIES, now)
        if strangers and until is None and not _is_known(network, now):
            until = _count(_key("strangers", username), TRIES_OF_STRANGERS, now)
    if until is not None:
        logger.warning("Too many tries as %r from %s", username, origin.network)
    return until


def succeeded(username: str, origin: Origin, now: datetime) -> None:
    """Remember the browser and the network as the account's own, and start the counter that was used anew."""
    browser, network = _browser(username, origin), _network(username, origin)
    used = browser if browser and _is_known(browser, now) else network
    for key in filter(None, (browser, network)):
        SignInCounter.objects.update_or_create(
            key=key, defaults={"signed_in_at": now}, create_defaults={"since": now, "signed_in_at": now}
        )
    SignInCounter.objects.filter(key=used).update(tries=0, since=now)


def too_soon(response: HttpResponse, until: datetime | None) -> HttpResponse:
    """Give a refusal the status and the header that tell programs when to come back. Without one, change nothing."""
    if until:
        response.status_code = 429
        response["Retry-After"] = str(max(1, int((until - timezone.now()).total_seconds())))
    return response


def _count(key: str, limit: int, now: datetime) -> datetime | None:
    counter, _ = SignInCounter.objects.get_or_create(key=key, defaults={"since": now})
    row = SignInCounter.objects.filter(key=key)
    row.filter(since__lte=now - WINDOW).update(tries=0, since=now)
    if row.filter(tries__lt=limit).update(tries=F("tries") + 1) == 1:
        return None
    counter.refresh_from_db()
    return counter.since + WINDOW


def _is_known(key: str, now: datetime) -> bool:
    return SignInCounter.objects.filter(key=key, signed_in_at__gt=now - REMEMBERED_FOR).exists()


def _forget(now: datetime) -> None:
    """Drop counters that say nothing any more, so that invented names do not fill the table."""
    over = Q(signed_in_at__isnull=True) | Q(signed_in_at__lte=now - REMEMBERED_FOR)
    SignInCounter.objects.filter(over, since__lte=now - WINDOW).delete()


def _browser(username: str, origin: Origin) -> str:
    return _key("browser", username, origin.browser) if origin.browser else ""


def _network(username: str, origin: Origin) -> str:
    return _key("network", username, origin.network)


def _key(*parts: str) -> str:
    """Name a counter without telling whose it is."""
    same = unicodedata.normalize("NFKC", "\0".join(parts)).casefold()
    return salted_hmac("accounts.throttle", same, algorithm="sha256").hexdigest()
