"""The HTTP application, put together from parts that are handed in; and how it is served."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from importlib.metadata import version as version_of
from socket import AF_INET, AF_INET6, create_server
from socket import socket as Listener  # noqa: N812 - `socket` is our route

import uvicorn
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from hub.accounts import Accounts
from hub.api import (
    boards,
    calls,
    devices,
    duty,
    house,
    pages,
    patients,
    quality,
    rules,
    sessions,
    shifts,
    socket,
    status,
    stays,
    templates,
    ward,
)
from hub.api import push as push_routes
from hub.api.access import Gate
from hub.api.limits import Limits
from hub.api.problems import ApiProblem, on_http, on_invalid, on_problem
from hub.api.wiring import Hub, Rungs, TakesHouseFiles, TelephoneExchange
from hub.clock import Clock
from hub.engine import Engine
from hub.metrics import Metrics
from hub.names import Names
from hub.push_channel import WebPush
from hub.settings import Settings
from hub.store.store import Store
from routing.ids import HouseId

LARGEST_FRAME_BYTES = 64 * 1024
STOP_WITHIN_S = 3


def create_app(
    *,
    settings: Settings,
    store: Store,
    houses: TakesHouseFiles,
    engines: Mapping[HouseId, Engine],
    gateway: TelephoneExchange,
    names: Mapping[HouseId, Names],
    clock: Clock,
    metrics: Metrics,
    accounts: Accounts,
    channels: Rungs | None = None,
    push: WebPush | None = None,
) -> FastAPI:
    """Return the application. `engines` and `names` are read afresh at each request."""
    version = version_of("bjelle")
    app = FastAPI(
        title="Bjelle",
        version=version,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,  # Swagger's page loads itself from elsewhere; the document is enough
        redoc_url=None,
        redirect_slashes=False,
    )
    hub = Hub(
        settings,
        store,
        houses,
        engines,
        gateway,
        names,
        clock,
        metrics,
        accounts,
        version,
        channels,
        push,
    )
    app.state.hub = hub
    metrics.watch_telephones(gateway)
    app.state.limits = Limits(lambda: asyncio.get_running_loop().time())
    app.add_exception_handler(ApiProblem, on_problem)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    for part in (
        sessions,
        duty,
        calls,
        patients,
        stays,
        ward,
        shifts,
        templates,
        quality,
        devices,
        house,
        rules,
        status,
        push_routes,
        boards,
        socket,
    ):
        app.include_router(part.routes)
    pages.mount(app)
    app.add_middleware(Gate, hub=hub)
    return app


class _Server(uvicorn.Server):
    """uvicorn without signals: stopping is the hub's TaskGroup's, which cancels `serve`."""

    def __init__(self, config: uvicorn.Config, ready: asyncio.Event | None) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[Listener] | None = None) -> None:
        """Open the door, and say so."""
        await super().startup(sockets)
        if self._ready is not None:
            self._ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the hub."""
        yield


async def serve(
    app: FastAPI, settings: Settings, *, ready: asyncio.Event | None = None
) -> None:
    """Serve until cancelled, then close what is open, within 3 s.

    `ready` is set once pages can connect; the port stands in `app.state.port` then (0 in the
    settings asks for any free one).

    Raises:
        PortTaken: another program listens there.
    """
    listener = listen(settings)
    app.state.port = listener.getsockname()[1]
    config = uvicorn.Config(
        app,
        ws="websockets-sansio",
        ws_max_size=LARGEST_FRAME_BYTES,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_WITHIN_S,
        ssl_certfile=str(settings.tls_certificate) if settings.tls_certificate else None,
        ssl_keyfile=str(settings.tls_key) if settings.tls_key else None,
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(sessions.keep_shifts(app.state.hub), name="shifts")
        tasks.create_task(_serve_on(_Server(config, ready), listener), name="uvicorn")


async def _serve_on(server: _Server, listener: Listener) -> None:
    try:
        await server.serve(sockets=[listener])
    except asyncio.CancelledError:
        if server.started:
            await server.shutdown(sockets=[listener])
        raise
    finally:
        listener.close()


class PortTaken(OSError):  # noqa: N818 - a state of affairs
    """Another program has the port."""


def listen(settings: Settings) -> Listener:
    """Open the port.

    Raises:
        PortTaken: with what to change.
    """
    family = AF_INET6 if ":" in settings.host else AF_INET
    try:
        return create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        raise PortTaken(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror}; "
            "stop the other program, or set BJELLE_PORT"
        ) from error
