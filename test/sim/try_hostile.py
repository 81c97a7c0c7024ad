"""Selftest: targets that do harm, and the journal that tells what they did."""
import hashlib
import time

from .try_targets import Asker, journal


def sha(text):
    return hashlib.sha256(text.encode()).hexdigest()


def batch(first, n, version=1):
    return [{"id": f"K{i}", "version": version} for i in range(first, first + n)]


def try_records(tap, ctl, port):
    """What becomes of a record whose key is there already; verdicts; the journal."""
    ok = tap.ok
    ctl("h1", "create-target")
    asker = Asker(port, "h1")
    got = asker.ask("api/execute", [{"编码": "001", "id": "A1"}, {"编码": "002", "id": "B2"}])
    ok(got["code"] == 0 and [(d["id"], d["success"], d["docId"]) for d in got["data"]]
       == [("A1", True, "1000001"), ("B2", True, "1000002")], "the case study's array", got)
    line = ctl("h1", "journal").split("\n")[0].split("\t")
    ok(line[2:] == ["api/execute", "-", sha('[{"编码":"001","id":"A1"},{"编码":"002","id":"B2"}]'), "A1", "-",
                    sha('{"id":"A1","编码":"001"}'), "new", "ok", "200"], "a line of the journal", line)
    for version in (2, 2, 1):
        asker.ask("api/execute", batch(1, 1, version))
    ok([e for e, in journal(ctl, "h1", 8)[2:]] == ["new", "again", "stale"], "an upsert, and a version that went back")
    ctl("h1", "set", twice="refuse")
    ok(asker.ask("api/execute", batch(1, 1))["data"][0]["status"] == "duplicate", "refused, since it is there")
    ctl("h1", "set", twice="double")
    asker.ask("api/execute", batch(1, 1, 3))
    ok(ctl("h1", "documents").split("\n")[2] == "K1\t3\t2\t1000003", "doubled", ctl("h1", "documents"))
    ctl("h1", "refuse", "K2")
    got = asker.ask("api/execute", batch(2, 2))
    ok([d["success"] for d in got["data"]] == [False, True], "one of two is refused", got)
    ctl("h1", "set", atomic="on")
    got = asker.ask("api/execute", batch(2, 1) + batch(9, 1))
    ok(got["code"] == 1 and "data" not in got and journal(ctl, "h1", 5, 8)[-2:] == [("K2", "refused"), ("K9", "skipped")],
       "all for one", got)
    ctl("h1", "accept")
    ok(asker.ask("api/execute", batch(2, 1))["code"] == 0, "and accepted again")
    ok([d["docId"] for d in asker.ask("api/query", {"id": ["K1", "no"]})["data"]] == ["1000003", "1000004"]
       and asker.ask("api/query", {"id": "no"})["data"] == [], "a query")
    ctl("h1", "set", batch_max="3")
    ok(asker.ask("api/execute", batch(20, 4))["code"] == 1, "a batch that is too great")


def try_repeats(tap, ctl, port):
    ok = tap.ok
    ctl("h2", "create-target", idempotency="required", latency="0", token="s3cret")
    asker, auth = Asker(port, "h2"), {"Authorization": "Bearer s3cret"}

    def status(value, **more):
        asker.ask("api/execute", value, {**auth, **more})
        return asker.status
    key = {"Idempotency-Key": "k1"}
    ok(status(batch(1, 1)) == 400, "no key")
    ok((status(batch(1, 1), **key), status(batch(1, 1), **key)) == (200, 200) and [e for e, in journal(ctl, "h2", 8)[1:]]
       == ["new", "replayed"], "the same key, the same answer")
    ok(status(batch(2, 1), **key) == 422, "the same key, another body")
    ctl("h2", "fault", what="delay", ms="400")
    hasty = Asker(port, "h2", 0.1)
    try:
        hasty.ask("api/execute", batch(3, 1), {**auth, "Idempotency-Key": "k2"})
        ok(False, "an answer comes late")
    except TimeoutError:
        ok(status(batch(3, 1), **{"Idempotency-Key": "k2"}) == 409, "the first request still runs")
    time.sleep(0.5)
    ok(status(batch(3, 1), **{"Idempotency-Key": "k2"}) == 200 and journal(ctl, "h2", 8, 9)[-3:]
       == [("new", "late"), ("running", "running"), ("replayed", "ok")], "and then it is known", journal(ctl, "h2", 8, 9))
    ok(Asker(port, "h2").ask("api/execute", [])["code"] == 401, "no token")
    ctl("h6", "create-target", app_id="a", app_secret="s")
    asker = Asker(port, "h6")
    token = asker.ask("oauth2/token", {"grant_type": "client_credentials", "client_id": "a", "client_secret": "s"})["access_token"]
    ctl("h6", "fault", what="says", kind="token", executed="on", path="api/execute")
    got = [asker.ask("api/execute", batch(1, 1), {"Authorization": f"Bearer {token}"})["code"] for _ in range(2)]
    ok(got == [401, 401] and [e for e, in journal(ctl, "h6", 8)[-2:]] == ["new", "token"], "a token that has expired once all is executed", got)


