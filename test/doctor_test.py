#!/usr/bin/env python3
"""xbb.doctor tells what is wrong with an API, and calls no healthy one broken.

A row for each way in which the simulator's API may differ from what the extension relies on: which
checks of the way and of the API are not "ok" then, and no others.  Where a row has none, the
difference does not matter, and the row says why.  Whatever comes, the list is asked for by 20
requests at most, and neither token nor company stands in any text.  Wants a server that is up
(PGHOST, PGDATABASE, with the extension) and the simulator.  Prints TAP.
"""
import json
import os
import subprocess
import sys
import urllib.request

TOKEN = "5f3a9c0d1e2b47689a0b1c2d3e4f5061"
COMPANY = f"dingDoctorTest{os.getpid()}n"    # and a number: what a limiter has answered is remembered by account
SHORT = {"depth": "unknown"}            # 730 records do not show what is beyond the 10000th
MOST = 20

LIMITED = "past_the_end page_size depth update_time add_time data_id text_in blank unknown_attr unknown_symbol acting_user forms".split()


def after(first):
    """A limiter's answer to one check ends the asking."""
    return {first: "unknown"} | {name: "skipped" for name in LIMITED[LIMITED.index(first) + 1:]}


# switches; the checks that are not ok, beside SHORT; why, or why it does not matter
ROWS = (
    ("", {}, "an API as the extension expects it"),
    ("order=add-asc", {}, "windows do not depend on the order"),
    ("order=id-desc bounce=on", {}, "nor on an order that is stable"),
    ("page_over=honour", {}, "more than 100 are not asked for"),
    ("page_over=refuse", {}, "more than 100 are not asked for"),
    ("short_pages=7", {"page_1": "warn"}, "read completely, with more requests"),
    ("missing_rows=3", {"page_1": "warn", "last_page": "fail"}, "scans of it end in an error"),
    ("total=missing", {"shape": "warn", "total": "fail", "page_1": "skipped", "last_page": "skipped", "past_the_end": "skipped",
                       "page_size": "skipped", "depth": "skipped", "acting_user": "skipped"}, "nothing is proven complete"),
    ("total=string", {}, "read as a number"),
    ("total_cap=500", {"past_the_end": "fail"}, "what is not counted is not seen"),
    ("total_add=-5", {"last_page": "fail", "update_time": "fail", "add_time": "fail"}, "scans of it end in an error"),
    ("total_add=5", {"last_page": "fail", "update_time": "fail", "add_time": "fail"}, "scans of it end in an error"),
    ("times=ms", {}, "read as well as seconds"),
    ("times=ms-string", {}, "read as well as seconds"),
    ("times=text", {"shape": "warn"}, "read in time_zone, which must be the API's"),
    ("fractions=on", {"update_time": "warn", "add_time": "warn"}, "windows overlap where it matters"),
    ("fractions=shown", {"answer": "fail"}, "no such value of the switch: the company is not made, the API says so, by a clock of its own"),
    ("fractions=wire", {"shape": "warn", "update_time": "warn", "add_time": "warn"}, "bounds are rounded outward"),
    ("bounds=exclusive", {"update_time": "fail", "add_time": "fail"}, "scans may end in an error"),
    ("ignore=updateTime", {"update_time": "fail"}, "scans end in an error"),
    ("ignore=addTime", {"add_time": "fail"}, "scans end in an error"),
    ("ignore=dataId", {"data_id": "fail", "unknown_symbol": "warn"}, "queries by id end in an error"),
    ("ignore=all", {"update_time": "fail", "add_time": "fail", "data_id": "fail", "text_in": "warn", "blank": "warn",
                    "unknown_attr": "warn", "unknown_symbol": "warn"}, "nothing is filtered there"),
    ("unknown_attr=ignore", {"unknown_attr": "warn"}, "a mistyped attr returns everything"),
    ("unknown_attr=none", {"unknown_attr": "warn"}, "a mistyped attr returns nothing"),
    ("unknown_symbol=ignore", {"unknown_symbol": "warn"}, "a mistyped symbol returns everything"),
    ("date=off", {"clock": "warn"}, "updateTime stands in for the clock"),
    ("date=garbage", {"clock": "warn"}, "updateTime stands in for the clock"),
    ("date_offset=600", {"clock": "warn"}, "one of the clocks is wrong"),
    ("sign=stripped", {"blank": "warn"}, "conditions with blanks fail"),
    ("sign=both", {}, "takes what is sent, and more"),
    ("user_id=required", {}, "it is sent"),
    ("rights=error", {"answer": "fail"}, "the user may see nothing"),
    ("rights=empty", {}, "an empty list: which of the two it is cannot be seen"),
    ("limit_second=3", after("past_the_end"), "a limiter's answer says nothing else"),
    ("limit_day=5", after("update_time"), "a limiter's answer says nothing else"),
    ("success=missing", {}, "code says it, too"),
    ("code_type=string", {}, "read as a number"),
    ("max_values=1", {"data_id": "warn", "text_in": "warn"}, "one value at a time is taken"),
    ("arrays_in_strings=off", {}, "arrays are read either way"),
    ("empty=no-result", {}, "an empty list is read either way"),
    ("empty=no-list", {}, "an empty list is read either way"),
    ("latency=100", {}, "one in flight after the other reach the rate"),
    ("two_instants=list-first", {}, "nothing changes meanwhile"),
    # beyond the 43
    ("page_max=50", {"page_1": "warn"}, "read completely, with more requests"),
    ("page_max=30 page_over=refuse", {"answer": "fail"}, "the option page_size is to be lowered"),
    ("ignore=text_1", {"blank": "warn"}, "each row is compared once more here"),
    ("keepalive=off", {"reuse": "warn"}, "each page costs a connection"),
    ("total_add=99999", {"last_page": "unknown", "past_the_end": "unknown", "update_time": "fail", "add_time": "fail", "depth": "ok"},
     "too deep to be seen by pages, not by times"),
    ("depth=500", {"last_page": "fail"}, "scans of it end in an error"),
    ("no_times=3", {}, "page 1 has none of those without times"),
    ("escape=ascii numbers=string total_page=missing", {}, "read either way"),
    ("limit_second=3 limit_mode=503", after("past_the_end"), "a limiter's answer says nothing else"),
    ("bounds=exclusive times=ms", {"update_time": "fail", "add_time": "fail"}, "scans may end in an error"),
    ("total_cap=500 short_pages=7", {"page_1": "warn", "last_page": "fail", "past_the_end": "fail"}, "what is not counted is not seen"),
    # judged from the API's description alone, by somebody who had not seen the doctor's code
    ("depth=300 depth_mode=error", {"last_page": "fail", "past_the_end": "warn"},
     "records below the third page cannot be had, and a list that gets shorter while it is read ends in an error"),
    ("text_limit=8", {"text_in": "fail", "blank": "fail"}, "a longer text is there and not found: a query for it loses rows"),
    ("limit_minute=4 limit_mode=429 retry_after=30", after("page_size"), "a limiter's answer says nothing else, and nobody waits for it"),
    ("keepalive=off date_offset=-3600", {"reuse": "warn", "clock": "warn"}, "each page costs a connection; one of the clocks is wrong"),
    ("key_order=code-last escape=slash numbers=string chunked=on", {}, "read either way"),
    ("max_values=2", {"data_id": "warn"}, "two values are taken, three are not"),
    ("fractions=on bounds=exclusive", {"update_time": "warn", "add_time": "warn"}, "no stamp is a whole second: as fractions alone"),
)


