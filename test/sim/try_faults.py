"""Selftest: each fault does what it says, where it is told to."""
import gzip as gzip_format
import hashlib
import json
import socket
import time
import zlib

from .exact_json import compact
from .wire import compress
from .xbb_objects import PREFIX


def try_faults(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "c1"
    good = probe.call(pageSize=100)
    probe.close()
    lost = ("ConnectionError", "ConnectionResetError")
    expected = {"close": lost, "reset": lost, "half": lost, "half-head": lost, "truncated": ("JSONDecodeError",),
                "html": ("JSONDecodeError",), "empty": ("JSONDecodeError",), "bad-utf8": ("UnicodeDecodeError",),
                "nul": ("JSONDecodeError",), "bad-gzip": ("error", "BadGzipFile"), "cut-chunk": lost, "bad-chunk": ("ValueError",),
                "long-length": lost, "short-length": ("JSONDecodeError",), "bad-status-line": ("KeyError", "ValueError"),
                "trailing": ("JSONDecodeError",)}
    for what, errors in expected.items():
        ctl("c1", "fault", what=what)
        try:
            got = probe.breaks(pageSize=100)
        except KeyError:
            got = "KeyError"
        probe.close()
        ok(got in errors, "fault " + what, got if isinstance(got, str) else list(got))
    for what, check in {"no-list": lambda d: "list" not in d["result"], "no-result": lambda d: "result" not in d,
                        "no-total": lambda d: "totalCount" not in d["result"], "chunked": lambda d: d == good,
                        "wrong-page": lambda d: d["result"]["list"][0] not in good["result"]["list"],
                        "wrong-type": lambda d: isinstance(d["result"]["list"], dict),
                        "dup-keys": lambda d: d == good, "busy": lambda d: "系统繁忙" in d["msg"],
                        "success-false": lambda d: d["success"] is False,
                        "long": lambda d: len(d["result"]["list"][0]["data"]["text_1"]) > 10_000_000, "array": lambda d: d == [good],
                        "gzip-members": lambda d: d == good}.items():
        ctl("c1", "fault", what=what)
        got = probe.breaks(pageSize=100)
        ok(not isinstance(got, str) and check(got), "fault " + what, got)
    for shape in ("string", "escapes", "members", "elements", "deep", "blanks"):
        ctl("c1", "fault", what="bulk", shape=shape, mb="1")
        ok(900_000 < len(probe.raw("product/list", compact({"corpid": "c1", "pageSize": 100}).encode())) < 1_100_000, f"bulk shape={shape}")
    ctl("c1", "fault", what="bulk", mb="1", n="3", **{"in": "record"})
    ok([len(r["data"]["text_1"]) for r in probe.call(pageSize=100)["result"]["list"]] == [333_333] * 3, "bulk in=record")
    ctl("c1", "fault", what="gzip-members", n="2", coding="x-gzip")
    raw = probe.raw("product/list", compact({"corpid": "c1", "userId": "u-0001", "pageSize": 100}).encode())
    first = zlib.decompressobj(31)
    half = first.decompress(raw)
    ok(probe.headers["content-encoding"] == "x-gzip" and json.loads(half + gzip_format.decompress(first.unused_data)) == good and
       raw.endswith(compress(b"", 6)), "gzip-members n=2")
    ctl("c1", "fault", what="trailers", n="3")
    probe.close()
    probe.raw("product/list", compact({"corpid": "c1", "userId": "u-0001", "pageSize": 1}).encode())
    ok(probe.headers["transfer-encoding"] == "chunked", "fault trailers")
    probe.close()
    ctl("c1", "fault", what="bom")
    raw = probe.raw("product/list", compact({"corpid": "c1", "userId": "u-0001", "pageSize": 100}).encode())
    ok(raw[:3] == b"\xef\xbb\xbf" and json.loads(raw[3:]) == good, "fault bom")
    ctl("c1", "fault", what="status", code="503", body="{}", retry_after="date+5")
    probe.call()
    ok(probe.status == 503 and probe.headers["retry-after"] == "Mon, 02 Feb 2026 03:40:05 GMT", "status and Retry-After")
    start = time.monotonic()
    ctl("c1", "fault", what="drip", bytes="2000", ms="5")
    ok(probe.call(pageSize=100) == good and time.monotonic() - start > 0.1, "fault drip")
    for what in ("hang", "hang-body"):
        ctl("c1", "fault", what=what)
        probe.close()
        probe.sock = socket.create_connection(("127.0.0.1", probe.port), 0.3)
        ok(probe.breaks(pageSize=100) == "TimeoutError", "fault " + what)
    for what, least in (("endless", 1 << 22), ("gzip-bomb", 1 << 18)):
        ctl("c1", "fault", what=what)
        sock = socket.create_connection(("127.0.0.1", probe.port), 5)
        body = compact({"corpid": "c1"}).encode()
        sign = hashlib.sha256(body + b"t0ken").hexdigest()
        sock.sendall(f"POST {PREFIX}product/list HTTP/1.1\r\nsign: {sign}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        size = 0
        while size < least:
            size += len(sock.recv(1 << 16)) or least * 2
        sock.close()
        ok(size < least * 2, "fault " + what)
    ctl("c1", "clear", what="all")
    ctl("c1", "fault", what="code", at="middle", msg="x")
    codes = [probe.call(page=k, pageSize=100)["code"] for k in range(1, 9)]
    ok(codes == [1, 1, 1, 100000, 1, 1, 1, 1], "at=middle", codes)
    ctl("c1", "fault", what="code", at="3", times="2")
    ok([probe.call()["code"] for _ in range(5)] == [1, 1, 100000, 100000, 1], "at=3 times=2")
    ok(probe.call(pageSize=100) == good, "and then all is well")
