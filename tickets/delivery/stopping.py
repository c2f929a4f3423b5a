"""Whether this process has been asked to end: then no delivery is begun any more, and what is under way is finished."""

import threading

_asked = threading.Event()


def ask() -> None:
    """Begin nothing new from now on."""
    _asked.set()


def is_asked() -> bool:
    """Whether a process that ends would have to wait for what is begun now."""
    return _asked.is_set()
