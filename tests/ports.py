"""Ports for servers of a test."""

import contextlib
import random
import socket

# Below the range from which the system takes outgoing ports, so that a port that is free now stays free.
PORTS = range(20000, 32000)


def free_port() -> int:
    """A loopback port that nobody listens on."""
    while True:
        port = random.SystemRandom().choice(PORTS)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def free_ports(count: int) -> list[int]:
    """Loopback ports that nobody listens on, each another one."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return list(found)
