"""An answer, and how it becomes bytes: status line, headers, compression, framing."""
import zlib

from .clock import http_date


class Response:
    """An answer before it is framed.  Faults bend it."""
    __slots__ = ("status", "headers", "type", "body", "result", "compressed", "framing", "declared", "cut", "after",
                 "drip", "stream", "delay", "date", "key", "pages", "status_line", "list_key", "interim", "moved")

    def __init__(self, body=b"", status=200, result="1"):
        self.status, self.body, self.result = status, body, result
        self.headers, self.type = [], "application/json;charset=UTF-8"
        self.compressed, self.framing, self.declared = False, "length", None
        self.cut, self.after, self.drip, self.stream, self.delay = False, "keep", None, None, 0
        self.date, self.key, self.pages, self.status_line, self.list_key = True, None, 1, None, "list"
        self.interim = b""
        self.moved = False              # something has changed: no answer is what it was


REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect", 308: "Permanent Redirect",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           408: "Request Timeout", 413: "Payload Too Large", 425: "Too Early", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


def retry_after(tenant, text):
    """Retry-After: seconds as they are, "date+N" as an HTTP date by the world's clock."""
    if text.startswith("date"):
        return http_date(int(tenant.clock.now()) + tenant.switches.date_offset + int(text[4:] or 0))
    return text


def compress(body, level):
    squeeze = zlib.compressobj(level, zlib.DEFLATED, 31)
    return squeeze.compress(body) + squeeze.flush()


def frame(tenant, answer, body, closing):
    """(status line and headers, body as it goes over the wire)."""
    if answer.status_line is not None:
        return answer.status_line, b""
    switches = tenant.switches
    head = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Status')}", f"Content-Type: {answer.type}"]
    if answer.date and switches.date != "off":
        head.append("Date: " + date(tenant))
    if answer.compressed:
        head.append("Content-Encoding: " + ("gzip" if answer.compressed is True else answer.compressed))
    head += [f"{name}: {value}" for name, value in answer.headers]
    framing = answer.framing
    if framing == "length" and switches.chunked == "on" and answer.declared is None:
        framing = "chunked"
    if framing == "length":
        head.append(f"Content-Length: {max(0, len(body) + (answer.declared or 0))}")
    elif framing != "none":
        head.append("Transfer-Encoding: chunked")
    if answer.cut:
        body = body[:len(body) // 2]
    if closing:
        head.append("Connection: close")
    if framing == "chunked" and not answer.stream:
        size = answer.declared or 16384
        body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + size]), body[i:i + size])
                        for i in range(0, len(body), size)) + b"0\r\n\r\n"
    elif framing == "bad-chunk":
        body = b"zz\r\n" + body + b"\r\n0\r\n\r\n"
    elif framing == "cut-chunk":
        body = b"%x\r\n%s\r\n" % (len(body), body)
    return answer.interim + ("\r\n".join(head) + "\r\n\r\n").encode("utf-8"), body


def date(tenant):
    if tenant.switches.date == "garbage":
        return "yesterday, about noon"
    return http_date(int(tenant.clock.now()) + tenant.switches.date_offset)
