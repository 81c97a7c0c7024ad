"""Orders to a simulator that runs."""
import json
import os
import re
import socket
import sys

from .names import Refused


class Client:
    """Control from Python: Client(url)("corp1", "set", order="id-asc")."""

    def __init__(self, url):
        scheme, _, place = url.rstrip("/").partition("://")
        host, _, port = place.partition(":")
        self.tls, self.address = scheme == "https", (host, int(port))

    def __call__(self, corpid, verb, *rest, **args):
        order = json.dumps({"corpid": corpid, "verb": verb, "args": args, "rest": list(rest)}).encode()
        with socket.create_connection(self.address, 600) as sock:
            if self.tls:
                import ssl
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                sock = context.wrap_socket(sock)
            sock.sendall(b"POST /_ctl HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(order) + order)
            data = b"".join(iter(lambda: sock.recv(1 << 20), b""))
        reply = json.loads(data.partition(b"\r\n\r\n")[2])
        if not reply["ok"]:
            raise Refused(reply["text"])
        return reply["text"]


def main_ctl(words):
    url = os.environ.get("XBB_SIM_URL", "")
    if not re.fullmatch(r"https?://[^/:]+:\d+/?", url) or len(words) < 2:
        sys.exit("xbb_sim: ctl CORPID VERB ..., with XBB_SIM_URL=http://127.0.0.1:PORT in the environment")
    client, orders = Client(url), [[]]
    for word in words[1:]:
        if word == "--":
            orders.append([])
        else:
            orders[-1].append(word)
    for verb, *rest in filter(None, orders):
        pairs = [w.partition("=") for w in rest]
        args = {name: value for name, equals, value in pairs if equals and re.fullmatch(r"[a-z_]+", name)}
        rest = [w for w, (name, equals, _) in zip(rest, pairs) if not equals or name not in args]
        try:
            text = client(words[0], verb, *rest, **args)
        except (Refused, OSError) as error:
            sys.exit(f"xbb_sim: {error}")
        if text:
            sys.stdout.buffer.write(os.fsencode(text) + b"\n")
