"""The application behind the page: its addresses, and what each answers."""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from napari_cellcycle.errors import CellCycleError
from napari_cellcycle.files import NO_ROOM
from napari_cellcycle.models.catalogue import DEFAULT_MODEL, list_models
from napari_cellcycle.serve.guard import Guard
from napari_cellcycle.serve.order import endings, read_order
from napari_cellcycle.serve.runs import FullError, Run, Runs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from starlette.datastructures import FormData
    from starlette.requests import Request
    from starlette.types import ASGIApp

PAGE = Path(__file__).with_name("page")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOST_BYTES = 512 << 20
_NO_ROOM = (
    "The disk of the computer that serves this page is full where temporary files go. Make room "
    "there, or start the server with another folder for them (the variable TMPDIR)."
)


def make_app(
    *, device: str = "auto", hosts: Collection[str] = LOOPBACK, most_bytes: int = MOST_BYTES
) -> ASGIApp:
    """Make the application.

    Parameters
    ----------
    device : str
        Where to compute.
    hosts : collection of str
        Names that the server may be called by.
    most_bytes : int
        Of one upload, image and labels together.

    Returns
    -------
    ASGI application
        For any server that speaks ASGI; :func:`napari_cellcycle.serve.server.serve` brings one.
    """
    runs = Runs(device)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await run_in_threadpool(runs.close)

    app = Starlette(
        routes=[
            Route("/", _page),
            Mount("/page", StaticFiles(directory=PAGE)),
            Route("/about", _about),
            Route("/runs", _add, methods=["POST"]),
            Route("/runs/{id}", _show),
            Route("/runs/{id}", _remove, methods=["DELETE"]),
            Route("/runs/{id}/cells.csv", _table),
            Route("/runs/{id}/overlay.png", _overlay),
            Route("/runs/{id}/field.png", _field),
            Route("/runs/{id}/cells/{n:int}.png", _picture),
        ],
        lifespan=lifespan,
        exception_handlers={
            CellCycleError: _refuse,
            HTTPException: _refuse_http,
            Exception: _apologise,
        },
    )
    app.state.runs = runs
    app.state.most_bytes = most_bytes
    return Guard(app, {host.lower() for host in hosts}, most_bytes)


def _page(request: Request) -> Response:
    return FileResponse(PAGE / "index.html")


def _about(request: Request) -> Response:
    from importlib.metadata import version

    return JSONResponse(
        {
            "version": version("napari-cellcycle"),
            "default": DEFAULT_MODEL,
            "most_bytes": request.app.state.most_bytes,
            "endings": endings(),
            "models": [
                {
                    "name": entry.name,
                    "version": entry.card.version,
                    "description": entry.card.description,
                    "limits": entry.card.limits,
                    "channels": entry.card.recipe.channels,
                    "phases": [phase.name for phase in entry.card.phase_set.leaves],
                }
                for entry in list_models()
            ],
        }
    )


async def _add(request: Request) -> Response:
    runs = _runs(request)
    try:
        with runs.place():
            async with request.form(max_files=2, max_fields=20, max_part_size=4096) as form:
                run = await run_in_threadpool(_read, form)
            runs.add(run)
    except FullError as error:
        raise HTTPException(503, str(error), {"Retry-After": "30"}) from error
    except ClientDisconnect:
        return Response(status_code=400)  # nobody hears it: the visitor went away
    except OSError as error:
        if error.errno not in NO_ROOM:
            raise
        raise HTTPException(507, _NO_ROOM, headers={"Connection": "close"}) from error
    return JSONResponse(
        {"id": run.id, **run.to_dict()}, 202, headers={"Location": f"/runs/{run.id}"}
    )


def _read(form: FormData) -> Run:
    files = {
        name: (value.filename, value.file)
        for name, value in form.items()
        if isinstance(value, UploadFile) and value.filename
    }
    folder = TemporaryDirectory(prefix="napari-cellcycle-", ignore_cleanup_errors=True)
    try:
        order = read_order(
            {name: value for name, value in form.items() if isinstance(value, str)},
            [value for value in form.getlist("channel") if isinstance(value, str)],
            files,
            Path(folder.name),
        )
    except BaseException:
        folder.cleanup()
        raise
    return Run(order, folder)


def _show(request: Request) -> Response:
    run = _run(request)
    known = {**run.to_dict(), "before": _runs(request).before(run)}
    return JSONResponse(known, 422 if run.state == "failed" else 200)


def _remove(request: Request) -> Response:
    _runs(request).remove(_run(request))
    return Response(status_code=204)


def _table(request: Request) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="cells.csv"'}
    return Response(_answer(request).table, media_type="text/csv", headers=headers)


def _overlay(request: Request) -> Response:
    return _drawn(_answer(request).overlay)


def _field(request: Request) -> Response:
    return _drawn(_answer(request).field)


def _drawn(picture: bytes | None) -> Response:
    if picture is None:
        raise HTTPException(404, "A crop of one cell has no overlay.")
    return Response(picture, media_type="image/png")


def _picture(request: Request) -> Response:
    pictures = _answer(request).pictures
    n = request.path_params["n"]
    if n >= len(pictures):
        raise HTTPException(404, f"The page shows {len(pictures)} cells, counted from 0.")
    return Response(pictures[n], media_type="image/png")


def _runs(request: Request) -> Runs:
    runs: Runs = request.app.state.runs
    return runs


def _run(request: Request) -> Run:
    try:
        return _runs(request)[request.path_params["id"]]
    except KeyError:
        raise HTTPException(
            404, "This result is not kept any more. Send the image again."
        ) from None


def _answer(request: Request) -> Any:
    answer = _run(request).answer
    if answer is None:
        raise HTTPException(409, "There is no result yet.")
    return answer


async def _refuse(request: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, 422)


async def _refuse_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=error.headers)


async def _apologise(request: Request, error: Exception) -> Response:
    return JSONResponse(
        {"error": "An error of the program; the terminal of the server shows it."}, 500
    )
