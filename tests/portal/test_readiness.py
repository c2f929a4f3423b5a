"""/readyz answers in a time of its own, whatever the database does."""

import json
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from portal.run import answers
from tests.portal.processes import wait_until
from tests.portal.scratch import KEYS, environment, manage
from tests.portal.test_demonstration import programs
from tests.ports import free_port
from tests.sandbox_process import ROOT
from tests.servers import Postgres

pytestmark = [pytest.mark.slow, pytest.mark.servers, pytest.mark.timeout(300)]


@pytest.mark.skipif(not Postgres.program("initdb"), reason="PostgreSQL is not installed")
def test_a_database_that_neither_answers_nor_refuses_is_told_before_it_gives_up(tmp_path: Path) -> None:
    with Postgres() as server:
        # Longer than anybody who asks is willing to wait.
        settings = environment(tmp_path, **KEYS, DATABASE_URL=f"{server.url}?connect_timeout=200")
        assert manage("migrate", "--verbosity", "0", settings=settings).returncode == 0
        port = free_port()
        command = [*programs(tmp_path)["gunicorn"][:-1], f"127.0.0.1:{port}", "--threads", "2"]
        url = f"http://127.0.0.1:{port}/readyz"
        web = subprocess.Popen(command, cwd=ROOT, env=settings, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: answers(url), 60)
            assert server.process
            server.process.send_signal(signal.SIGSTOP)
            try:
                # More askers than threads: a look that hangs holds up none of them.
                for _ in range(4):
                    with pytest.raises(urllib.error.HTTPError) as refused:
                        urllib.request.urlopen(url, timeout=30)
                    assert refused.value.code == 503
                    assert json.load(refused.value) == {
                        "ready": False,
                        "reason": "the database does not answer",
                    }
            finally:
                server.process.send_signal(signal.SIGCONT)
            wait_until(lambda: answers(url), 60)
        finally:
            web.terminate()
            web.wait(60)
