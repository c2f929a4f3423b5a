"""How often a password may be tried. Nobody can lock somebody else out (docs/decisions/0004-throttling.md).

* A browser that the account has signed in with has a counter of its own: what others try elsewhere does not touch it.
* Other browsers share one counter per account and network.
* Networks that the account has never signed in from also share one larger counter per account: guessing from a thousand
  addresses ends there, and stops only strangers.

* All names together share one counter per neighborhood (an IPv4 /24, an IPv6 /48), for browsers that the account does
  not know: one password tried on every name ends there. Signing in gives its try back.

A counter allows so many tries in a window that begins with the first. Each try is counted before the password is looked
at, so that tries at the same moment cannot slip through together. Names that nobody has are counted alike. A try that
is refused writes nothing and computes nothing, and few strangers' passwords are checked at a time: a check costs a
third of a second of a processor.
"""

import logging
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.db.models import F, Q
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import salted_hmac

from accounts.client_origin import REMEMBERED_FOR, Origin
from accounts.models import SignInCounter

WINDOW = timedelta(minutes=15)
TRIES = 10
TRIES_OF_STRANGERS = 100
TRIES_OF_A_NEIGHBORHOOD = 100
# Half the threads of a web process (portal/run.py): the others go on showing pages.
STRANGERS_AT_A_TIME = 2
BUSY_FOR = timedelta(seconds=5)
# No name and no email address is longer (Django's models; RFC 5321, section 4.5.3.1). Normalising could take hours.
LONGEST = 254 + len("reset ")

_strangers = threading.BoundedSemaphore(STRANGERS_AT_A_TIME)
logger = logging.getLogger(__name__)


def refused_until(
    username: str, origin: Origin, now: datetime, *, strangers: bool = True, across_names: bool = False
) -> datetime | None:
    """Count one try. Returns None if it may go on, else the moment from which another may.

    `strangers` counts it with all networks that the account does not know, `across_names` with all names: whoever is
    not signed in may try any.
    """
    counters = _counters(username, origin, now, strangers=strangers, across_names=across_names)
    until = _first(_used_up_until(key, limit, now) for key, limit in counters)
    if until is None:
        _forget(now)
        until = _first(_count(key, limit, now) for key, limit in counters)
    if until is not None:
        logger.warning("Too many tries as %r from %s", username, origin.network)
    return until


def succeeded(username: str, origin: Origin, now: datetime, *, across_names: bool = False) -> None:
    """Remember the browser and the network as the account's own, and start the counter that was used anew.

    `across_names` as it was counted: the neighborhood gets this one try back.
    """
    browser, network = _browser(username, origin), _network(username, origin)
    was_known = bool(browser) and _is_known(browser, now)
    for key in filter(None, (browser, network)):
        SignInCounter.objects.update_or_create(
            key=key, defaults={"signed_in_at": now}, create_defaults={"since": now, "signed_in_at": now}
        )
    SignInCounter.objects.filter(key=browser if was_known else network).update(tries=0, since=now)
    if across_names and not was_known:
        SignInCounter.objects.filter(key=_neighborhood(origin), tries__gt=0).update(tries=F("tries") - 1)


def is_known_browser(username: str, origin: Origin, now: datetime) -> bool:
    """Whether the account has signed in with this browser lately."""
    browser = _browser(username, origin)
    return bool(browser) and _is_known(browser, now)


@contextmanager
def password_check(*, is_known: bool) -> Iterator[bool]:
    """Hold a place for checking a password; says False where a stranger has to come back in a moment.

    Nobody waits in line: whoever waits holds a thread, and a flood would hold them all.
    """
    if is_known:
        yield True
        return
    has_place = _strangers.acquire(blocking=False)
    try:
        yield has_place
    finally:
        if has_place:
            _strangers.release()


def too_soon(response: HttpResponse, until: datetime | None) -> HttpResponse:
    """Give a refusal the status and the header that tell programs when to come back. Without one, change nothing."""
    if until:
        response.status_code = 429
        response["Retry-After"] = str(max(1, int((until - timezone.now()).total_seconds())))
    return response


def _counters(
    username: str, origin: Origin, now: datetime, *, strangers: bool, across_names: bool
) -> list[tuple[str, int]]:
    """The counters that this try takes a place of, and how many places each has."""
    if is_known_browser(username, origin, now):
        return [(_browser(username, origin), TRIES)]
    network = _network(username, origin)
    counters = [(_neighborhood(origin), TRIES_OF_A_NEIGHBORHOOD)] if across_names else []
    counters.append((network, TRIES))
    if strangers and not _is_known(network, now):
        counters.append((_key("strangers", username), TRIES_OF_STRANGERS))
    return counters


def _first(found: Iterable[datetime | None]) -> datetime | None:
    return next((until for until in found if until is not None), None)


def _used_up_until(key: str, limit: int, now: datetime) -> datetime | None:
    """Look only: what a flood repeats sixty times a second must not write."""
    over = SignInCounter.objects.filter(key=key, tries__gte=limit, since__gt=now - WINDOW).first()
    return over.since + WINDOW if over else None


def _count(key: str, limit: int, now: datetime) -> datetime | None:
    SignInCounter.objects.get_or_create(key=key, defaults={"since": now})
    row = SignInCounter.objects.filter(key=key)
    row.filter(since__lte=now - WINDOW).update(tries=0, since=now)
    if row.filter(tries__lt=limit).update(tries=F("tries") + 1) == 1:
        return None
    return _used_up_until(key, limit, now) or now + WINDOW


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


def _neighborhood(origin: Origin) -> str:
    return _key("neighborhood", origin.neighborhood)


def _key(*parts: str) -> str:
    """Name a counter without telling whose it is."""
    same = "\0".join(map(_folded, parts))
    return salted_hmac("accounts.throttle", same, algorithm="sha256").hexdigest()


def _folded(part: str) -> str:
    return part if len(part) > LONGEST else unicodedata.normalize("NFKC", part).casefold()
