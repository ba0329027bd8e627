"""The server: where it listens, and for how long."""

from __future__ import annotations

import ipaddress
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from napari_cellcycle.classify.device import choose_device
from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.serve.app import LOOPBACK, MOST_BYTES, make_app

if TYPE_CHECKING:
    from collections.abc import Callable

    import uvicorn

LAST_PORT = 65535


def make_server(
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    device: str = "auto",
    most_bytes: int = MOST_BYTES,
) -> tuple[uvicorn.Server, socket.socket]:
    """Make a server that listens already, and answers once it is run.

    Parameters
    ----------
    host : str
        Address or name to listen on.
    port : int
        0 for any that is free.
    device : str
        Where to compute.
    most_bytes : int
        Of one upload.

    Raises
    ------
    CellCycleError
        If the address cannot be had, or there is no such device.
    """
    import uvicorn

    if port > LAST_PORT:
        raise CellCycleError(f"There is no port {port}; choose one up to {LAST_PORT} (--port).")
    app = make_app(
        device=choose_device(device),
        hosts=(*LOOPBACK, host, socket.gethostname(), socket.getfqdn()),
        most_bytes=most_bytes,
    )
    config = uvicorn.Config(app, log_level="warning", server_header=False, access_log=False)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno in (socket.EAI_NONAME, socket.EAI_AGAIN):  # as of socket.gaierror
            raise CellCycleError(f"{host} is no address of this computer (--host).") from error
        reason = str(error.strerror).split(" (", maxsplit=1)[0]
        raise CellCycleError(
            f"The address {host}, port {port}, cannot be had ({reason}). Choose another "
            "port (--port), or stop what uses it."
        ) from error
    return uvicorn.Server(config), listening


def serve(
    host: str,
    port: int,
    *,
    device: str = "auto",
    most_bytes: int = MOST_BYTES,
    ready: Callable[[str], None],
) -> None:
    """Serve the page until somebody interrupts.

    Parameters
    ----------
    host, port, device, most_bytes
        As of :func:`make_server`.
    ready : callable of str
        Called with the page's address as soon as it can be opened.
    """
    server, listening = make_server(host, port, device=device, most_bytes=most_bytes)
    with listening:
        ready(address_of(listening))
        with suppress(KeyboardInterrupt):
            server.run(sockets=[listening])


def address_of(listening: socket.socket) -> str:
    """Address of the page on a socket that listens."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def is_loopback(host: str) -> bool:
    """Whether only this computer can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
