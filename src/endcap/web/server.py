"""The application under uvicorn: one line when it answers, and an end that loses nothing."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable

import uvicorn

from endcap.errors import Busy
from endcap.web.application import Application
from endcap.web.logs import Forwarding
from endcap.web.memory import settle_in
from endcap.web.protocol import SheddingProtocol
from endcap.web.slices import shorten

BACKLOG = 2_048
SWITCH_S = 0.000_5
"""How long one thread may keep the interpreter while another waits for it. A writer asks for it back after each statement; with
Python's own 5 ms it logs 15,000 events a second beside a busy event loop, with this 92,000; with less, switching costs more."""

GC_THRESHOLDS = (50_000, 20, 100)
"""An answer makes some hundred short-lived objects and no cycles; with Python's 700 the collector runs every few answers."""

DRAIN_S = 10
"""How long requests under way may take to end when the server is told to stop."""


class Server(uvicorn.Server):
    """Says when it answers."""

    def __init__(self, config: uvicorn.Config, answering: Callable[[str], None]) -> None:
        super().__init__(config)
        self._answering = answering

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            host, port = self.servers[0].sockets[0].getsockname()[:2]
            shown = f"[{host}]" if ":" in host else host
            self._answering(f"http://{shown}:{port}")


def configured(application: Application) -> uvicorn.Config:
    """The application under uvicorn, with the shipped settings."""
    return uvicorn.Config(
        application, loop="uvloop", http=SheddingProtocol, lifespan="on", access_log=False, log_config=None,
        proxy_headers=False, server_header=False, backlog=BACKLOG, timeout_graceful_shutdown=DRAIN_S,
    )  # fmt: skip


def serve(application: Application, *, host: str, port: int, answering: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; then finish what was begun, write what waits, and return.

    ``answering`` is given the address once requests are answered. Raises Busy where the port cannot be had.
    """
    listener = _listen(host, port)
    logging.getLogger("uvicorn").addHandler(Forwarding(application.site.log))
    sys.setswitchinterval(SWITCH_S)
    gc.set_threshold(*GC_THRESHOLDS)

    def ready(url: str) -> None:
        # What is there now, the catalogue above all, stays: no collection need walk through it, which takes tenths of a second
        # with 100,000 products.
        gc.freeze()
        settle_in()
        shorten()
        answering(url)

    # uvicorn takes the signals over while it serves and raises them again at its end: by then all is done.
    before = [(number, signal.signal(number, lambda *_: None)) for number in (signal.SIGTERM, signal.SIGINT)]
    try:
        Server(configured(application), ready).run(sockets=[listener])
    finally:
        listener.close()
        for number, handler in before:
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family, backlog=BACKLOG)
    except OSError as error:
        raise Busy(
            f"port {port} of {host} cannot be had: {os.strerror(error.errno or 0)}", field="--port", value=port,
            remedy="stop what uses it, or choose another with --port",
        ) from error  # fmt: skip
