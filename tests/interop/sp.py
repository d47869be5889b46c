# SPDX-License-Identifier: Apache-2.0
"""What NNG sends on a stream, by hand: for those who have no NNG, and for TLS."""

import socket
import ssl
import urllib.parse

_REQ, _REP = 0x30, 0x31
_WAY_BACK = bytes((0x80, 0, 0, 1))


def _hello(kind):
    return b"\0SP\0" + bytes((0, kind, 0, 0))


def _connect(address, timeout, context):
    parts = urllib.parse.urlsplit(address)
    if parts.scheme == "ipc":
        stream = socket.socket(socket.AF_UNIX)
        stream.settimeout(timeout)
        stream.connect(parts.path)
        return stream, b"\1"
    stream = socket.create_connection((parts.hostname, parts.port), timeout)
    if parts.scheme == "tls":
        stream = context.wrap_socket(stream, server_hostname=parts.hostname)
    return stream, b""


class Request:
    """As nng.Request. `context` is for tls:// addresses."""

    def __init__(self, address, max_bytes, timeout_ms, context=None):
        self._max_bytes = max_bytes
        self._stream, self._kind = _connect(
            address, timeout_ms / 1000, context)
        self._stream.sendall(_hello(_REQ))
        if self._exactly(8) != _hello(_REP):
            raise ConnectionError("this is not SP, or not REP")

    def _exactly(self, size):
        data = bytearray()
        while len(data) < size:
            piece = self._stream.recv(size - len(data))
            if not piece:
                raise ConnectionError("the other end has gone")
            data += piece
        return bytes(data)

    def send(self, data):
        data = _WAY_BACK + data
        self._stream.sendall(
            self._kind + len(data).to_bytes(8, "big") + data)

    def receive(self):
        if self._exactly(len(self._kind)) != self._kind:
            raise ConnectionError("another kind of message")
        size = int.from_bytes(self._exactly(8), "big")
        if not len(_WAY_BACK) <= size <= self._max_bytes:
            raise ConnectionError("a message that cannot be")
        data = self._exactly(size)
        if not data.startswith(_WAY_BACK):
            raise ConnectionError("the answer to another request")
        return data[len(_WAY_BACK):]

    def close(self):
        self._stream.close()


def tls(authority, certificate, key):
    """What of a client's own is shown, and whom it believes."""
    context = ssl.create_default_context(cafile=authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    return context
