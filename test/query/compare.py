"""Runs one query on both sides and says whether they agree."""
import json
import os
import time

from .session import Failed, Lost, Session, fields, shown
from .statement import fetched

# which of two failing parts is met first is the executor's choice
FREE = {"22012"}
HANG = "57014"
PATIENCE = (10, 20, 120)                # seconds: the copy, the foreign side, the foreign side once more


class Outcome:
    """kind: None where both sides agree, else what differs; rows: does it return any; failed: both refuse it."""
    __slots__ = ("kind", "details", "rows", "failed", "slow", "plans")

    def __init__(self, kind=None, details=(), rows=False, failed=None):
        self.kind, self.details, self.rows, self.failed, self.slow, self.plans = kind, details, rows, failed, False, None


def plan_of(notice):
    text = fields(notice).get("M", "")
    start = text.find("{")
    if not text.startswith("duration:") or start < 0:
        return None
    return json.loads(text[start:])["Plan"]


def look_at(plan, found):
    """Collects what the foreign scans of a plan did."""
    if plan["Node Type"] == "Foreign Scan":
        found["scans"] = True
        if plan.get("Conditions") and plan.get("Calls", 0) > 0:
            found["sent"] = True
        if plan["Actual Loops"] > 3:
            found["rescanned"] = True
    found["nodes"].add(plan["Node Type"])
    for child in plan.get("Plans", ()):
        look_at(child, found)


class Sides:
    """Two sessions: one sees the copies, one the foreign tables."""

    def __init__(self):
        self.here = self.there = None

    def connect(self):
        deadline = time.monotonic() + 60
        while True:
            try:
                self.close()
                self.here = self.begin("here", "")
                self.there = self.begin("there", " -c session_preload_libraries=auto_explain "
                                        "-c auto_explain.log_analyze=on -c auto_explain.log_verbose=on "
                                        "-c auto_explain.log_timing=off -c auto_explain.log_format=json "
                                        "-c auto_explain.log_level=notice -c auto_explain.log_nested_statements=on")
                return
            except (Failed, Lost):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.3)

    @staticmethod
    def begin(schema, more):
        session = Session({"search_path": f"{schema},shared,public", "application_name": "query_test",
                           "options": "-c jit=off -c log_min_messages=fatal" + more})
        answer = session.run("CREATE TEMP TABLE scratch AS TABLE shared.scratch")
        if answer.state:
            raise Failed(answer.message)
        return session

    def close(self):
        for session in (self.here, self.there):
            if session:
                session.close()
        self.here = self.there = None

    @staticmethod
    def script(query, own, seconds):
        parts = ["RESET ALL", f"SET statement_timeout = '{seconds}s'", *query.common(), *own, *query.statements()]
        return ";".join(parts)

    @staticmethod
    def ask(session, sql):
        answer = session.run(sql)
        if answer.state:
            session.run("ROLLBACK")
            session.run("CLOSE ALL; DEALLOCATE ALL")
        return answer

    def outcome(self, query, explain=False):
        """What came of a query; a lost server counts when it is lost three times."""
        for attempt in range(3):
            if self.there is None:
                self.connect()
            try:
                return self.compare(query, explain)
            except Lost as error:
                self.close()
                time.sleep(0.5 + attempt + (os.getpid() % 7) / 5)
                message = str(error)
        return Outcome("crash", [f"the connection was lost: {message}"])

    def compare(self, query, explain):
        copy = self.ask(self.here, self.script(query, [], PATIENCE[0]))
        if copy.state == HANG:
            return Outcome(failed="too slow")
        own = query.own() + (["SET auto_explain.log_min_duration = 0"] if explain else [])
        foreign = self.ask(self.there, self.script(query, own, PATIENCE[1]))
        slow = foreign.state == HANG
        if slow:
            foreign = self.ask(self.there, self.script(query, own, PATIENCE[2]))
        outcome = self.judge(query, copy, foreign)
        outcome.slow = slow
        if explain and not outcome.kind:
            outcome.plans = {"scans": False, "sent": False, "rescanned": False, "nodes": set()}
            for notice in foreign.notices:
                plan = plan_of(notice)
                if plan:
                    look_at(plan, outcome.plans)
        return outcome

    def judge(self, query, copy, foreign):
        if copy.state or foreign.state:
            if copy.state == foreign.state:
                return Outcome(failed=copy.state)
            if copy.state in FREE or foreign.state in FREE:
                return Outcome(failed="either")
            kind = "hang" if foreign.state == HANG else f"error {foreign.state}" if foreign.state else "no error"
            return Outcome(kind, [f"copies: {copy.state or 'no error'} {copy.message or ''}",
                                  f"foreign tables: {foreign.state or 'no error'} {foreign.message or ''}"])
        rows = any(copy.sets) if query.way not in ("merge", "update", "write") else \
            any(tag.split()[0] in ("UPDATE", "MERGE", "DELETE", "INSERT") and tag[-2:] != " 0" for tag in copy.tags)
        if query.way == "cursor":
            return self.judge_cursor(query, copy.sets, foreign.sets, rows)
        for n, (a, b) in enumerate(zip(copy.sets, foreign.sets)):
            if a != b and sorted(a) != sorted(b):
                return Outcome("rows", self.difference(a, b, f"result {n + 1} of {len(copy.sets)}"))
        return Outcome(rows=rows)

    def judge_cursor(self, query, copy, foreign, rows):
        if sorted(copy[-1]) != sorted(foreign[-1]):
            return Outcome("rows", self.difference(copy[-1], foreign[-1], "all rows of the cursor"))
        expected = fetched(foreign[-1], [asked for _, asked in query.extra[1]])
        for n, (a, b) in enumerate(zip(expected, foreign)):
            if a != b:
                return Outcome("cursor", self.difference(a, b, f"FETCH number {n + 1}, by what FETCH ALL gave"))
        return Outcome(rows=rows)

    @staticmethod
    def difference(a, b, where):
        """What one side has and the other has not."""
        left, right = list(a), list(b)
        for row in list(left):
            if row in right:
                right.remove(row)
                left.remove(row)
        lines = [f"{where}: {len(a)} rows of the copies, {len(b)} of the foreign tables"]
        lines += [f"copies only:         {' | '.join(map(str, shown(row)))[:300]}" for row in left[:6]]
        lines += [f"foreign tables only: {' | '.join(map(str, shown(row)))[:300]}" for row in right[:6]]
        return lines
