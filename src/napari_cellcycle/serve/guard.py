"""What stands between the page and the rest of the web: hosts, origins, sizes, headers."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Collection

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Sent with every answer: nothing comes from another host, and nothing stays in a cache."""

_SAFE = ("GET", "HEAD")
MIB = 1 << 20


class Guard:
    """Wraps an application, and refuses what does not come from its own page.

    A page of another site that has pointed its name to this machine is known by the ``Host`` it
    asks for; a form of another site by its ``Origin``. Programs such as curl send none and pass.

    Parameters
    ----------
    app : ASGI application
    hosts : collection of str
        Names that this server may be called by, lower case. Numeric addresses always pass: a
        stranger's page cannot make them its own.
    most_bytes : int
        Of the body of one request.
    """

    def __init__(self, app: ASGIApp, hosts: Collection[str], most_bytes: int) -> None:
        self._app = app
        self._hosts = frozenset(hosts)
        self._most = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        refusal = self._refuse(scope)
        if refusal is None:
            await self._app(scope, _bounded(receive, self._most), send_guarded)
        else:
            status, reason = refusal
            answer = JSONResponse({"error": reason}, status, headers={"Connection": "close"})
            await answer(scope, receive, send_guarded)

    def _refuse(self, scope: Scope) -> tuple[int, str] | None:
        """Why a request is not let in, with the status to say it with."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_ours(host):
            return 400, f"This server does not answer to the name {host[:100]!r}."
        if scope["method"] not in _SAFE and not _same_origin(headers, scope["scheme"], host):
            return 403, "A page of another site may not send anything to this server."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self._most:
            return 413, too_large(self._most)
        return None

    def _is_ours(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return name in self._hosts
        return True


def too_large(most_bytes: int) -> str:
    """Say that a request is over the limit, and what to do instead."""
    return (
        f"The files are larger than the {most_bytes // MIB} MiB that this server takes. Crop or "
        "convert the image, start the server with a larger --max-upload, or use napari-cellcycle "
        "classify."
    )


def _same_origin(headers: Headers, scheme: str, host: str) -> bool:
    if headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    return headers.get("origin", f"{scheme}://{host}") == f"{scheme}://{host}"


def _bounded(receive: Receive, most: int) -> Receive:
    """Count the bytes of a body whose length was not told beforehand, or was told wrongly."""
    seen = 0

    async def counted() -> Message:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > most:
            raise HTTPException(413, too_large(most), headers={"Connection": "close"})
        return message

    return counted
