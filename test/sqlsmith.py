#!/usr/bin/env python3
"""Lets sqlsmith query a database through this program, which watches each statement.

sqlsmith connects to a socket of this program's, which hands all messages on to
the server and back.  So it knows of each statement when it begins and ends, how
it ends, and, by asking the simulator before and after, whether it sent requests.
The run fails if a statement ends the server or is not over long after sqlsmith's
own statement_timeout, and if fewer statements than --share percent sent a request.

    sqlsmith.py [--statements N] [--seed S] [--share PERCENT]

Environment: PGHOST, PGPORT, PGDATABASE as filled by test/sqlsmith.sql; XBB_SIM_URL;
a superuser's PGUSER.  Exit status: 0, 1 for a failure, 2 if the run came to nothing.
"""
import argparse
import collections
import http.client
import json
import os
import re
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

COMPANY = "dingSmith"
ROLE = "xbb_smith"
TIMEOUT = 1                     # s, what sqlsmith sets as statement_timeout
PATIENCE = 30                   # s, that a statement may last beyond it
IDLE = 120                      # s without a statement: sqlsmith itself is stuck
OURS = re.compile(r"set application_name .*::dut", re.I)         # the session that tries statements says so
BORING = re.compile(r"\s*(begin|rollback|commit|set)\b", re.I)
TERMINATED = "57P01"            # pg_terminate_backend() of the own session: a legal statement


class Simulator:
    """The number of requests since the last look."""

    def __init__(self):
        address = urllib.parse.urlsplit(os.environ["XBB_SIM_URL"])
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=60)
        self.lock = threading.Lock()

    def order(self, verb):
        with self.lock:
            self.connection.request("POST", "/_ctl", json.dumps(
                {"corpid": COMPANY, "verb": verb, "args": {}, "rest": []}))
            answer = json.load(self.connection.getresponse())
        if not answer["ok"]:
            raise RuntimeError(answer["text"])
        return answer["text"]

    def clear(self):
        self.order("clear")

    def count(self):
        return int(self.order("count"))


class Watch:
    """What is known of all statements; the threads of the connections report here."""

    def __init__(self, simulator):
        self.simulator, self.lock = simulator, threading.Lock()
        self.statements = self.reached = self.requests = 0
        self.states, self.internal, self.slowest = collections.Counter(), {}, 0.0
        self.lost, self.hung = [], []
        self.open = {}                          # connection: [statement, start, SQLSTATE, message]
        self.former = ""                        # the statement that ended last
        self.last = time.monotonic()

    def begin(self, connection, statement):
        self.simulator.clear()
        with self.lock:
            self.open[connection] = [statement, time.monotonic(), None, ""]

    def error(self, connection, state, message):
        with self.lock:
            if connection in self.open:
                self.open[connection][2:] = state, message

    def end(self, connection, lost=False):
        """The server is ready again, or (lost) has closed the connection."""
        with self.lock:
            entry = self.open.pop(connection, None)
        if entry is None:
            if lost:
                self.lost.append(("", "", self.former))
                report("the connection was lost after", self.former)
            return
        statement, start, state, message = entry
        sent = self.simulator.count()
        with self.lock:
            self.former, self.last = statement, time.monotonic()
            self.slowest = max(self.slowest, self.last - start)
            self.statements += 1
            self.requests += sent
            self.reached += sent > 0
            self.states[state or "00000"] += 1
            if state and state.startswith("XX"):
                self.internal.setdefault(re.sub(r"\d+", "N", message), (message, statement))
            if lost and state != TERMINATED:
                self.lost.append((state, message, statement))
                report("the connection was lost", statement, f"{state}: {message}" if state else "")
            if self.statements % 5000 == 0:
                print(f"{self.statements} statements, {self.reached} sent requests", flush=True)

    def overdue(self):
        """Statements that run far too long, each once."""
        now, found = time.monotonic(), []
        with self.lock:
            for entry in self.open.values():
                if now - entry[1] > TIMEOUT + PATIENCE and entry[0] not in self.hung:
                    self.hung.append(entry[0])
                    found.append(entry[0])
        return found


def report(what, statement, detail=""):
    print(f"\n--- {what} {detail}\n{statement.strip()}\n---", flush=True)