def order(company, verb, *rest, **args):
    """What the simulator says to an order."""
    message = {"corpid": company, "verb": verb, "args": args, "rest": rest}
    with urllib.request.urlopen(os.environ["XBB_SIM_URL"] + "/_ctl", json.dumps(message).encode()) as answer:
        reply = json.load(answer)
    if not reply["ok"]:
        raise RuntimeError(reply["text"])
    return reply["text"]


class Session:
    """One psql for all: what starts it would take longer than what is asked."""

    def __init__(self):
        self.process = subprocess.Popen(["psql", "-XqAt"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True, encoding="utf-8")

    def run(self, sql):
        self.process.stdin.write(sql + "\n\\echo the end\n")
        self.process.stdin.flush()
        lines = []
        while not lines or lines[-1] not in ("the end\n", ""):
            lines.append(self.process.stdout.readline())
        if any(line.startswith(("ERROR", "FATAL")) for line in lines) or lines.pop() == "":
            raise RuntimeError("".join(lines))
        return "".join(lines)


SESSION = []


def psql(sql):
    if not SESSION:
        SESSION.append(Session())
        SESSION[0].run("SET client_min_messages = warning;")
    return SESSION[0].run(sql)


def world(company, switches):
    given = dict(pair.split("=") for pair in switches.split())
    try:
        order(company, "create", token=TOKEN, products="730", clock="now", **given)
    except RuntimeError:
        if given != {"fractions": "shown"}:
            raise


def forget(company):
    try:
        order(company, "remove")
    except RuntimeError:
        pass            # one that was not made


def look(company, object="product", deep=False):
    rows = json.loads(psql(f"ALTER SERVER doctor_test OPTIONS (SET corpid '{company}'); SELECT json_agg(d ORDER BY d.no) FROM xbb.doctor('doctor_test', '{object}', {deep}) d;"))
    assert rows[0]["check_name"] == "summary"
    return rows


def differs(company, rows, switches, wanted):
    """What is wrong with the rows of a look."""
    words = json.dumps(rows)
    found = {row["check_name"]: row["status"] for row in rows if row["area"] in ("network", "api") and row["status"] != "ok"}
    sent = int(order(company, "count")) if switches != "fractions=shown" else 1
    if found != wanted:
        yield f"not ok are {found}, wanted {wanted}"
        yield from (f"{row['check_name']}: {row['found']}" for row in rows if row["check_name"] in dict(found.items() ^ wanted.items()))
    if rows[0]["requests"] != sent or sum(row["requests"] for row in rows[1:]) != sent:
        yield f"{rows[0]['requests']} requests said, {sent} sent"
    if sent > MOST:
        yield f"{sent} requests"
    if wanted.get("answer") == "fail" and not (rows[0]["fix"] or "").startswith("ALTER "):
        yield f"the summary's fix is {rows[0]['fix']}"
    if TOKEN in words or COMPANY in words:
        yield "a secret is told"
    expected = ("fail" if "fail" in wanted.values() else "warn" if "warn" in wanted.values() else
                "unknown" if switches.startswith("limit") else "ok")
    if rows[0]["status"] != expected:
        yield f"the summary is {rows[0]['status']}: {rows[0]['found']}"


def empty_or(switches, wanted):
    """What SHORT adds: what needs records, and has none, is skipped."""
    if wanted.get("answer") == "fail":
        rest = "shape order total page_1 last_page past_the_end page_size depth update_time add_time data_id text_in blank unknown_attr unknown_symbol acting_user".split()
        forms = {"rights=error": {"forms": "warn"}, "fractions=shown": {"forms": "skipped", "reuse": "unknown", "clock": "warn"}}
        return {name: "skipped" for name in rest} | forms.get(switches, {}) | wanted
    if switches == "rights=empty":
        rest = "shape order page_1 last_page past_the_end page_size depth update_time add_time data_id text_in blank unknown_attr unknown_symbol".split()
        return {name: "skipped" for name in rest} | wanted
    return {name: status for name, status in (SHORT | wanted).items() if status != "ok"}


def check_default():
    """Each check has its row, whatever comes, in the same order."""
    world(f"{COMPANY}0", "")
    rows = look(f"{COMPANY}0")
    names = [row["check_name"] for row in rows]
    if [row["no"] for row in rows] != list(range(len(rows))) or len(set(names)) != len(names):
        yield f"rows are {names}"
    if not {"mapping", "answer", "tls"} < set(names) or rows[0]["status"] != "ok" or "nothing to do" not in rows[0]["found"]:
        yield f"{rows[0]}"
    kept = json.loads(psql("SELECT json_agg(check_name ORDER BY no) FROM xbb.doctor_result WHERE server = 'doctor_test';"))
    if kept != names:
        yield f"kept are {kept}"
    world(f"{COMPANY}0", "rights=error")
    if [row["check_name"] for row in look(f"{COMPANY}0")] != names:
        yield "other rows where the first answer is no"


def check_deep():
    """60 requests at most; facts are no faults, but for a signature that nobody verifies."""
    names = None
    for switches, wanted in ("", []), ("unseen_symbols=work", []), ("sign=off", ["wrong_signature"]), ("limit_second=20", []):
        world(f"{COMPANY}deep{switches}", switches)
        rows = look(f"{COMPANY}deep{switches}", deep=True)
        odd = [row["check_name"] for row in rows if row["area"] in ("api", "deep") and row["status"] in ("warn", "fail")]
        sent = int(order(f"{COMPANY}deep{switches}", "count"))
        elsewhere = sum(row["requests"] for row in rows if row["check_name"] == "wrong_company")
        if odd != wanted or sent > 60 or sent + elsewhere != rows[0]["requests"]:
            yield f"{switches}: {odd}, {sent} requests"
        names = names or [row["check_name"] for row in rows]
        if names != [row["check_name"] for row in rows]:
            yield f"{switches}: other checks"
        forget(f"{COMPANY}deep{switches}")


def check_objects():
    """Lists that take no conditions, have no pages, or want a form; one that is deep."""
    company = f"{COMPANY}objects"
    world(company, "")
    order(company, "create", object="customer", form_id="5300201", records="12500")
    for object, lacks in (("user", "skipped"), ("role", "skipped"), ("customer", "ok"), ("/pro/v2/api/product/list", "ok")):
        rows = {row["check_name"]: row["status"] for row in look(company, object=object)}
        if rows["summary"] != "ok" or rows["answer"] != "ok" or rows["update_time"] != lacks:
            yield f"{object}: {rows}"
        if (rows["depth"] == "ok") != (object == "customer"):
            yield f"{object}: depth is {rows['depth']}"
    forget(company)


def check_syncs():
    """Syncs of the server, the alerts that watch them, and nothing where there are none."""
    company = f"{COMPANY}syncs"
    world(company, "")
    before = {row["check_name"]: row["status"] for row in look(company)}
    if (before["syncs"], before["alerts"]) != ("ok", "skipped"):
        yield f"without syncs: {before}"
    psql("""CREATE FOREIGN TABLE doctor_product (data_id bigint, update_time timestamptz) SERVER doctor_test OPTIONS (object 'product');
            SELECT xbb.create_sync('doctor_copy', source => 'doctor_product'); CALL xbb.sync('doctor_copy'); SELECT xbb.check_alerts();""")
    rows = {row["check_name"]: row for row in look(company)}
    if rows["syncs"]["status"] != "ok" or not rows["syncs"]["found"].startswith("1 of this server, ") or rows["alerts"]["status"] != "ok":
        yield f"with one: {rows['syncs']}, {rows['alerts']}"
    world(company, "rights=error")
    try:
        psql("CALL xbb.sync('doctor_copy');")
        yield "it does not fail"
    except RuntimeError:
        pass
    rows = {row["check_name"]: row for row in look(company)}
    if rows["syncs"]["status"] != "warn" or "doctor_copy is failing" not in rows["syncs"]["found"]:
        yield f"that fails: {rows['syncs']}"
    psql("SELECT xbb.drop_sync('doctor_copy'); DROP TABLE doctor_copy; DROP FOREIGN TABLE doctor_product;")
    forget(company)


def check_half():
    """Of two texts that are there one is found: queries for the other lose rows."""
    company = f"{COMPANY}half"
    world(company, "text_limit=18")
    newest = max(order(company, "dump", form="csv", cols="updateTime,dataId").split(), key=lambda line: [int(n) for n in line.split(",")])
    order(company, "touch", '{"serialNo": "CP.and-a-long-one.after-it"}', id=newest.split(",")[1])
    found = {row["check_name"]: row["status"] for row in look(company)}
    if (found["text_in"], found["summary"]) != ("fail", "fail"):
        yield f"{found}"
    forget(company)


def check_lost():
    """A connection that ended with a request that was lost says nothing of those that are used again."""
    company = f"{COMPANY}lost"
    world(company, "")
    order(company, "fault", what="close", at="every")
    found = {row["check_name"]: row["status"] for row in look(company)}
    if (found["answer"], found["reuse"]) != ("fail", "unknown"):
        yield f"{found}"
    forget(company)


def check_quiet():
    """What the API says of a value that it was asked for is told without the value."""
    company = f"{COMPANY}quiet"
    world(company, "")
    newest = max((line.split(",") for line in order(company, "dump", form="csv", cols="updateTime,dataId,serialNo").split()),
                 key=lambda row: [int(number) for number in row[:2]])
    order(company, "fault", what="code", code="701020", msg=f"没有 {newest[2]}，请联系13812345678", has="serialNo", at="every")
    row = next(row for row in look(company) if row["check_name"] == "text_in")
    if row["status"] != "warn" or "701020" not in row["found"] or "请联系" not in row["found"] or newest[2] in row["found"] or "1381234" in row["found"]:
        yield f"{row}"
    forget(company)


def check_moments():
    """What changes meanwhile, or is lost once, is no fault."""
    moments = (("at", {"do": "touch", "id": "first"}), ("at", {"do": "drop", "id": "first"}), ("at", {"do": "add"}),
               ("fault", {"what": "close"}), ("fault", {"what": "status", "code": "502"}), ("fault", {"what": "status", "code": "404"}))
    for number, (verb, args) in enumerate(moments):
        for at in range(1 + number % 4, 16, 4):
            company = f"{COMPANY}moment{number}.{at}"
            world(company, "")
            order(company, verb, **{"n" if verb == "at" else "at": str(at)}, **args)
            rows = look(company)
            odd = [(row["check_name"], row["found"]) for row in rows if row["status"] in ("warn", "fail")]
            if odd or rows[0]["requests"] > MOST:
                yield f"{args} at {at}: {odd}, {rows[0]['requests']} requests"
            forget(company)


def main():
    number = bad = 0
    others = (check_default, check_deep, check_objects, check_syncs, check_half, check_quiet, check_lost, check_moments)
    psql(f"""CREATE SERVER doctor_test FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '{COMPANY}', base_url '{os.environ["XBB_SIM_URL"]}', rate_limit '0');
             CREATE USER MAPPING FOR CURRENT_USER SERVER doctor_test OPTIONS (token '{TOKEN}', user_id '1');""")
    print(f"1..{len(ROWS) + len(others)}")
    for switches, wanted, why in ROWS:
        number += 1
        company = f"{COMPANY}{number}"
        try:
            world(company, switches)
            wrong = list(differs(company, look(company), switches, empty_or(switches, wanted)))
        except RuntimeError as error:
            wrong = [str(error)]
        forget(company)
        bad += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {switches or 'none'}: {why}")
        for line in wrong:
            print("#", line)
    for check in others:
        number += 1
        wrong = list(check())
        bad += bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {check.__doc__.strip()}")
        for line in wrong:
            print("#", line)
    psql("DROP SERVER doctor_test CASCADE;")
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
