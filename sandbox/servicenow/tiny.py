"""Short addresses: `POST /api/now/tinyurl`, and `sysparm_tiny` on any address.

Source: ServiceNow documentation, "Tiny URL support". What is kept is the part behind the question mark.
"""

import uuid
from urllib.parse import urlsplit

from werkzeug import Response

from sandbox.servicenow import refusals
from sandbox.servicenow.accounts import authenticate
from sandbox.servicenow.answers import result
from sandbox.servicenow.incoming import Incoming
from sandbox.servicenow.inputs import read_fields
from sandbox.servicenow.instance import Instance
from sandbox.servicenow.rest import rest

PARAMETER = "sysparm_tiny"


@rest("Tiny URL API")
def shorten(instance: Instance, request: Incoming) -> Response:
    """Keep the parameters of `url`; the result is the same address, relative, with `sysparm_tiny` in their place."""
    if request.method != "POST":
        raise refusals.method_not_allowed()
    authenticate(instance, request)
    wanted = urlsplit(read_fields(request).get("url", ""))
    key = uuid.uuid4().hex
    instance.store.insert("_tiny", {"sys_id": key, "address": wanted.query})
    return result(200, f"{wanted.path.lstrip('/')}?{PARAMETER}={key}")


def expand(instance: Instance, request: Incoming) -> Incoming:
    """The request that a short address stands for; any other as it is."""
    row = instance.store.get("_tiny", request.args.get(PARAMETER, ""))
    if row is None:
        return request
    return Incoming({**request.environ, "QUERY_STRING": row["address"], "werkzeug.request": None})
