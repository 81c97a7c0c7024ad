"""HTTP/1.1 by hand, so that it can be broken at any byte."""
import re
import socket
import struct


class Connection:
    """HTTP/1.1 by hand on an asyncio transport."""
    made = 0

    def __init__(self, server, gate):
        Connection.made += 1
        self.number = Connection.made       # id() may come again
        self.server, self.gate, self.transport, self.buffer = server, gate, None, bytearray()
        self.busy, self.closed, self.paused, self.pump, self.tenant, self.last = False, False, False, None, None, False
        self.hold, self.request = None, b""

    # what asyncio calls

    def connection_made(self, transport):
        self.transport = transport
        if self.gate.mode == "close":
            transport.close()
        elif self.gate.mode == "reset":
            self.reset()

    def connection_lost(self, error):
        self.closed = True
        if self.hold:
            self.hold.waiting.pop(self)
            self.hold = None
        self.done()

    def eof_received(self):
        return False

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        if self.pump:
            self.pump()

    def data_received(self, data):
        if self.gate.mode != "answer":
            return
        self.buffer += data
        if not self.busy:
            self.next_request()

    # requests

    def next_request(self):
        known = None if self.closed else self.server.known.get(bytes(self.buffer))
        if known:
            self.buffer.clear()
            self.server.repeat(self, *known)
            return
        end = self.buffer.find(b"\r\n\r\n")
        if self.closed or end < 0:
            return
        lines = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length", "0")
        request = lines[0].split(" ")
        if len(request) != 3 or not length.isdecimal() or "transfer-encoding" in headers:
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()
            return
        length = int(length)
        if len(self.buffer) < end + 4 + length:
            if headers.pop("expect", None):
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.buffer[:end] = re.sub(rb"(?i)\r\nexpect:[^\r]*", b"", bytes(self.buffer[:end]))
            return
        self.request = bytes(self.buffer[:end + 4 + length])
        body = self.request[end + 4:]
        del self.buffer[:end + 4 + length]
        self.busy = True
        self.last = request[2] == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        self.server.handle(self, request[0], request[1], headers, body)

    def begin(self, tenant):
        self.tenant = tenant
        tenant.running += 1
        tenant.peak = max(tenant.peak, tenant.running)
        tenant.connections.add(self.number)

    def done(self):
        """The request is over, one way or the other."""
        if self.tenant:
            self.tenant.running -= 1
            self.tenant = None

    def answered(self, after):
        self.done()
        self.pump = None
        if after == "reset":
            self.reset()
        elif after == "close":
            self.transport.close()
        elif after == "keep":
            self.busy = False
            if self.buffer:
                self.server.loop.call_soon(self.next_request)

    def reset(self):
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    # answers

    def send(self, head, body, answer, after):
        """Writes an answer; after says what becomes of the connection."""
        if self.closed:
            return
        if answer.stream or answer.drip:
            self.transport.write(head)
            size, pause = answer.drip or (0, 0)
            chunks = answer.stream or (body[i:i + size] for i in range(0, len(body), size))
            self.stream(chunks, pause, answer.framing == "chunked" and bool(answer.stream), after)
        else:
            self.transport.write(head + body)
            self.answered(after)

    def stream(self, chunks, pause, chunked, after):
        waiting = False

        def pump():
            nonlocal waiting
            if self.closed or waiting:
                return
            chunk = next(chunks, None)
            if chunk is None:
                if chunked:
                    self.transport.write(b"0\r\n\r\n")
                self.answered(after)
                return
            if chunk:
                self.transport.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
            if not self.paused:
                waiting = True
                self.server.loop.call_later(pause, again)

        def again():
            nonlocal waiting
            waiting = False
            if not self.paused:
                pump()
        self.pump = pump
        pump()


class Gate:
    """A listening port: the main one, or one of a company's own."""

    def __init__(self, mode="answer"):
        self.mode, self.port, self.server, self.home = mode, 0, None, None

    def close(self):
        if self.server is not None:
            self.server.close()
            self.server = None


def listen(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(512)
    return sock
