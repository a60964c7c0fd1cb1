"""The load generator tells what failed, by status and code; a soak counts who was turned away apart from what failed."""

from __future__ import annotations

import socketserver
import threading
from collections import Counter

from endcap.bench.load import LOST, Load, drive, post
from endcap.bench.soak import REFUSED, Answers

ANSWERS = {
    b"/fine": (b"200 OK", b"{}"),
    b"/busy": (b"503 Service Unavailable", b'{"error": {"code": "busy", "message": "too many wait"}}'),
    b"/odd": (b"500 Internal Server Error", b"oops"),
}


class Answering(socketserver.BaseRequestHandler):
    """Answers as the path says, and hangs up on others."""

    def handle(self) -> None:
        while head := self.request.recv(65_536):
            answer = ANSWERS.get(head.split(b" ")[1])
            if answer is None:
                return
            status, body = answer
            self.request.sendall(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))


def test_failures_are_counted_by_status_and_code() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        requests = [post(path, b"{}") for path in ("/fine", "/busy", "/odd", "/busy", "/lost")]
        load = drive(server.server_address[1], requests, connections=1, count=5)
        server.shutdown()
    assert load.failures == {REFUSED: 2, "500": 1, LOST: 1}
    assert (load.answered, load.failed, len(load.latencies_ms)) == (4, 3, 4)


def test_a_soak_counts_who_was_turned_away_apart() -> None:
    answers = Answers()
    for _ in range(2):
        answers.add(Load(10, 1.0, [1.0] * 10, 3, Counter({REFUSED: 2, "500": 1, LOST: 1})))
    assert (answers.taken, answers.refused, answers.failures) == (14, 4, {"500": 2, LOST: 2})
