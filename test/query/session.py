"""A session with PostgreSQL: its protocol's simple query, and no library.

Rows stay the bytes of the wire, which is all that comparing them needs.
Connects to the socket that PGHOST and PGPORT name, as PGUSER, without a
password.
"""
import os
import socket
import struct


class Lost(Exception):
    """The server closed the connection."""


class Failed(Exception):
    """The server refused to begin."""


class Answer:
    """What a message of statements gave: a list of rows for each statement that has any, and perhaps an error."""
    __slots__ = ("sets", "columns", "tags", "state", "message", "notices")

    def __init__(self):
        self.sets, self.columns, self.tags, self.notices = [], [], [], []
        self.state = self.message = None


def fields(body):
    """The fields of an error or a notice by their letter."""
    found = {}
    for part in body.split(b"\0"):
        if part:
            found[chr(part[0])] = part[1:].decode("utf-8", "replace")
    return found


def shown(row):
    """A row of the wire as a list of texts and None."""
    values, place = [], 2
    for _ in range(struct.unpack_from("!H", row)[0]):
        length = struct.unpack_from("!i", row, place)[0]
        place += 4
        values.append(None if length < 0 else row[place:place + length].decode("utf-8", "replace"))
        place += max(0, length)
    return values


class Session:
    """One connection.  settings are those that RESET ALL goes back to."""

    def __init__(self, settings, timeout=None):
        host, port = os.environ.get("PGHOST", "/tmp"), os.environ.get("PGPORT", "5432")
        user = os.environ.get("PGUSER", "postgres")
        self.socket = socket.socket(socket.AF_UNIX)
        self.buffer = b""
        try:
            self.socket.settimeout(timeout)
            self.socket.connect(f"{host}/.s.PGSQL.{port}")
            words = {"user": user, "database": os.environ.get("PGDATABASE", user), "client_encoding": "UTF8", **settings}
            body = b"".join(f"{k}\0{v}\0".encode() for k, v in words.items()) + b"\0"
            self.socket.sendall(struct.pack("!ii", len(body) + 8, 196608) + body)
            answer = self.collect()
        except OSError as error:
            raise Failed(str(error))
        if answer.state:
            raise Failed(answer.message)

    def close(self):
        self.socket.close()

    def send(self, sql):
        body = sql.encode() + b"\0"
        try:
            self.socket.sendall(b"Q" + struct.pack("!i", len(body) + 4) + body)
        except OSError as error:
            raise Lost(str(error))

    def run(self, sql):
        self.send(sql)
        return self.collect()

    def collect(self):
        """The answer to what was sent, when it is complete."""
        answer = Answer()
        rows = None
        buffer, place = self.buffer, 0
        while True:
            while len(buffer) - place < 5 or len(buffer) - place < 1 + struct.unpack_from("!i", buffer, place + 1)[0]:
                try:
                    more = self.socket.recv(1 << 18)
                except OSError as error:
                    raise Lost(str(error))
                if not more:
                    raise Lost(answer.message or "the connection was closed")
                buffer, place = buffer[place:] + more, 0
            kind = buffer[place]
            end = place + 1 + struct.unpack_from("!i", buffer, place + 1)[0]
            body, place = buffer[place + 5:end], end
            if kind == 68:                      # DataRow
                rows.append(body)
            elif kind == 84:                    # RowDescription
                rows = []
                answer.sets.append(rows)
                answer.columns.append(body)
            elif kind == 67:                    # CommandComplete
                answer.tags.append(body[:-1].decode())
            elif kind == 69:                    # ErrorResponse
                found = fields(body)
                answer.state, answer.message = found.get("C"), found.get("M")
                if found.get("D"):
                    answer.message += " / " + found["D"]
            elif kind == 78:                    # NoticeResponse
                answer.notices.append(body)
            elif kind == 82 and body[:4] != b"\0\0\0\0":
                raise Failed("the server asks for a password")
            elif kind == 90:                    # ReadyForQuery
                self.buffer = buffer[place:]
                return answer
