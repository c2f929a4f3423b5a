"""The broker without a server, through kombu as Celery uses it."""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty

import pytest
from django.core.exceptions import ImproperlyConfigured
from kombu.connection import Connection
from kombu.entity import Queue
from kombu.messaging import Consumer

from portal import broker

broker.register()
QUEUE = Queue("errands", routing_key="errands")


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    with Connection(f"files://localhost{tmp_path}/broker") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the queue's messages are."""
    path = tmp_path / "broker" / "errands"
    path.mkdir(parents=True)
    return path


def publish(connection: Connection, *bodies: object) -> None:
    with connection.Producer(serializer="json") as producer:
        for body in bodies:
            producer.publish(body, routing_key="errands", declare=[QUEUE])


def take_all(connection: Connection) -> list[object]:
    """Everything that is in the queue, in the order it comes out."""
    taken: list[object] = []
    queue = connection.SimpleQueue("errands")
    try:
        while True:
            message = queue.get(block=False)
            message.ack()
            taken.append(message.payload)
    except Empty:
        return taken
    finally:
        queue.close()


def test_messages_come_out_once_in_the_order_they_went_in(connection: Connection, folder: Path) -> None:
    publish(connection, *range(20))
    assert take_all(connection) == list(range(20))
    assert take_all(connection) == []
    assert list(folder.iterdir()) == []


def test_messages_outlive_the_process_that_sent_them(connection: Connection, tmp_path: Path) -> None:
    publish(connection, {"ticket": "one"})
    connection.close()
    with Connection(f"files://localhost{tmp_path}/broker") as another:
        assert take_all(another) == [{"ticket": "one"}]


def test_a_consumer_is_called_with_each_message(connection: Connection) -> None:
    seen: list[object] = []

    def see(body: object, message: object) -> None:
        seen.append(body)
        message.ack()  # type: ignore[attr-defined]  # kombu has no types.

    with Consumer(connection, [QUEUE], callbacks=[see]):
        publish(connection, "first", "second")
        while len(seen) < 2:
            connection.drain_events(timeout=5)
    assert seen == ["first", "second"]


@pytest.mark.parametrize(
    "content",
    [b"", b'{"body": "ha', b"\xff\xfe\x00", b"null", b"[1]", b"{}", b'{"body": "x", "properties": []}'],
    ids=repr,
)
def test_an_unreadable_message_is_set_aside_and_the_next_one_read(
    connection: Connection, folder: Path, content: bytes
) -> None:
    (folder / "00000000000000000000-first.message").write_bytes(content)
    publish(connection, "second")
    assert take_all(connection) == ["second"]
    [left] = folder.iterdir()
    assert (left.name, left.read_bytes()) == ("00000000000000000000-first.unreadable", content)


def test_what_is_not_even_a_file_is_set_aside(connection: Connection, folder: Path) -> None:
    (folder / "00000000000000000000-first.message").mkdir()
    publish(connection, "second")
    assert take_all(connection) == ["second"]
    assert (folder / "00000000000000000000-first.unreadable").is_dir()


def test_a_half_written_message_is_not_looked_at(connection: Connection, folder: Path) -> None:
    (folder / "00000000000000000000-first.draft").write_bytes(b'{"body": "ha')
    publish(connection, "second")
    assert take_all(connection) == ["second"]
    assert (folder / "00000000000000000000-first.draft").exists()


@pytest.mark.parametrize("suffix", ["draft", "claimed"])
def test_what_a_process_that_died_has_left_is_cleared(
    connection: Connection, folder: Path, suffix: str
) -> None:
    old, fresh = folder / f"0-old.{suffix}", folder / f"0-fresh.{suffix}"
    for path in (old, fresh):
        path.write_bytes(b'{"body": "ha')
    long_ago = time.time() - 2 * broker.LEFT_BEHIND_SECONDS
    os.utime(old, (long_ago, long_ago))
    publish(connection, "second")
    assert take_all(connection) == ["second"]
    assert [path.name for path in folder.iterdir()] == [fresh.name]


def test_consumers_side_by_side_never_get_the_same_message(connection: Connection, tmp_path: Path) -> None:
    publish(connection, *range(300))
    taken: list[list[object]] = [[] for _ in range(4)]
    together = threading.Barrier(len(taken))

    def consume(mine: list[object]) -> None:
        with Connection(f"files://localhost{tmp_path}/broker") as own:
            together.wait(10)
            mine += take_all(own)

    threads = [threading.Thread(target=consume, args=[mine]) for mine in taken]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    everything = [body for mine in taken for body in mine]
    assert sorted(everything, key=str) == sorted(range(300), key=str)
    assert sum(1 for mine in taken if mine) >= 2


def test_size_counts_and_purge_empties(connection: Connection, folder: Path) -> None:
    publish(connection, "first", "second", "third")
    channel = connection.default_channel
    declared = QUEUE(channel).queue_declare(passive=True)
    assert declared.message_count == 3
    assert QUEUE(channel).purge() == 3
    assert QUEUE(channel).queue_declare(passive=True).message_count == 0
    assert take_all(connection) == []


def test_nobody_else_on_the_machine_can_read_the_queue(connection: Connection, tmp_path: Path) -> None:
    publish(connection, "first")
    assert (tmp_path / "broker" / "errands").stat().st_mode & 0o077 == 0


def test_a_folder_that_cannot_be_used_is_named_with_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        Connection(f"files://localhost{tmp_path}/file/broker") as connection,
        pytest.raises(
            ImproperlyConfigured, match=f"CELERY_BROKER_URL: cannot use {tmp_path}/file/broker/errands"
        ),
    ):
        publish(connection, "first")
