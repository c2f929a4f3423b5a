"""The command line: `python -m sandbox`. Serves both ports until SIGTERM or Ctrl-C."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from wsgiref.types import WSGIApplication

from sandbox.microsoft.app import create_app as create_microsoft
from sandbox.microsoft.switches import CHOICES as MICROSOFT_CHOICES
from sandbox.microsoft.switches import Switches
from sandbox.server import PortTaken, Server
from sandbox.servicenow.app import create_app as create_servicenow
from sandbox.servicenow.instance import Instance, OAuthEntity
from sandbox.servicenow.switches import PROFILES

PORTALS = ("http://127.0.0.1:8000", "http://localhost:8000")


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; 1 when a port is taken, 0 otherwise."""
    options = _parser().parse_args(arguments)
    instance = Instance(
        state=options.state,
        profile=options.profile,
        seed=options.seed,
        extra_records=options.records,
        client=OAuthEntity(redirect_urls=tuple(options.redirect_uri or _portal_callbacks(options))),
    )
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    try:
        servers = _open(
            options, create_servicenow(instance), create_microsoft(switches=Switches(tenant=options.tenant))
        )
    except PortTaken as error:
        sys.stderr.write(f"{error}\n")
        return 1
    ended.wait()
    for server in servers:
        server.shutdown()
    instance.close()
    return 0


def _portal_callbacks(options: argparse.Namespace) -> list[str]:
    """Where a portal on this machine wants people back, which names the instance as its set-up page was told it."""
    return [f"{portal}/servicenow/callback/{options.host}:{options.port}/" for portal in PORTALS]


def _open(
    options: argparse.Namespace, servicenow: WSGIApplication, microsoft: WSGIApplication
) -> list[Server]:
    certificate = (options.tls_cert, options.tls_key) if options.tls_cert else None
    sides = (("ServiceNow", options.port, servicenow), ("Microsoft", options.microsoft_port, microsoft))
    servers = [Server(options.host, port, app, certificate) for _, port, app in sides]
    for (name, _, _), server in zip(sides, servers, strict=True):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        scheme = "https" if certificate else "http"
        sys.stdout.write(f"Sandbox {name} ready: {scheme}://{options.host}:{server.port}/\n")
    sys.stdout.flush()
    return servers


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8800, help="ServiceNow's port (%(default)s)")
    parser.add_argument(
        "--microsoft-port", type=int, default=8801, help="Entra's and Graph's port (%(default)s)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--state", type=Path, help="file that keeps records over restarts (none: in memory)")
    parser.add_argument("--tls-cert", type=Path, help="certificate chain (PEM); both ports then speak TLS")
    parser.add_argument("--tls-key", type=Path, help="private key of the certificate (PEM)")
    parser.add_argument("--records", type=int, default=0, help="that many extra incidents (%(default)s)")
    parser.add_argument(
        "--seed", choices=("demo", "empty"), default="demo", help="first records (%(default)s)"
    )
    parser.add_argument(
        "--profile", choices=sorted(PROFILES), default="hardened", help="instance kind (%(default)s)"
    )
    parser.add_argument(
        "--tenant", choices=MICROSOFT_CHOICES["tenant"], default="tidy", help="Microsoft's data (%(default)s)"
    )
    parser.add_argument(
        "--redirect-uri", action="append", help="redirect URL of the OAuth client; may be given several times"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
