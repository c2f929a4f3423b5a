"""The portal's settings for processes that tests start on their own database.

They are a demonstration, since the sandbox is on this machine, and their database has its mark; where it is, and where
their messages go, the tests say.
"""

from portal.settings import *  # noqa: F403

DEMONSTRATION_FAULTS = []
