# SPDX-License-Identifier: Apache-2.0
"""As much of NNG as a client of remex needs, by ctypes: REQ and SUB sockets."""

import ctypes

_library = ctypes.CDLL("libnng.so.1")

_FLAG_ALLOC = 1
TIMED_OUT = 5  # NNG_ETIMEDOUT


class _Socket(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint32)]


class _Dialer(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint32)]


_library.nng_strerror.restype = ctypes.c_char_p
_library.nng_dial.argtypes = [
    _Socket, ctypes.c_char_p, ctypes.POINTER(_Dialer), ctypes.c_int]
_library.nng_send.argtypes = [
    _Socket, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
_library.nng_recv.argtypes = [
    _Socket, ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.c_int]
_library.nng_free.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
_library.nng_close.argtypes = [_Socket]
_library.nng_socket_set_ms.argtypes = [
    _Socket, ctypes.c_char_p, ctypes.c_int32]
_library.nng_socket_set_size.argtypes = [
    _Socket, ctypes.c_char_p, ctypes.c_size_t]
_library.nng_socket_set.argtypes = [
    _Socket, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]


class Error(Exception):
    def __init__(self, number):
        super().__init__(_library.nng_strerror(number).decode())
        self.number = number


def _check(number):
    if number:
        raise Error(number)


class Socket:
    """Blocking; closed by `close`, also while another thread waits in it."""

    def __init__(self, opener, max_bytes, timeout_ms):
        self._socket = _Socket()
        _check(opener(ctypes.byref(self._socket)))
        _check(_library.nng_socket_set_size(
            self._socket, b"recv-size-max", max_bytes))
        for option in (b"recv-timeout", b"send-timeout"):
            _check(_library.nng_socket_set_ms(
                self._socket, option, timeout_ms))

    def dial(self, address):
        _check(_library.nng_dial(self._socket, address.encode(), None, 0))

    def send(self, data):
        _check(_library.nng_send(self._socket, data, len(data), 0))

    def receive(self):
        data = ctypes.c_void_p()
        size = ctypes.c_size_t()
        _check(_library.nng_recv(self._socket, ctypes.byref(data),
                                 ctypes.byref(size), _FLAG_ALLOC))
        try:
            return ctypes.string_at(data, size.value)
        finally:
            _library.nng_free(data, size)

    def close(self):
        _library.nng_close(self._socket)


class Request(Socket):
    def __init__(self, address, max_bytes, timeout_ms):
        super().__init__(_library.nng_req0_open, max_bytes, timeout_ms)
        # What may be repeated the protocol says; NNG does not know.
        _check(_library.nng_socket_set_ms(
            self._socket, b"req:resend-time", -1))
        self.dial(address)


class Subscriber(Socket):
    def __init__(self, address, topics, max_bytes, timeout_ms):
        super().__init__(_library.nng_sub0_open, max_bytes, timeout_ms)
        for topic in topics:
            _check(_library.nng_socket_set(
                self._socket, b"sub:subscribe", topic, len(topic)))
        self.dial(address)