class Connection:
    """One connection of sqlsmith's to the server: a thread for each direction."""

    def __init__(self, client, watch):
        self.client, self.watch = client, watch
        self.ours = self.leaving = False
        self.server = socket.socket(socket.AF_UNIX)
        self.server.connect(f"{os.environ['PGHOST']}/.s.PGSQL.{os.environ['PGPORT']}")
        self.threads = [threading.Thread(target=self.guard, args=(way,), daemon=True) for way in (self.up, self.down)]
        for thread in self.threads:
            thread.start()

    def guard(self, way):
        try:
            way()
        except (OSError, EOFError):
            pass
        for end in (self.client, self.server):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def up(self):
        length = read(self.client, 4)           # the start-up packet has no type
        self.server.sendall(length + read(self.client, struct.unpack("!I", length)[0] - 4))
        while True:
            try:
                head = read(self.client, 5)
            except EOFError:
                self.leaving = True
                raise
            body = read(self.client, struct.unpack("!I", head[1:])[0] - 4)
            self.leaving = head[:1] == b"X"
            if head[:1] == b"Q":
                statement = body[:-1].decode(errors="replace")
                self.ours = self.ours or bool(OURS.match(statement))
                if self.ours and not BORING.match(statement):
                    self.watch.begin(self, statement)
            self.server.sendall(head + body)

    def down(self):
        try:
            while True:
                head = read(self.server, 5)
                body = read(self.server, struct.unpack("!I", head[1:])[0] - 4)
                if head[:1] == b"E":
                    fields = {part[:1]: part[1:].decode(errors="replace") for part in body.split(b"\0") if part}
                    self.watch.error(self, fields[b"C"], fields[b"M"])
                elif head[:1] == b"Z":
                    self.watch.end(self)
                self.client.sendall(head + body)
        finally:
            if self.ours and not self.leaving:
                self.watch.end(self, lost=True)


def read(end, length):
    parts = []
    while length:
        part = end.recv(min(length, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def listen(directory, watch):
    """Takes sqlsmith's connections; it is alone, so they are few."""
    door = socket.socket(socket.AF_UNIX)
    door.bind(f"{directory}/.s.PGSQL.5432")
    door.listen()

    def accept():
        while True:
            client, _ = door.accept()
            try:
                Connection(client, watch)
            except OSError:                     # the server is recovering from a crash
                client.close()
    threading.Thread(target=accept, daemon=True).start()


def superuser(query):
    """A query besides, with its own connection to the server; what it gives, or what went wrong."""
    done = subprocess.run(["psql", "-XAtqc", query], capture_output=True, text=True, timeout=60, check=False)
    return (done.stdout + done.stderr).strip()


def run_sqlsmith(arguments, directory, watch):
    """Runs it to its end, or until it or a statement is stuck; returns (its output, why it was ended)."""
    path = f"{directory}/sqlsmith.log"
    with open(path, "w", encoding="utf-8") as log:
        sqlsmith = subprocess.Popen(
            ["sqlsmith", f"--target=host={directory} port=5432 user={ROLE} dbname={os.environ['PGDATABASE']}", "--exclude-catalog",
             "--verbose", f"--seed={arguments.seed}", f"--max-queries={arguments.statements}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
    why = None
    while why is None and sqlsmith.poll() is None:
        time.sleep(0.2)
        for statement in watch.overdue():
            report(f"still running after {TIMEOUT + PATIENCE} s", statement, superuser(
                f"SELECT state, wait_event_type, wait_event FROM pg_stat_activity WHERE usename = '{ROLE}'"))
            superuser(f"SELECT pg_terminate_backend(pid, 20000) FROM pg_stat_activity WHERE usename = '{ROLE}'")
            if superuser(f"SELECT count(*) FROM pg_stat_activity WHERE usename = '{ROLE}' AND state = 'active'") != "0":
                why = "a statement cannot be ended"
        if not watch.open and time.monotonic() - watch.last > IDLE:
            why = f"sqlsmith made no statement for {IDLE} s"
    if why:
        sqlsmith.kill()
    status = sqlsmith.wait()
    with open(path, encoding="utf-8", errors="replace") as log:
        return log.read(), why or (f"sqlsmith ended with status {status}" if status else None)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--statements", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--share", type=float, default=20)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.statements} statements", flush=True)
    watch, started = Watch(Simulator()), time.monotonic()
    with tempfile.TemporaryDirectory() as directory:
        listen(directory, watch)
        output, why = run_sqlsmith(arguments, directory, watch)

    # its last report: statements a second, the size of the trees, errors by number
    print("\nsqlsmith's own words:\n" + "\n".join(output[output.rfind("queries:"):].splitlines()[:40]))
    print("\nSQLSTATE:", ", ".join(f"{state} {n}" for state, n in watch.states.most_common()))
    for message, statement in watch.internal.values():
        report("internal error:", statement, message)
    share = 100 * watch.reached / max(watch.statements, 1)
    print(f"\n{watch.statements} statements in {time.monotonic() - started:.0f} s, the longest {watch.slowest:.1f} s; "
          f"{watch.states['00000']} without error; {watch.reached} ({share:.1f} %) sent requests, {watch.requests} in all; "
          f"{len(watch.lost)} connections lost, {len(watch.hung)} hung")
    if why:
        print(why)
    if watch.lost or watch.hung:
        return 1
    if why or watch.statements < arguments.statements:
        return 2
    if share < arguments.share:
        print(f"fewer than {arguments.share} % of the statements sent a request")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
