"""A client as plain as can be, and TAP."""
import gzip as gzip_format
import hashlib
import json
import socket
import zlib

from .exact_json import compact
from .xbb_objects import PREFIX


class Probe:
    """A client on a raw socket, as plain as can be."""

    def __init__(self, port, corpid):
        self.port, self.corpid, self.token, self.sock, self.data = port, corpid, "t0ken", None, b""
        self.status, self.headers = 0, {}

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock, self.data = None, b""

    def more(self):
        chunk = self.sock.recv(1 << 16)
        if not chunk:
            raise ConnectionError("closed")
        self.data += chunk

    def raw(self, name, body, gzip=False, sign=None):
        """The bytes of the answer's body."""
        self.send(name, body, gzip, sign)
        return self.answer()

    def send(self, name, body, gzip=False, sign=None):
        if self.sock is None:
            self.sock = socket.create_connection(("127.0.0.1", self.port), 20)
        sign = hashlib.sha256(body + self.token.encode()).hexdigest() if sign is None else sign
        head = (f"POST {PREFIX}{name} HTTP/1.1\r\nHost: x\r\nsign: {sign}\r\nContent-Length: {len(body)}\r\n"
                + ("Accept-Encoding: gzip\r\n" if gzip else "") + "\r\n")
        self.sock.sendall(head.encode() + body)

    def answer(self):
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        if "transfer-encoding" in self.headers:
            return self.chunks()
        while len(self.data) < int(self.headers["content-length"]):
            self.more()
        length = int(self.headers["content-length"])
        body, self.data = self.data[:length], self.data[length:]
        return body

    def chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.data:
                self.more()
            size, _, self.data = self.data.partition(b"\r\n")
            while len(self.data) < int(size, 16) + 2:
                self.more()
            body, self.data = body + self.data[:int(size, 16)], self.data[int(size, 16) + 2:]
            if int(size, 16) == 0:
                return body

    def call(self, name="product/list", gzip=False, sign=None, **body):
        raw = self.raw(name, compact({"corpid": self.corpid, "userId": "u-0001", **body}).encode(), gzip, sign)
        return json.loads(gzip_format.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw)

    def rows(self, **body):
        return self.call(**body)["result"]["list"]

    def total(self, *conditions, **body):
        """totalCount under conditions given as (attr, symbol, value...)."""
        answer = self.call(conditions=[{"attr": a, "symbol": s, "value": list(v)} for a, s, *v in conditions], **body)
        return answer["result"]["totalCount"] if answer["code"] == 1 else answer["code"]

    def breaks(self, **body):
        """How a call fails: the name of the exception, or the answer."""
        try:
            return self.call(**body)
        except (ConnectionError, OSError, ValueError, zlib.error) as error:
            self.close()
            return type(error).__name__


class Tap:
    def __init__(self):
        self.count, self.failed = 0, 0

    def ok(self, passed, what, *details):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - {what}", flush=True)
        if not passed:
            print("# " + repr(details)[:2000])
