"""Several lists by one call. Pure.

Source: ServiceNow REST API reference, "Batch API". Not every release and not every integration user has it, and what
takes too long is left unserviced: whoever calls asks for those lists one by one.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from connector.servicenow.responses import Answer

PATH = "/api/now/v1/batch"


@dataclass(frozen=True)
class Listing:
    """What to list; see `Client.list`. An `optional` one is empty where it is refused or too large."""

    table: str
    query: str
    fields: Sequence[str]
    limit: int
    order_by: Sequence[str] = ()
    display_values: bool = False
    optional: bool = False


def request(addresses: Sequence[tuple[str, Mapping[str, str]]]) -> dict[str, Any]:
    """Return the body of a batch of GETs, each a path and its parameters; their ids count from 0."""
    accept = [{"name": "Accept", "value": "application/json"}]
    return {
        "batch_request_id": "1",
        "rest_requests": [
            {"id": str(number), "method": "GET", "url": f"{path}?{urlencode(parameters)}", "headers": accept}
            for number, (path, parameters) in enumerate(addresses)
        ],
    }


def answers(document: Mapping[str, Any]) -> dict[int, Answer]:
    """Return the answers by the number of their request; what was not serviced, or cannot be read, is left out."""
    found = {}
    serviced = document.get("serviced_requests")
    for item in serviced if isinstance(serviced, list) else ():
        try:
            body = base64.b64decode(item.get("body") or "", validate=True)
            headers = {str(one["name"]).lower(): str(one["value"]) for one in item.get("headers") or ()}
            found[int(item["id"])] = Answer(
                int(item["status_code"]), {"content-type": "application/json", **headers}, body
            )
        except (AttributeError, KeyError, TypeError, ValueError, binascii.Error):
            continue
    return found
