"""A message on its way out: posted with a signature, or mailed."""

from __future__ import annotations

import hashlib
import hmac
import smtplib
import socket
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from endcap.errors import BadInput
from endcap.measurement.watch.outward import connected, post
from endcap.measurement.watch.settings import Email, Webhook

MAIL_TIMEOUT_S = 10.0


def signature(secret: str, at_s: int, body: bytes) -> str:
    """What the header ``Endcap-Signature`` says: when it was sent and HMAC-SHA256 over that, a dot and the body.

    >>> signature("0123456789abcdef", 1_800_000_000, b"{}")[:23]
    't=1800000000,v1=1313ae9'
    """
    signed = hmac.new(secret.encode(), f"{at_s}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at_s},v1={signed}"


def post_signed(hook: Webhook, delivery_id: str, body: bytes, now_ms: int, *, private: bool) -> None:
    """Post a message. Raises OSError where it was not taken: anything but a status of 200 to 299."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Endcap",
        "Endcap-Delivery": delivery_id,
        "Endcap-Signature": signature(hook.secret or "", now_ms // 1000, body),
    }
    status = post(hook.url or "", body, headers, private=private)
    if not 200 <= status < 300:
        raise OSError(f"it answered {status}" + (", and redirects are not followed" if 300 <= status < 400 else ""))


def written_mail(email: Email, delivery_id: str, subject: str, text: str) -> EmailMessage:
    """A mail of plain text, to which other forms and files may be added."""
    mail = EmailMessage()
    mail["From"] = email.sender
    mail["To"] = ", ".join(email.to)
    mail["Subject"] = " ".join(subject.split())[:200]
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(idstring=delivery_id, domain=email.sender.rpartition("@")[2])
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text)
    return mail


def send_mail(email: Email, mail: EmailMessage, *, private: bool) -> None:
    """Hand a mail to the server. Raises OSError, of which ``smtplib.SMTPException`` is one, where it was not taken."""
    with _Mailer(email, private=private) as mailer:
        if email.security == "starttls":
            mailer.starttls(context=ssl.create_default_context())
        if email.username:
            mailer.login(email.username, email.password or "")
        mailer.send_message(mail)


class _Mailer(smtplib.SMTP):
    """SMTP over a connection to a checked address, whatever the name means by then."""

    def __init__(self, email: Email, *, private: bool) -> None:
        self._email, self._private = email, private
        super().__init__(email.host, email.port, timeout=MAIL_TIMEOUT_S)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return connected(host, port, private=self._private, tls=self._email.security == "tls", timeout_s=timeout)


def check_mail(email: Email) -> None:
    """Raises BadInput where a password would go over the wire in the open, or a user has none."""
    if email.username and email.security == "none":
        raise BadInput(
            "a password would be sent unencrypted", field="email.security", value=email.security, remedy="use starttls or tls"
        )
    if email.username and email.password is None:
        raise BadInput(
            f"the user {email.username} has no password", field="email.password", remedy="send it; it is not shown again"
        )
