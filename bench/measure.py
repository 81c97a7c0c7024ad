"""Measures xbb_fdw on the servers that bench/run has started, and prints one table.

Times and ratios are the median of five runs, of three where other tools are run; what is compared runs in turns, so
that a busy machine is busy for both.  The CPU time of a backend is what the kernel's scheduler counted for it (user
and system).
"""

import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import backend
from backend import URL, simulator

TOKEN = "t0ken"
PAGE = 100
CONCURRENCY = 16
LIST_URL = URL + "/pro/v2/api/product/list"
WORK = os.environ["WORK"]
HERE = os.path.dirname(os.path.abspath(__file__))
SECTIONS = ("cpu", "instructions", "wall", "small", "append", "rate", "requests", "memory", "peers")

# records, and milliseconds of latency
SIZES = {
    "quick": {"cpu": 20_000, "instructions": 5_000, "wall": 30_000, "latencies": (0, 50, 100, 200),
              "small": (400, 1_900), "append": 2_000,
              "rate": 20_000, "rate_latencies": (50,), "lists": (400, 1_900, 10_100, 30_000),
              "memory": (1_000, 100_000), "peers": 5_000, "peer_latencies": (0, 50)},
    "full": {"cpu": 100_000, "instructions": 5_000, "wall": 100_000, "latencies": (0, 50, 100, 200),
             "small": (400, 1_900), "append": 5_000,
             "rate": 20_000, "rate_latencies": (0, 50, 200), "lists": (400, 1_900, 10_100, 30_000, 100_000),
             "memory": (1_000, 100_000, 1_000_000), "peers": 20_000, "peer_latencies": (0, 50)},
}
RUNS = 5
TURNS = 3                                       # of each way, in one run of CPU
PEER_RUNS = 3                                   # they take long

COLUMNS = "data_id, serial_no, update_time, add_time, name, price, owners"
TARGET = """
CREATE TABLE target (data_id bigint PRIMARY KEY, serial_no text UNIQUE, update_time timestamptz,
  add_time timestamptz, name text, price numeric, owners text[])"""
FOREIGN = """
CREATE SERVER {corpid} FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '{corpid}', base_url '{url}',
  concurrency '{concurrency}', rate_limit '{rate}', daily_quota '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER {corpid} OPTIONS (token '{token}');
CREATE FOREIGN TABLE {corpid} (data_id bigint, serial_no text, update_time timestamptz, add_time timestamptz,
  name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'), owners text[] OPTIONS (attr 'ownerId'))
  SERVER {corpid} OPTIONS (object 'product')"""

FROM_TABLE = f"INSERT INTO target SELECT {COLUMNS} FROM {{}}"
# the cheapest of several ways to write it
FROM_JSON = """
INSERT INTO target
SELECT r."dataId", d."serialNo", to_timestamp(r."updateTime"), to_timestamp(r."addTime"), d.text_1, d.num_1,
       translate(d."ownerId", '[]', '{{}}')::text[]
FROM {},
     jsonb_to_recordset(body::jsonb #> '{{result,list}}')
       AS r("dataId" bigint, "addTime" bigint, "updateTime" bigint, data jsonb),
     jsonb_to_record(r.data) AS d("serialNo" text, text_1 text, num_1 numeric, "ownerId" text)"""
# with pgsql-http
ANSWERS = """
(SELECT content AS body
 FROM generate_series(1, {pages}) AS page,
      LATERAL (SELECT format('{{"corpid":"%s","page":%s,"pageSize":100}}', '{corpid}', page) AS asked) AS request,
      LATERAL http(('POST', '{url}', ARRAY[http_header('sign', encode(sha256(convert_to(asked || '{token}', 'UTF8')),
        'hex'))], 'application/json', asked)::http_request)) AS answers"""


class Psql(backend.Psql):
    """One whose measured statements fill the table target."""

    def measure(self, sql):
        self("TRUNCATE target")
        return super().measure(sql)


def create_list(psql, corpid, records, rate=0):
    """A company with a product list of so many records, and a foreign table of its name that reads it."""
    simulator(corpid, "create", token=TOKEN, products=records, gzip="off", freeze="on")
    psql(FOREIGN.format(corpid=corpid, url=URL, concurrency=CONCURRENCY, rate=rate, token=TOKEN))


def signed(corpid, page):
    body = json.dumps({"corpid": corpid, "page": page, "pageSize": PAGE}, separators=(",", ":"))
    return hashlib.sha256((body + TOKEN).encode()).hexdigest(), body


