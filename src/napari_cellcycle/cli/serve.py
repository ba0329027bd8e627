"""The verb ``serve``: a web page on this machine."""

from __future__ import annotations

import argparse
import json
import sys
from importlib.util import find_spec

from napari_cellcycle.cli.arguments import device_option, positive, whole
from napari_cellcycle.cli.console import note
from napari_cellcycle.errors import MissingExtraError

PORT = 8642
_MIB = 1 << 20


def options(parser: argparse.ArgumentParser) -> None:
    """Options of ``serve``."""
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (%(default)s: this computer only)"
    )
    parser.add_argument(
        "--port", type=whole, default=PORT, help="0 for any that is free (%(default)s)"
    )
    parser.add_argument(
        "--max-upload",
        type=positive,
        default=512,
        metavar="MIB",
        help="most that one upload may be, image and labels together (%(default)s)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    device_option(parser)


def run(args: argparse.Namespace) -> None:
    """Serve until interrupted."""
    missing = [name for name in ("starlette", "uvicorn", "python_multipart") if not find_spec(name)]
    if missing:
        raise MissingExtraError(
            f"The page needs what is not installed: {', '.join(missing)}. Install it with "
            'pip install "napari-cellcycle[serve]".'
        )
    from napari_cellcycle.serve.server import is_loopback, serve

    if not is_loopback(args.host):
        note(
            f"Everybody who can reach {args.host} can use this computer's time and memory through "
            "the page, and what they send travels unencrypted. Do this in a network you trust."
        )

    def ready(address: str) -> None:
        if args.json:
            print(json.dumps({"url": address}))  # a line: nothing ends while it serves
        else:
            print(f"The page is at {address} (Ctrl-C ends it)")
        sys.stdout.flush()
        if args.open:
            import webbrowser

            webbrowser.open(address)

    serve(
        args.host,
        args.port,
        device=args.device,
        most_bytes=args.max_upload * _MIB,
        ready=ready,
    )
