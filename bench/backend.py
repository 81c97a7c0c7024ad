"""What the benchmarks share: a backend that is watched, and the simulator's ear."""

import json
import os
import subprocess
import time
import urllib.request

URL = os.environ["XBB_SIM_URL"]


class Psql:
    """One backend, with the means to watch it."""

    def __init__(self):
        self.process = subprocess.Popen(["psql", "-qAtX", "-v", "ON_ERROR_STOP=1"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.pid = int(self("SET jit = off; SET client_min_messages = warning; SELECT pg_backend_pid()"))

    def __call__(self, sql):
        self.process.stdin.write(sql + "\n;\n\\echo DONE\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "DONE\n":
                return "".join(lines).rstrip("\n")
            if not line.startswith("INFO:"):
                lines.append(line)
        raise SystemExit("psql failed: " + "".join(lines))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()

    def cpu(self):
        with open(f"/proc/{self.pid}/schedstat", encoding="ascii") as file:
            return int(file.read().split()[0]) / 1e9

    def anonymous(self):
        """Bytes of private memory, the most so far."""
        with open(f"/proc/{self.pid}/status", encoding="ascii", errors="replace") as file:
            for line in file:
                if line.startswith("RssAnon:"):
                    return int(line.split()[1]) * 1024
        raise SystemExit("the kernel does not tell RssAnon")

    def measure(self, sql):
        """(seconds, CPU seconds)"""
        cpu, begin = self.cpu(), time.perf_counter()
        self(sql)
        return time.perf_counter() - begin, self.cpu() - cpu


def simulator(corpid, verb, *rest, **args):
    order = {"corpid": corpid, "verb": verb, "args": {k: str(v) for k, v in args.items()}, "rest": list(rest)}
    with urllib.request.urlopen(URL + "/_ctl", json.dumps(order).encode()) as response:
        answer = json.load(response)
    if not answer["ok"]:
        raise SystemExit(answer["text"])
    return answer["text"]
