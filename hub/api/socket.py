"""The telephone's WebSocket: the gate has let it in, the gateway serves it."""

import asyncio
import contextlib

from fastapi import APIRouter, WebSocket, WebSocketDisconnect, status

from hub.api.frames import Disconnected
from hub.api.wiring import TheHub, TheSession

routes = APIRouter(prefix="/api/v1")

GOODBYE_S = 1.0


class PageSocket:
    """Starlette's WebSocket as the gateway's `Socket`."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket

    async def receive_text(self) -> str:
        """Return the next frame, or raise Disconnected."""
        try:
            return await self._websocket.receive_text()
        except (WebSocketDisconnect, RuntimeError, KeyError) as error:
            # RuntimeError: closed on our side meanwhile; KeyError: a binary frame.
            raise Disconnected from error

    async def send_text(self, data: str) -> None:
        """Send one frame, or raise Disconnected."""
        try:
            await self._websocket.send_text(data)
        except (WebSocketDisconnect, RuntimeError) as error:
            raise Disconnected from error


@routes.websocket("/handset")
async def handset(websocket: WebSocket, hub: TheHub, session: TheSession) -> None:
    """Serve one telephone's page: see hub/api/frames.py."""
    if session.handset is None:
        # Calls ring on enrolled telephones: a console has no line.
        await websocket.close(status.WS_1008_POLICY_VIOLATION)
        return
    await websocket.accept()
    await hub.gateway.attend(session, PageSocket(websocket))
    with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
        # A page that reads nothing cannot be told; uvicorn then closes without its answer.
        async with asyncio.timeout(GOODBYE_S):
            await websocket.close(status.WS_1000_NORMAL_CLOSURE)
