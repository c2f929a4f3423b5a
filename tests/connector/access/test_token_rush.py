"""Fifty threads in four processes find the access token expired at the same moment."""

import hashlib
import subprocess
import sys
import time

import pytest
from django.utils import timezone

from connector.models import Connection, ConnectionSecrets
from tests.connector.access.test_client_factory import by_code, expire, token_calls, token_of
from tests.sandbox_process import SandboxProcess
from tests.workers import ROOT, environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.timeout(180)]
THREADS = (13, 13, 12, 12)
# Seconds from telling the first process when to start until then: time to tell the others.
HEAD_START = 0.5


def rush(connection: Connection) -> list[str]:
    """What each thread got."""
    command = [sys.executable, "-m", "tests.connector.token_rush", str(connection.pk)]
    processes = [
        subprocess.Popen(
            [*command, str(threads)],
            cwd=ROOT,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for threads in THREADS
    ]
    said = [process.stdout.readline() for process in processes if process.stdout]
    assert said == ["ready\n"] * len(THREADS)
    start = time.time() + HEAD_START
    for process in processes:
        print(start, file=process.stdin, flush=True)
    outputs = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(THREADS), outputs
    return [line for out, _ in outputs for line in out.splitlines()]


@pytest.mark.parametrize("rotate", [False, True], ids=["kept refresh token", "rotated refresh token"])
def test_fifty_threads_in_four_processes_make_one_token_call(
    sandbox: SandboxProcess, connection: Connection, rotate: bool
) -> None:
    sandbox.settings(rotate_refresh_token=rotate)
    by_code(connection, sandbox)
    before = ConnectionSecrets.objects.get(connection=connection)
    expire(connection)
    sandbox.clear()
    sandbox.fault("latency", route="token", method="any", seconds=1.0)
    got = rush(connection)
    after = ConnectionSecrets.objects.get(connection=connection)
    assert got == [hashlib.sha256(after.access_token.text.encode()).hexdigest()] * sum(THREADS)
    assert token_calls(sandbox) == 1
    assert (after.refresh_token.text != before.refresh_token.text) == rotate
    connection.refresh_from_db()
    assert (connection.is_usable, connection.claim_token) == (True, None)
    # The next renewal needs the refresh token that the rush left behind.
    Connection.objects.filter(pk=connection.pk).update(access_expires_at=timezone.now())
    assert token_of(connection)
