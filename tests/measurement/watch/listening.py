"""Servers on the loopback that take what the watch sends, or refuse it, or never answer."""

from __future__ import annotations

import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Taken:
    """What a server was sent: headers and body of each request, or mails; and where it listens."""

    port: int = 0
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=very-secret"


@contextmanager
def hook_server(status: int = 200, hangs: threading.Event | None = None) -> Iterator[Taken]:
    """A server that answers every post with a status; with ``hangs`` only when that is set."""
    taken = Taken()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.headers.append({name.lower(): value for name, value in self.headers.items()})
            taken.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            if hangs is not None:
                hangs.wait()
                return
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        taken.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield taken
        finally:
            if hangs is not None:
                hangs.set()
            server.shutdown()
            thread.join()


@contextmanager
def mail_server(context: ssl.SSLContext | None = None, refuses: bool = False) -> Iterator[Taken]:
    """A mail server, with STARTTLS where it has a certificate, that takes any login and every mail, or refuses all."""
    taken = Taken()

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(line.encode() + b"\r\n")

        def handle(self) -> None:
            with suppress(OSError), ExitStack() as self.secured:  # whoever does not trust the certificate goes away
                self.talk()

        def talk(self) -> None:
            self.say("220 loopback")
            while line := self.rfile.readline().decode().strip():
                word = line.split()[0].upper()
                if word == "EHLO":
                    for one in ["250-loopback", *(["250-STARTTLS"] if context else []), "250 AUTH PLAIN"]:
                        self.say(one)
                elif word == "STARTTLS" and context is not None:
                    self.say("220 go on")
                    self.request = self.secured.enter_context(context.wrap_socket(self.request, server_side=True))
                    self.setup()
                elif word == "AUTH":
                    taken.logins.append(line + (" over TLS" if isinstance(self.request, ssl.SSLSocket) else " in the open"))
                    self.say("235 welcome")
                elif word == "DATA":
                    self.say("354 go on")
                    taken.bodies.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                    self.say("250 taken")
                elif word == "RCPT" and refuses:
                    self.say("550 very-secret is not known here")
                else:
                    self.say("221 bye" if word == "QUIT" else "250 fine")
                    if word == "QUIT":
                        return

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        taken.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield taken
        finally:
            server.shutdown()
            thread.join()
