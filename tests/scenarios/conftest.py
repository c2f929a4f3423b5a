"""What crosses the rooms of an app leans on the same clock and tickets as its rooms do."""

from tests.tickets.conftest import _started_now, clock, delivered, stuck, ticket

__all__ = ["_started_now", "clock", "delivered", "stuck", "ticket"]
