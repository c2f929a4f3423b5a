"""What is done for the connection day by day, with nobody looking."""

import logging
from datetime import datetime

from connector.access.client_factory import Paused
from connector.access.turns import WORKER_PATIENCE
from connector.health import checks
from connector.models import Connection
from connector.servicenow.errors import ServiceNowError

logger = logging.getLogger(__name__)


def look_after(now: datetime) -> bool:
    """Make the checks of the connection in use, which end with its status in ServiceNow. False when it is away."""
    connection = Connection.objects.working().first()
    if connection is None:
        return False
    try:
        checks.run(connection, now=now, patience=WORKER_PATIENCE)
    except (Paused, ServiceNowError) as reason:
        logger.warning("The connection to %s could not be checked: %s", connection.instance.host, reason)
        return False
    return True
