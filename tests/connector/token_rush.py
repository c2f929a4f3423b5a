"""A process of the token test: many threads that ask for the access token at the same moment.

Run as `python -m tests.connector.token_rush CONNECTION THREADS`. Says that it is ready, reads when to start, and prints
one line for each thread: a digest of the token it got, or the name of what went wrong.
"""

import hashlib
import sys
import threading
import time

import django

django.setup()

from django.db import connection as database  # noqa: E402
from django.utils import timezone  # noqa: E402

from connector.access import client_factory  # noqa: E402
from connector.clock import Clock  # noqa: E402
from connector.models import Connection  # noqa: E402


def main(connection_id: int, threads: int) -> None:
    """Wait for the start, ask in every thread, print what each got."""
    results: list[str] = []
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    start = float(sys.stdin.readline())

    def ask() -> None:
        time.sleep(max(0.0, start - time.time()))
        results.append(token_of(connection_id))

    asking = [threading.Thread(target=ask) for _ in range(threads)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    sys.stdout.write("\n".join(results) + "\n")


def token_of(connection_id: int) -> str:
    """A digest of the token, so that no output holds one."""
    try:
        clock = Clock(timezone.now())
        row = Connection.objects.select_related("instance").get(pk=connection_id)
        token = client_factory.access_token(row, client_factory.transport_to(row.instance, clock), clock)
        return hashlib.sha256(token.encode()).hexdigest()
    except Exception as error:  # noqa: BLE001  Whatever it is, the test wants to see it.
        return f"{type(error).__name__}: {error}"
    finally:
        database.close()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
