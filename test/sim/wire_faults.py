"""Faults of whatever platform: connection, HTTP, framing, compression, bytes.

A fault is a function that bends a Response; its docstring is its line in the
help, f.args has its own arguments.
"""
from .exact_json import unescape
from .names import Table
from .place import argument
from .wire import compress, retry_after

fault = Table()


@fault("close")
def fault_close(f, tenant, answer):
    "the connection is closed before the answer"
    answer.status_line, answer.after = b"", "close"


@fault("reset")
def fault_reset(f, tenant, answer):
    "the connection is reset before the answer"
    answer.status_line, answer.after = b"", "reset"


@fault("half")
def fault_half(f, tenant, answer):
    "half of the body, then closed; then=reset | hang"
    answer.cut, answer.after = True, argument(f, "then", "close")


@fault("half-head")
def fault_half_head(f, tenant, answer):
    "half of the status line, then closed"
    answer.status_line, answer.after = b"HTTP/1.1 20", "close"


@fault("hang")
def fault_hang(f, tenant, answer):
    "no byte comes; s=N: the answer comes after N seconds"
    if "s" in f.args:
        answer.delay += float(f.args["s"]) * 1000
    else:
        answer.status_line, answer.after = b"", "hang"


@fault("hang-body")
def fault_hang_body(f, tenant, answer):
    "headers and half of the body, then silence"
    answer.cut, answer.after = True, "hang"


@fault("drip")
def fault_drip(f, tenant, answer):
    "the body comes bytes=1 at a time, every ms=100"
    answer.drip = argument(f, "bytes", 1), argument(f, "ms", 100.0) / 1000


@fault("delay")
def fault_delay(f, tenant, answer):
    "the answer comes ms=1000 later"
    answer.delay += argument(f, "ms", 1000.0)


@fault("status")
def fault_status(f, tenant, answer):
    "code=503 as HTTP status, body=TEXT, retry_after=N | date+N"
    answer.status = argument(f, "code", 503)
    answer.body, answer.type = argument(f, "body", "upstream error").encode(), "text/plain"
    if "retry_after" in f.args:
        answer.headers.append(("Retry-After", retry_after(tenant, f.args["retry_after"])))


@fault("redirect")
def fault_redirect(f, tenant, answer):
    "code=302 to location=URL"
    answer.status, answer.body = argument(f, "code", 302), b""
    answer.headers.append(("Location", argument(f, "location", "http://127.0.0.1:9/")))


@fault("html")
def fault_html(f, tenant, answer):
    "an HTML page with code=200"
    answer.status, answer.type = argument(f, "code", 200), "text/html;charset=UTF-8"
    answer.body = "<!DOCTYPE html><html><body><h1>系统维护中</h1></body></html>".encode()


@fault("empty")
def fault_empty(f, tenant, answer):
    "an empty body"
    answer.body = b""


@fault("truncated")
def fault_truncated(f, tenant, answer):
    "half of the JSON, correctly framed; keep=N bytes"
    answer.body = answer.body[:argument(f, "keep", len(answer.body) // 2)]


@fault("trailing")
def fault_trailing(f, tenant, answer):
    "text=garbage after the JSON"
    answer.body += unescape(argument(f, "text", " garbage"))


@fault("bad-gzip")
def fault_bad_gzip(f, tenant, answer):
    "damaged gzip; how=middle (default) | header | crc | cut"
    data, how = bytearray(compress(answer.body, 6)), argument(f, "how", "middle")
    if how == "cut":
        data = data[:len(data) // 2]
    else:
        place = {"header": 0, "crc": len(data) - 6}.get(how, len(data) // 2)
        for i in range(place, min(place + 2, len(data))):
            data[i] ^= 0xFF
    answer.body, answer.compressed = bytes(data), True


@fault("gzip-members")
def fault_gzip_members(f, tenant, answer):
    "gzip of n=3 members, one after the other, and an empty one at the end; coding=gzip: as it is called"
    n, body = argument(f, "n", 3), answer.body
    parts = [body[len(body) * i // n:len(body) * (i + 1) // n] for i in range(n)] + [b""]
    answer.body = b"".join(compress(part, 6) for part in parts)
    answer.compressed = argument(f, "coding", "gzip")


@fault("array")
def fault_array(f, tenant, answer):
    "the answer is an array around the usual object"
    answer.body = b"[" + answer.body + b"]"


@fault("bom")
def fault_bom(f, tenant, answer):
    "a byte order mark before the JSON"
    answer.body = b"\xef\xbb\xbf" + answer.body


@fault("replace")
def fault_replace(f, tenant, answer):
    "body=TEXT instead, \\xNN and \\n understood"
    answer.body = unescape(argument(f, "body", ""))


@fault("chunked")
def fault_chunked(f, tenant, answer):
    "the answer, correctly chunked; bytes=1000 a chunk"
    answer.framing, answer.declared = "chunked", argument(f, "bytes", 1000)


@fault("bad-chunk")
def fault_bad_chunk(f, tenant, answer):
    "a chunk whose length is no number"
    answer.framing = "bad-chunk"


@fault("cut-chunk")
def fault_cut_chunk(f, tenant, answer):
    "chunked, closed before the last chunk"
    answer.framing, answer.after = "cut-chunk", "close"


@fault("no-length")
def fault_no_length(f, tenant, answer):
    "no Content-Length: the body ends with the connection"
    answer.framing, answer.after = "none", "close"


@fault("long-length")
def fault_long_length(f, tenant, answer):
    "Content-Length is by=100 too great, then closed; then=hang"
    answer.declared, answer.after = argument(f, "by", 100), argument(f, "then", "close")


@fault("short-length")
def fault_short_length(f, tenant, answer):
    "Content-Length is by=100 too small"
    answer.declared = -argument(f, "by", 100)


@fault("bad-status-line")
def fault_bad_status_line(f, tenant, answer):
    "the answer is no HTTP"
    answer.status_line, answer.after = b"NONSENSE 200\r\n\r\n{}", "close"


@fault("many-headers")
def fault_many_headers(f, tenant, answer):
    "n=2000 more headers of bytes=100 each; interim=on: those of n answers with status 103 before this one"
    pads = [(f"X-Pad-{i}", "x" * argument(f, "bytes", 100)) for i in range(argument(f, "n", 2000))]
    if f.args.get("interim"):
        answer.interim = b"".join(f"HTTP/1.1 103 Early Hints\r\n{name}: {value}\r\n\r\n".encode() for name, value in pads)
    else:
        answer.headers += pads


@fault("trailers")
def fault_trailers(f, tenant, answer):
    "chunked, n=10 trailers behind it; endless=on: without end"
    body, n = answer.body, argument(f, "n", 10)

    def stream():
        yield b"%x\r\n%s\r\n0\r\n" % (len(body), body)
        lines = b"X-Trailer: " + b"x" * 1000 + b"\r\n"
        while f.args.get("endless"):
            yield lines * 64
        yield lines * n + b"\r\n"
    answer.stream, answer.framing = stream(), "trailers"


@fault("no-date")
def fault_no_date(f, tenant, answer):
    "no Date header"
    answer.date = False
