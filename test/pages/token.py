"""The recipe of README.md for the token: whichever of its lines fails or is forgotten, the token is in no log."""
import os
import subprocess

from pages.page import blocks

FAILS = "SELECT 1 / 0;"


def recipe():
    return next(block.text for block in blocks("README.md") if "xbb.token`" in block.text)


def variants(text):
    """The recipe with each of its lines failing, or missing, and with a mistake in the statement that matters."""
    lines = text.replace("; SET", ";\nSET").splitlines()
    for at, line in enumerate(lines):
        yield f"{line.strip()!r} fails", [*lines[:at], FAILS, *lines[at + 1:]]
        yield f"{line.strip()!r} is missing", [*lines[:at], *lines[at + 1:]]
    yield "a wrong option", text.replace("(token :", "(tokn :").splitlines()
    yield "a wrong role", text.replace("FOR etl", "FOR nobody").splitlines()
    yield "no semicolon", text.replace(":'token');", ":'token')").splitlines()


class Typist:
    """Runs the recipe, as a file or pasted, each time with a token of its own."""

    def __init__(self, server, home):
        self.server, self.home, self.tokens = server, home, {}
        server.empty()
        server.sql("""CREATE EXTENSION xbb_fdw; CREATE EXTENSION IF NOT EXISTS pg_stat_statements;
            CREATE ROLE etl LOGIN; CREATE ROLE admin LOGIN;
            CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'ding0');
            GRANT USAGE ON FOREIGN SERVER crm TO etl; ALTER SERVER crm OWNER TO admin""", "crm")

    def type(self, what, lines, user="postgres", pasted=False):
        token = f"leak{len(self.tokens):04d}"
        self.tokens[token] = f"{what}, as {user}, {'pasted' if pasted else 'a file'}"
        (self.home / "xbb.token").write_text(token + "\n")
        (self.home / "token.sql").write_text("\n".join(lines) + "\n")
        env = os.environ | self.server.env | {"HOME": str(self.home), "PGDATABASE": "crm", "PGUSER": user}
        with open(self.home / "token.sql", encoding="utf-8") as file:
            subprocess.run(["psql", "-Xq"] + ([] if pasted else ["-f", file.name]), stdin=file, env=env, check=False,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return token

    def mapped(self):
        return self.server.sql("SELECT umoptions FROM pg_user_mappings WHERE usename = 'etl'", "crm").strip()

    def leaked(self):
        told = self.server.log.read_text(encoding="utf-8")
        told += self.server.sql("SELECT query FROM pg_stat_statements", "crm")
        return [what for token, what in self.tokens.items() if token in told]


def check(server, home):
    """Pairs of a property and what is wrong with it."""
    typist, text = Typist(server, home), recipe()
    for time in ("once", "again"):
        token = typist.type(time, text.splitlines())
        mapped = typist.mapped()
        yield f"the token recipe, typed {time}, sets the token", "" if mapped == f"{{token={token}}}" else mapped
    for what, lines in variants(text):
        for user, pasted in (("postgres", False), ("postgres", True), ("admin", True)):
            typist.type(what, lines, user, pasted)
    yield f"the token recipe leaks in none of {len(typist.tokens)} ways to fail", "\n".join(typist.leaked())
    typist.tokens.clear()
    typist.type("the bare statement", ["\\set token `cat ~/xbb.token`",
                                       "CREATE USER MAPPING FOR CURRENT_USER SERVER crm OPTIONS (token :'token');"])
    yield "the bare statement does leak", "" if typist.leaked() else "it does not: what this test sees is not the log"