def bare(corpid, records, rate=0, concurrency=CONCURRENCY):
    """Seconds that a client takes that only fetches the pages."""
    with tempfile.NamedTemporaryFile("w", dir=WORK + "/tmp", suffix=".tsv") as file:
        for page in range(1, records // PAGE + 1):
            file.write("%s\t%s\n" % signed(corpid, page))
        file.flush()
        out = subprocess.run([WORK + "/tmp/bare", LIST_URL, file.name, str(concurrency), str(rate)],
                             check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(out.split()[0])


def store_bodies(psql, corpid, records):
    """The answers, oldest records first, in a table; not compressed, which would cost the reader more."""
    psql(f"CREATE TABLE {corpid}_bodies (body text); ALTER TABLE {corpid}_bodies ALTER body SET STORAGE EXTERNAL")
    with open(WORK + "/tmp/bodies", "wb") as file:
        for page in range(records // PAGE, 0, -1):
            sign, body = signed(corpid, page)
            request = urllib.request.Request(LIST_URL, body.encode(), {"sign": sign})
            with urllib.request.urlopen(request) as response:
                file.write(response.read().replace(b"\\", b"\\\\") + b"\n")
    psql(f"\\copy {corpid}_bodies FROM '{WORK}/tmp/bodies'\nVACUUM ANALYZE {corpid}_bodies")


def fingerprint(psql, exact=True):
    """Of what is in the table target; jq 1.6 makes doubles of numbers, so that prices differ."""
    price = "price" if exact else "NULL"
    columns = COLUMNS.replace("price", price)
    return psql(f"SELECT count(*), sum(hashtextextended(({columns})::text, 0)) FROM target")


def explained(psql, corpid):
    """The numbers that EXPLAIN ANALYZE shows of a scan."""
    text = psql(f"EXPLAIN (ANALYZE, VERBOSE, COSTS OFF) SELECT {COLUMNS} FROM {corpid}")
    return {name.strip(): value.strip() for name, _, value in (line.partition(":") for line in text.splitlines())}


# --- the table ------------------------------------------------------------------------------------------

ROWS = [("measurement", "result", "compared with", "ratio", "target")]


def middle(values):
    return statistics.median(values)


def ratio(ours, theirs):
    """The median of the ratios of what ran one after the other."""
    return middle([a / b for a, b in zip(ours, theirs)])


def add(what, result, against="", value=None, target=None):
    """A line of the table; target is the greatest ratio that is good."""
    shown = "" if value is None else f"{value:.2f}"
    verdict = "" if target is None else f"<= {target:.2f} {'ok' if value <= target else 'MISSED'}"
    ROWS.append((what, result, against, shown, verdict))
    print(" | ".join(part for part in ROWS[-1] if part), flush=True)


def print_table():
    widths = [max(len(row[i]) for row in ROWS) for i in range(5)]
    print()
    for n, row in enumerate(ROWS):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if n == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


# --- sections -------------------------------------------------------------------------------------------

def prepare_cpu(psql, corpid, records):
    """A list, the same bodies in a table, the same rows in a table: what reads and loads each."""
    ways = {"api": FROM_TABLE.format(corpid), "bodies": FROM_JSON.format(corpid + "_bodies"),
            "local": FROM_TABLE.format(corpid + "_local")}
    create_list(psql, corpid, records)
    store_bodies(psql, corpid, records)
    psql("TRUNCATE target")
    psql(ways["api"])
    psql(f"CREATE TABLE {corpid}_local AS TABLE target")
    psql(f"VACUUM ANALYZE {corpid}_local")
    expected = fingerprint(psql)
    for sql in (ways["bodies"], ways["local"]):
        psql("TRUNCATE target")
        psql(sql)
        if fingerprint(psql) != expected:
            raise SystemExit("not the same rows: " + sql)
    return ways


def add_cpu(what, show, found):
    """The lines of CPU time or instructions; found has a list by way."""
    for name, title, target in (("bodies", "jsonb_to_recordset", .35), ("local", "INSERT from a local table", 4.0)):
        add(what, show(middle(found["api"])), f"{title}: {show(middle(found[name]))}", ratio(found["api"], found[name]),
            target)


def measure_cpu(psql, size):
    records = size["cpu"]
    ways = prepare_cpu(psql, "cpu", records)
    found = {name: [] for name in ways}
    for run in range(RUNS + 1):
        # in turns, as a shared processor is now fast, now slow
        seconds = {name: 0 for name in ways}
        for _ in range(TURNS):
            for name, sql in ways.items():
                seconds[name] += psql.measure(sql)[1]
        for name in ways:
            if run > 0:                         # the first one warms caches
                found[name].append(seconds[name] / TURNS / records * 1e6)
    add_cpu(f"CPU a row, {records:,} rows", lambda us: f"{us:.2f} us", found)


def measure_wall(psql, size):
    records = size["wall"]
    pages = records // PAGE
    create_list(psql, "wall", records)
    for latency in size["latencies"]:
        simulator("wall", "set", latency=latency)
        ours, theirs = [], []
        bare("wall", records)
        psql.measure(FROM_TABLE.format("wall"))
        for _ in range(RUNS):
            theirs.append(bare("wall", records))
            ours.append(psql.measure(FROM_TABLE.format("wall"))[0])
        what = f"wall time, {pages:,} pages, {latency} ms, {CONCURRENCY} in flight"
        result = f"{middle(ours):.2f} s"
        promised = latency == 100 and pages >= 1000
        if latency:
            ideal = pages / CONCURRENCY * latency / 1000
            add(what, result, f"pages/{CONCURRENCY} round trips: {ideal:.2f} s", middle(ours) / ideal,
                1.3 if promised else None)
        add(what, result, f"bare client: {middle(theirs):.2f} s", ratio(ours, theirs), 1.15 if promised else None)


def measure_small(psql, size):
    """Lists of a few pages, as in most incremental runs, where every round trip shows."""
    for records in size["small"]:
        corpid, latency = f"small{records}", 100
        create_list(psql, corpid, records)
        simulator(corpid, "set", latency=latency)
        ours, theirs = [], []
        for run in range(RUNS + 1):
            theirs.append(bare(corpid, records, concurrency=1))
            ours.append(psql.measure(FROM_TABLE.format(corpid))[0])
        what = f"wall time, {records // PAGE} pages, {latency} ms, {CONCURRENCY} in flight"
        add(what, f"{middle(ours[1:]):.2f} s", f"bare client, one by one: {middle(theirs[1:]):.2f} s",
            ratio(ours[1:], theirs[1:]))


def measure_append(psql, size):
    """Several companies in one UNION ALL, read at the same time or one after the other."""
    names = [f"append{n}" for n in range(4)]
    for name in names:
        create_list(psql, name, size["append"])
        simulator(name, "set", latency=100)
    query = "INSERT INTO target " + " UNION ALL ".join(
        f"SELECT data_id + {n}000000, serial_no || '/{n}', update_time, add_time, name, price, owners FROM {name}"
        for n, name in enumerate(names))
    together, apart = [], []
    for run in range(RUNS + 1):
        together.append(psql.measure(query)[0])
        psql("SET enable_async_append = off")
        apart.append(psql.measure(query)[0])
        psql("RESET enable_async_append")
    add(f"wall time, UNION ALL of 4 lists of {size['append'] // PAGE} pages, 100 ms", f"{middle(together[1:]):.2f} s",
        f"one after the other: {middle(apart[1:]):.2f} s", ratio(together[1:], apart[1:]))


def measure_rate(psql, size):
    records, rate = size["rate"], 16
    create_list(psql, "rate", records, rate)
    for latency in size["rate_latencies"]:
        simulator("rate", "set", latency=latency)
        bare("rate", records)
        ours, theirs, parts = [], [], []
        for run in range(RUNS):
            # the pages that the simulator has not kept are made while nothing is measured
            if run == 0:
                psql("ALTER SERVER rate OPTIONS (SET rate_limit '0')")
                psql.measure(FROM_TABLE.format("rate"))
                psql("ALTER SERVER rate OPTIONS (SET rate_limit '16')")
            simulator("rate", "clear")
            ours.append(psql.measure(FROM_TABLE.format("rate"))[0])
            requests = int(simulator("rate", "count"))
            parts.append(ours[-1] / (requests / rate))
            theirs.append(bare("rate", records, rate))
        what = f"wall time, {requests} requests, {latency} ms, {rate} a second"
        add(what, f"{middle(ours):.2f} s", f"requests/{rate}: {requests / rate:.2f} s", middle(parts), 1.05)
        add(what, f"{middle(ours):.2f} s", f"bare client, {records // PAGE} requests: {middle(theirs):.2f} s",
            ratio(ours, theirs))


def measure_requests(psql, size):
    for records in size["lists"]:
        corpid, pages = f"requests{records}", -(-records // PAGE)
        create_list(psql, corpid, records)
        calls = int(explained(psql, corpid)["Calls"])
        add(f"requests, {records:,} records at rest", f"{calls}", f"pages: {pages}", calls / pages,
            (pages + 3) / pages if pages < 20 else 1.12 if pages >= 100 else None)
        simulator(corpid, "remove")


def measure_memory(size):
    for records in size["memory"]:
        corpid, peak, done = f"memory{records}", 0, threading.Event()
        with Psql() as psql:
            create_list(psql, corpid, records)

            def watch():
                nonlocal peak
                while not done.wait(.005):
                    peak = max(peak, psql.anonymous())

            thread = threading.Thread(target=watch)
            thread.start()
            psql("TRUNCATE target")
            psql(FROM_TABLE.format(corpid))
            done.set()
            thread.join()
            if psql("SELECT count(*) FROM target") != str(records):
                raise SystemExit("rows are missing")
        simulator(corpid, "remove")
        limit = 24e6 + 24 * records
        add(f"anonymous memory, {records:,} records", f"{peak / 1e6:.1f} MB", f"limit: {limit / 1e6:.1f} MB",
            peak / limit, 1.0)


def run_program(words):
    """(seconds, CPU seconds of the program and of its backend)."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    out = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, cwd=WORK + "/tmp").stdout
    seconds, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime + float(out)


def find_peers(psql, corpid, records):
    """name: a function that fills the table target and returns (seconds, CPU seconds)."""
    where = [LIST_URL, corpid, TOKEN]
    script = [sys.executable, HERE + "/tutorial.py"]
    programs = {"the tutorial's script": [*script, "row", *where],
                "the same with execute_values": [*script, "values", *where],
                "curl + jq + COPY": [HERE + "/shell_copy", *where]}
    peers = {name: lambda words=words: run_program(words) for name, words in programs.items()}
    if psql("SELECT 1 FROM pg_available_extensions WHERE name = 'http'"):
        psql("CREATE EXTENSION IF NOT EXISTS http")
        answers = ANSWERS.format(pages=records // PAGE, corpid=corpid, url=LIST_URL, token=TOKEN)
        peers["pgsql-http"] = lambda: psql.measure(FROM_JSON.format(answers))
    else:
        print("pgsql-http: this machine does not have it", flush=True)
    print("multicorn: not measured", flush=True)
    return peers


def measure_peers(psql, size):
    records = size["peers"]
    create_list(psql, "peers", records)
    peers = find_peers(psql, "peers", records)
    for latency in size["peer_latencies"]:
        simulator("peers", "set", latency=latency)
        bare("peers", records)
        psql.measure(FROM_TABLE.format("peers"))
        expected = {exact: fingerprint(psql, exact) for exact in (True, False)}
        ours, theirs = [], {name: [] for name in peers}
        for _ in range(PEER_RUNS):
            ours.append(psql.measure(FROM_TABLE.format("peers")))
            for name, run in peers.items():
                psql("TRUNCATE target")
                theirs[name].append(run())
                exact = "jq" not in name
                if fingerprint(psql, exact) != expected[exact]:
                    raise SystemExit("not the same rows: " + name)
        for part, unit, title in ((0, "s", f"wall time, {records:,} rows, {latency} ms"),
                                  (1, "us", f"CPU a row, {records:,} rows, client and server, {latency} ms")):
            scale = 1e6 / records if part else 1
            mine = [run[part] * scale for run in ours]
            for name, found in theirs.items():
                other = [run[part] * scale for run in found]
                add(title, f"{middle(mine):.2f} {unit}", f"{name}: {middle(other):.2f} {unit}", ratio(mine, other))


# what a reading and a run do to be seen; none of these calls another one
SHOWS = ("reader_watch", "xbb_fdw_sync_show", "xbb_fdw_sync_unshow", "xbb_fdw_sync_shows", "push_show_begin", "push_show_open",
         "push_show_did", "push_show_end")


# --- instructions ---------------------------------------------------------------------------------------

def count_instructions(statements, *within):
    """Instructions that a single-user server executes for these statements and its own start, or within a function of them."""
    out = WORK + "/tmp/callgrind.out"
    run = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=" + out,
                          *("--toggle-collect=" + function for function in within), shutil.which("postgres"),
                          "--single", "-j", "-D", WORK + "/data", "-c", "jit=off", "-c", "fsync=off",
                          "postgres"], check=False, text=True, capture_output=True,
                         input="".join(sql.strip().replace("\n", " ") + "\n;\n\n" for sql in statements))
    # exit_on_error would end it by errors that a run catches
    if run.returncode or "ERROR:" in run.stderr or "FATAL:" in run.stderr:
        raise SystemExit(run.stderr)
    with open(out, encoding="ascii", errors="replace") as file:
        for line in file:
            if line.startswith(("summary:", "totals:")):
                return int(line.split()[1])
    raise SystemExit("callgrind counted nothing")


def prepare_runs(psql, records):
    """A sync of the list and a push of as many rows."""
    psql("CREATE EXTENSION xbb_etl")
    psql("CREATE TABLE synced (LIKE target INCLUDING ALL); SELECT xbb.create_sync('few', 'few', 'synced')")
    psql("CALL xbb.sync('few')")
    simulator("few-target", "create-target")
    port = simulator("few-target", "port")
    psql(f"CREATE SERVER pushed FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'http://127.0.0.1:{port}', rate_limit '0', "
         "daily_quota '0', concurrency '8'); CREATE USER MAPPING FOR CURRENT_USER SERVER pushed")
    psql("CREATE FOREIGN TABLE pushed_to (id int OPTIONS (string 'true'), version int) SERVER pushed OPTIONS (api '/api/execute', "
         "batch_size '20', ok '$.code == 0', records '$.data[*]', record_key 'id', record_ok '$.success == true', repeat 'upsert')")
    psql(f"CREATE TABLE pushed AS SELECT n AS id, 1 AS version FROM generate_series(1, {records}) n")
    psql("SELECT xbb.create_push('few', 'pushed', 'pushed_to', '{id}')")
    psql("CALL xbb.push('few')")


def measure_instructions(ways, records):
    """Run last: it needs the cluster for itself."""
    subprocess.run(["pg_ctl", "-w", "-s", "-D", WORK + "/data", "-m", "fast", "stop"], check=True)
    found = {}
    for name, sql in ways.items():
        # a second time in the same process: without start, catalogs and plans
        turn = ["TRUNCATE target", sql]
        found[name] = [(count_instructions(turn * 2) - count_instructions(turn)) / records]
    add_cpu(f"instructions a row, {records:,} rows", lambda n: f"{n:,.0f}", found)
    for what, turn in (("scan", ["TRUNCATE target", ways["api"]]), ("sync", ["CALL xbb.sync('few', full => true)"]),
                       ("reconciliation", ["CALL xbb.reconcile('few', full => true)"]),
                       ("push", ["UPDATE pushed SET version = version + 1", "CALL xbb.push('few')"])):
        shown, total = ([count_instructions(turn * n, *within) for n in (1, 2)] for within in (SHOWS, ()))
        shown, total = ((counts[1] - counts[0]) / records for counts in (shown, total))
        add(f"instructions a row for xbb.progress: {what}", f"{shown:,.1f}", f"all: {total:,.0f}", shown / total, .01)


def measure_all(size, sections):
    with Psql() as psql:
        psql("ALTER SYSTEM SET autovacuum = off; SELECT pg_reload_conf()")
        psql("CREATE EXTENSION xbb_fdw")
        psql(TARGET)
        for section, measure in (("cpu", measure_cpu), ("wall", measure_wall), ("small", measure_small),
                                 ("append", measure_append), ("rate", measure_rate),
                                 ("requests", measure_requests), ("peers", measure_peers)):
            if section in sections:
                measure(psql, size)
        if "instructions" in sections and shutil.which("valgrind"):
            ways = prepare_cpu(psql, "few", size["instructions"])
            # a single-user server may open few descriptors
            psql("ALTER SERVER few OPTIONS (SET concurrency '8')")
            prepare_runs(psql, size["instructions"])
    if "memory" in sections:
        measure_memory(size)
    if "instructions" not in sections:
        return
    if shutil.which("valgrind"):
        measure_instructions(ways, size["instructions"])
    else:
        print("valgrind: this machine does not have it", flush=True)


def main():
    words = sys.argv[1:]
    name = words.pop(0) if words and words[0] in SIZES else "quick"
    unknown = [word for word in words if word not in SECTIONS]
    if unknown:
        raise SystemExit(f"no section {unknown[0]}: " + " ".join(SECTIONS))
    size, sections = SIZES[name], words or SECTIONS
    try:
        measure_all(size, sections)
    finally:
        print_table()


main()
