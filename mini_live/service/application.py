"""The application: a factory that puts routes, page and door around one company."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.staticfiles import StaticFiles

from mini_live.service import http_routes, stream_routes
from mini_live.service.company import Company
from mini_live.service.door import Door
from mini_live.service.refusals import BusyError, http_status
from mini_live.service.settings import ServiceSettings
from talkingface.errors import AvatarError

RETRY_AFTER_S = "5"


def create_app(settings: ServiceSettings) -> FastAPI:
    """Return the service; its company opens with the first event of its life and closes with the last."""
    company = Company(settings)

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(company.open)
        try:
            yield
        finally:
            await asyncio.to_thread(company.close)

    # The usual documentation pages load scripts from elsewhere; /openapi.json and docs/service.md say the same.
    app = FastAPI(title="mini-live-avatar", docs_url=None, redoc_url=None, lifespan=life)
    app.state.company = company
    app.include_router(http_routes.router)
    app.include_router(stream_routes.router)
    app.mount("/page", StaticFiles(directory=http_routes.page_file("")), name="page")
    app.add_api_route("/", _page, include_in_schema=False)
    app.add_exception_handler(AvatarError, _failed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _refused)
    app.add_middleware(Door, settings=settings)
    return app


async def _page() -> FileResponse:
    return FileResponse(http_routes.page_file("index.html"), media_type="text/html; charset=utf-8")


async def _failed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AvatarError)
    headers = {"Retry-After": RETRY_AFTER_S} if isinstance(error, BusyError) else None
    text = " ".join(str(error).split())
    return JSONResponse({"error": text}, status_code=http_status(error), headers=headers)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    return JSONResponse(
        {"error": f"expected a valid {first['loc'][-1]}, found: {first['msg']}"}, status_code=422
    )


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": str(error.detail)}, status_code=error.status_code, headers=error.headers)
