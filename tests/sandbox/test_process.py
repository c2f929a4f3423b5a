"""The command line, the ports, the state file and the controls."""

import contextlib
import http.client
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from tests.sandbox.conftest import Caller
from tests.sandbox_process import ROOT, SandboxProcess


def test_both_ports_answer_and_each_is_announced(sandbox: SandboxProcess) -> None:
    assert requests.get(f"{sandbox.url}/_sandbox/ready", timeout=5).json() == {"ready": True}
    assert requests.get(f"{sandbox.microsoft_url}/v1.0/security/secureScores", timeout=5).status_code == 401
    assert f":{sandbox.port}/" in sandbox.output
    assert f":{sandbox.microsoft_port}/" in sandbox.output


def test_a_port_in_use_is_named_in_one_line(sandbox: SandboxProcess) -> None:
    command = [sys.executable, "-m", "sandbox", "--port", str(sandbox.port), "--microsoft-port", "0"]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert ended.returncode == 1
    assert ended.stderr.count("\n") == 1
    assert str(sandbox.port) in ended.stderr


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_at_once_even_while_a_call_sleeps(sign: signal.Signals) -> None:
    with SandboxProcess() as process:
        process.fault("latency", route="any", method="any", seconds=60)
        sleeper = threading.Thread(target=swallow, args=(f"{process.url}/",))
        sleeper.start()
        while process.pending_faults():
            time.sleep(0.01)
        assert process.stop(sign) == 0
        sleeper.join(5)
        assert "Traceback" not in process.output


def swallow(url: str) -> None:
    with contextlib.suppress(requests.ConnectionError):
        requests.get(url, timeout=30)


def test_records_and_tokens_survive_a_restart() -> None:
    with SandboxProcess() as process:
        caller = Caller(process.url, process.token())
        caller.create("incident", short_description="kept")
        process.stop(signal.SIGKILL)
        process.start()
        assert [row["short_description"] for row in caller.rows("incident")] == ["kept"]
        assert caller.create("incident")["number"] == "INC0010002"
        caller.http.close()


def test_extra_records_and_the_demonstration_are_there_when_asked_for() -> None:
    with SandboxProcess(seed="demo", records=40) as process:
        assert len(process.records("incident")) > 40
        assert process.records("change_request")


def test_tls_when_given_a_certificate(tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "2",
        "-subj",
        "/CN=127.0.0.1",
    ]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)
    with SandboxProcess(tls_cert=certificate, tls_key=key) as process:
        answer = requests.get(f"{process.url}/_sandbox/ready", timeout=5, verify=str(certificate))
        assert answer.json() == {"ready": True}
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{process.microsoft_url}/", timeout=5)


def test_a_connection_is_kept_for_the_next_call(sandbox: SandboxProcess) -> None:
    connection = http.client.HTTPConnection(sandbox.host, timeout=5)
    connection.connect()
    first = connection.sock
    for path in ("/", "/api/now/nonsense", "/login.do"):
        connection.request("GET", path)
        connection.getresponse().read()
    assert connection.sock is first
    connection.close()


def test_the_log_counts_calls_and_keeps_no_secret(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.clear()
    integration.create("incident", short_description="canary-text")
    requests.get(f"{sandbox.url}/oauth_revoke_token.do?token=canary-token", timeout=5)
    log = sandbox.requests()
    assert (log["total"], log["by_route"]) == (2, {"table": 1, "revoke": 1})
    assert [call["status"] for call in log["requests"]] == [201, 200]
    assert log["requests"][0]["bytes_out"] > 500  # Compressed.
    assert "canary" not in str(log)
    assert "token=***" in str(log)


def test_a_call_without_an_answer_is_logged_with_status_0(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    sandbox.clear()
    sandbox.fault("lose_answer")
    with pytest.raises(requests.ConnectionError):
        integration.create("incident")
    assert [call["status"] for call in sandbox.requests()["requests"]] == [0]


def test_controls_refuse_what_they_do_not_know(sandbox: SandboxProcess) -> None:
    with pytest.raises(AssertionError, match="Unknown setting 'honor_sys_id'"):
        sandbox.settings(honor_sys_id=False)
    with pytest.raises(AssertionError, match="takes a value of type bool"):
        sandbox.settings(honour_sys_id="no")
    with pytest.raises(AssertionError, match="has no field colour"):
        sandbox.create("incident", colour="red")
    with pytest.raises(AssertionError, match="No table nonsense"):
        sandbox.records("nonsense")


def test_controls_want_json_so_that_no_other_site_can_use_them(sandbox: SandboxProcess) -> None:
    answer = requests.post(f"{sandbox.url}/_sandbox/settings", data='{"honour_sys_id": false}', timeout=5)
    assert answer.status_code == 400


def test_reset_brings_everything_back_to_the_start(sandbox: SandboxProcess, integration: Caller) -> None:
    integration.create("incident")
    sandbox.settings(honour_sys_id=False)
    sandbox.reset()
    assert sandbox.records("incident") == []
    assert sandbox.settings()["honour_sys_id"] is True
    assert integration.ask("GET", "table/incident").status_code == 401


def test_reset_may_change_the_kind_of_the_instance(sandbox: SandboxProcess) -> None:
    sandbox.reset("legacy")
    assert sandbox.settings()["profile"] == "legacy"
    sandbox.reset()
    assert sandbox.settings()["profile"] == "legacy"
    sandbox.reset("hardened")
    assert sandbox.settings()["profile"] == "hardened"
    with pytest.raises(AssertionError, match="profile is one of hardened, legacy"):
        sandbox.reset("ancient")


def test_a_wrong_clock_shows_in_stamps_and_headers(sandbox: SandboxProcess, integration: Caller) -> None:
    sandbox.settings(clock_offset_seconds=-3600)
    answer = integration.ask("POST", "table/incident", json={})
    hour = answer.headers["Date"].split()[4][:2]
    assert answer.json()["result"]["sys_created_on"].split()[1][:2] == hour


def test_a_script_changes_a_record_without_moving_its_version(
    sandbox: SandboxProcess, integration: Caller
) -> None:
    row = integration.create("incident")
    sandbox.change_silently("incident", row["sys_id"], state="2")
    [record] = sandbox.records("incident")
    assert record["state"] == "2"
    assert [record[name] for name in ("sys_mod_count", "sys_updated_on")] == [
        row[name] for name in ("sys_mod_count", "sys_updated_on")
    ]
