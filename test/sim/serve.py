"""The process that serves: options, port, signals."""
import asyncio
import os
import signal
import socket
import ssl
import sys
import warnings

from .connection import Gate, listen
from .platforms import make_server


def tls_context(options):
    if "tls-cert" not in options:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if "tls-version" in options:
        version = {"1.0": "TLSv1", "1.1": "TLSv1_1", "1.2": "TLSv1_2", "1.3": "TLSv1_3"}[options["tls-version"]]
        if version in ("TLSv1", "TLSv1_1"):
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = context.minimum_version = getattr(ssl.TLSVersion, version)
    context.load_cert_chain(options["tls-cert"], options.get("tls-key"))
    return context


def write_atomically(name, text):
    with open(name + ".new", "w") as out:
        out.write(text)
    os.replace(name + ".new", name)


async def serve(options):
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = make_server(loop, int(options.get("log-limit", 100_000)), int(options.get("cache-mb", 256)) << 20)
    mode, held = options.get("mode", "answer"), []
    sock = listen(int(options.get("port", 0)))
    if mode == "full":
        sock.listen(0)
        for _ in range(3):                          # nobody will accept these
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
            held.append(filler)
        port = sock.getsockname()[1]
    elif mode == "silent":
        gate = Gate("silent")
        await server.open(gate, sock)
        port = gate.port
    else:
        gate = Gate()
        await server.open(gate, sock, tls_context(options))
        port = gate.port
    if "port-file" in options:
        write_atomically(options["port-file"], f"{port}\n")
    else:
        print(port, flush=True)
    parent = os.getppid()
    while not stop.is_set():
        if "watch-parent" in options and os.getppid() != parent:
            break
        try:
            await asyncio.wait_for(stop.wait(), 1 if "watch-parent" in options else None)
        except asyncio.TimeoutError:
            pass


def main_serve(words):
    options, known = {}, {"port", "port-file", "tls-cert", "tls-key", "tls-version", "mode", "log-limit", "cache-mb",
                          "watch-parent"}
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--") or name not in known:
            sys.exit(f"xbb_sim: unknown option {word}")
        options[name] = value if equals or name == "watch-parent" else words.pop(0) if words else ""
    asyncio.run(serve(options))