def try_harm(tap, ctl, port):
    ok = tap.ok
    ctl("h3", "create-target")
    asker, n = Asker(port, "h3"), 0
    lost = ("RemoteDisconnected", "ConnectionResetError", "IncompleteRead", "JSONDecodeError")
    for what, answers, executed in (("close", lost, "new"), ("reset", lost, "new"), ("half", lost, "new"),
                                    ("html", lost, "new"), ("truncated", lost, "new"), ("lost", lost, "lost"),
                                    ("empty", ({},), "new"), ("null", (None,), "new")):
        ctl("h3", "fault", what=what)
        n += 1
        got = asker.breaks("api/execute", batch(n, 1))
        ok(got in answers and journal(ctl, "h3", 8, 9)[-1] == (executed, "-"), f"{what}: {executed}, and not told", got,
           journal(ctl, "h3", 5, 8, 9)[-1])
    for kind, code in (("throttled", 429), ("token", 401), ("busy", 503)):
        for executed in ("off", "on"):
            n += 1
            ctl("h3", "fault", what="says", kind=kind, executed=executed, retry_after="7")
            asker.ask("api/execute", batch(n, 1))
            line = journal(ctl, "h3", 8, 9)[-1]
            ok(asker.status == code and asker.headers["Retry-After"] == "7"
               and line == (("new", "-") if executed == "on" else (kind, kind)), f"says {kind}, executed {executed}", line)
    ctl("h3", "fault", what="half-told")
    got = asker.ask("api/execute", batch(100, 10))
    ok(len(got["data"]) == 5 and [t for t, in journal(ctl, "h3", 9)[-10:]].count("-") == 5,
       "half of a batch is not mentioned", got)
    ctl("h3", "fault", what="later", ms="300")
    hasty = Asker(port, "h3", 0.1)
    ok(hasty.breaks("api/execute", batch(150, 1)) == "TimeoutError" and "K150" not in ctl("h3", "documents")
       and journal(ctl, "h3", 8, 9)[-1] == ("later", "-"), "no answer, and nothing is there")
    time.sleep(0.5)
    ok("K150" in ctl("h3", "documents") and journal(ctl, "h3", 8, 9)[-1] == ("new", "-"), "but later it is")
    ctl("h3", "fault", what="refuse-one")
    got = asker.ask("api/execute", batch(200, 50))
    ok(sum(not d["success"] for d in got["data"]) == 1, "one of fifty is refused")
    ctl("h3", "set", slow_above="20", slow_ms="300", slow_executes="off")
    start = time.monotonic()
    asker.raw("api/execute", "[" + ",".join('{"id":"L%d"}' % i for i in range(21)) + "]")
    ok(asker.status == 504 and time.monotonic() - start > 0.29 and "L1\t" not in ctl("h3", "documents"), "a batch above 20")
    ctl("h3", "set", slow_above="0", limit_second="3")
    time.sleep(1.05)
    ok([asker.ask("api/execute", batch(300, 1))["code"] for _ in range(4)] == [0, 0, 0, 429], "3 a second")
    ctl("h3", "set", limit_second="0")
    struck = []
    for _ in range(2):
        ctl("h4", "create-target")
        ctl("h4", "fault", what="status", code="500", prob="0.3", seed="7")
        client, codes = Asker(port, "h4"), []
        for i in [*range(20), *range(20)]:
            client.raw("api/execute", '[{"id":"R%d"}]' % i)
            codes.append(client.status)
        struck.append(codes)
    ok(struck[0] == struck[1] and 3 < struck[0].count(500) < 25 and struck[0][:20] != struck[0][20:],
       "a share and a seed", struck[0])
    port_of = int(ctl("h3", "port"))
    own = Asker(port_of, "h3")
    own.prefix = "/"
    ok(own.ask("api/execute", batch(400, 1))["code"] == 0, "a port of its own")
