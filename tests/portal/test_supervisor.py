"""The supervisor at work on small programs, in a process of its own that may be killed."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from tests.portal.processes import alive, is_alive, wait_until
from tests.sandbox_process import ROOT

Start = Callable[..., "subprocess.Popen[str]"]
# A part with a child of its own; both process ids become a line of $FOLDER/pids.
FAMILY = 'sleep 600 & echo $$ $! >> "$FOLDER/pids"; wait'
STUBBORN_FAMILY = f'trap "" TERM; {FAMILY}'


@pytest.fixture
def supervise(tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(*programs: str, **patience: float) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "tests.portal.supervising", str(tmp_path), json.dumps(patience)]
        environment = {**os.environ, "FOLDER": str(tmp_path)}
        process = subprocess.Popen(
            [*command, *programs], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.terminate()
        process.communicate(timeout=30)
    for pid in alive(pids(tmp_path)):
        os.kill(pid, signal.SIGKILL)


def pids(folder: Path) -> list[int]:
    """Every process id that parts have written down so far."""
    path = folder / "pids"
    return [int(word) for word in path.read_text().split()] if path.exists() else []


def all_started(folder: Path, count: int) -> list[int]:
    wait_until(lambda: len(pids(folder)) >= count)
    return pids(folder)


def test_a_killed_part_comes_back_and_the_others_stay(supervise: Start, tmp_path: Path) -> None:
    supervise(FAMILY, FAMILY, shortest_pause=0.1)
    family, child, *others = all_started(tmp_path, 4)
    os.kill(family, signal.SIGKILL)
    replaced = all_started(tmp_path, 6)[4:]
    assert len(alive(replaced)) == 2
    assert alive(others) == others
    wait_until(lambda: not is_alive(child))  # What the killed one left behind would do its work twice.


def test_a_part_that_ends_well_is_started_again_too(supervise: Start, tmp_path: Path) -> None:
    supervise('echo $$ >> "$FOLDER/pids"', shortest_pause=0.1)
    all_started(tmp_path, 2)


def test_what_a_part_prints_is_in_its_log_over_all_its_lives(supervise: Start, tmp_path: Path) -> None:
    supervise("echo alive; exit 3", shortest_pause=0.1)
    log = tmp_path / "part0.log"
    wait_until(lambda: log.exists() and log.read_text().count("alive\n") >= 2)


def test_pauses_grow_to_the_longest_and_stay_there_while_a_part_dies_at_once(supervise: Start) -> None:
    process = supervise("exit 3", shortest_pause=0.1, longest_pause=0.4, steady_after=0.4)
    assert process.stdout
    said = [process.stdout.readline().partition(" ") for _ in range(6)]
    assert all(line.startswith("part0 ended (exit 3); starting it again.") for _, _, line in said)
    moments = [float(moment) for moment, _, _ in said]
    between = [later - earlier for earlier, later in pairwise(moments)]
    # The first pause was over before the first line.
    assert all(pause >= least for pause, least in zip(between, [0.2, 0.4, 0.4, 0.4, 0.4], strict=True))


def test_a_part_that_lived_long_is_started_again_without_a_long_pause(supervise: Start) -> None:
    process = supervise("sleep 0.5; exit 3", shortest_pause=0.1, longest_pause=30, steady_after=0.3)
    assert process.stdout
    moments = [float(process.stdout.readline().split()[0]) for _ in range(5)]
    # Doubled pauses would be 0.2, 0.4, 0.8 and 1.6 seconds: one life is half a second.
    assert moments[-1] - moments[-2] < 1.5


def test_a_killed_part_is_told_with_its_signal(supervise: Start, tmp_path: Path) -> None:
    process = supervise(FAMILY, shortest_pause=0.1)
    os.kill(all_started(tmp_path, 2)[0], signal.SIGKILL)
    assert process.stdout
    assert "part0 ended (signal SIGKILL)" in process.stdout.readline()


@pytest.mark.parametrize("sign", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP], ids=lambda s: s.name)
def test_a_signal_ends_parts_and_their_children(
    supervise: Start, tmp_path: Path, sign: signal.Signals
) -> None:
    process = supervise(FAMILY, FAMILY, FAMILY)
    everyone = all_started(tmp_path, 6)
    began = time.monotonic()
    process.send_signal(sign)
    output, _ = process.communicate(timeout=20)
    assert (process.returncode, output.split()[-1]) == (0, "stopped")
    assert alive(everyone) == []
    assert time.monotonic() - began < 5  # Without waiting for the grace to run out.


def test_whoever_ignores_the_request_is_killed_after_the_grace(supervise: Start, tmp_path: Path) -> None:
    process = supervise(STUBBORN_FAMILY, FAMILY, grace=1)
    everyone = all_started(tmp_path, 4)
    began = time.monotonic()
    process.terminate()
    process.communicate(timeout=20)
    assert 1 <= time.monotonic() - began < 6
    assert alive(everyone) == []


def test_a_part_that_others_need_is_asked_to_end_after_them(supervise: Start, tmp_path: Path) -> None:
    """As the sandbox, which workers still talk to while they finish."""
    slow = (
        'trap "sleep 1; echo slow >> $FOLDER/ended; exit" TERM; echo $$ >> "$FOLDER/pids"; sleep 600 & wait'
    )
    needed = 'trap "echo needed >> $FOLDER/ended; exit" TERM; echo $$ >> "$FOLDER/pids"; sleep 600 & wait'
    process = supervise(f"last: {needed}", slow)
    all_started(tmp_path, 2)
    process.terminate()
    process.communicate(timeout=30)
    assert (tmp_path / "ended").read_text().split() == ["slow", "needed"]


def test_a_child_that_outlives_its_part_is_ended_as_well(supervise: Start, tmp_path: Path) -> None:
    stubborn_child = '(trap "" TERM; exec sleep 600) & echo $$ $! >> "$FOLDER/pids"; wait'
    process = supervise(stubborn_child, grace=0.5)
    everyone = all_started(tmp_path, 2)
    process.terminate()
    process.communicate(timeout=20)
    wait_until(lambda: not alive(everyone))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_killed_supervisor_leaves_no_part_behind(supervise: Start, tmp_path: Path) -> None:
    process = supervise(
        'echo $$ >> "$FOLDER/pids"; exec sleep 600', 'echo $$ >> "$FOLDER/pids"; exec sleep 600'
    )
    everyone = all_started(tmp_path, 2)
    process.kill()
    wait_until(lambda: not alive(everyone))
