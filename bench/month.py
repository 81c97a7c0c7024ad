#!/usr/bin/env python3
"""A month of runs in figures: `bench/run month`.

Counts and ratios only, of one server and one simulator: requests of an idle run behind 20,000 edits and a quiet day,
dead rows and session memory of an idle run, and what a log of 500,000 runs of 100 syncs costs a run and the views."""
import os
import statistics
import subprocess
import sys
import time

import psycopg2

COMPANY = f"dingMonth-{os.getpid()}"
EDITS, SYNCS, RUNS, MINUTES = 20_000, 100, 5_000, 129_600
RUN = "CALL xbb.sync('copy')"
VIEWS = {
    "sync_status": "SELECT count(s::text) FROM xbb.sync_status s",
    "sync_status, failures": "SELECT sum(failures_in_a_row) FROM xbb.sync_status",
    "the 20 latest of sync_run": "SELECT id, sync, status FROM xbb.sync_run ORDER BY id DESC LIMIT 20",
    "sync_definition": "SELECT count(*) FROM xbb.sync_definition",
}


def sim(*words):
    return subprocess.run([sys.executable, os.environ["XBB_SIM"], "ctl", COMPANY, *words], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def connect():
    connection = psycopg2.connect("")
    connection.autocommit = True
    return connection.cursor()


def value(cursor, sql):
    cursor.execute(sql)
    return cursor.fetchone()[0]


def seconds(cursor, sql, times=9):
    def once():
        begin = time.monotonic()
        cursor.execute(sql)
        return time.monotonic() - begin
    once()
    return statistics.median(once() for _ in range(times))


def show(what, result):
    print(f"| {what} | {result} |", flush=True)


def quiet_day(cursor):
    sim("clock", "advance=7200")
    ids = [str(51200001 + n) for n in range(EDITS)]
    for part in range(0, EDITS, 5000):
        sim("touch", "id=" + ",".join(ids[part:part + 5000]), '{"num_1": 17}')
    for pause in (60, 3700, 86400):
        cursor.execute(RUN)
        sim("clock", f"advance={pause}")
    for _ in range(2):
        cursor.execute(RUN)
    show(f"requests of a run behind {EDITS:,} edits and a quiet day",
         value(cursor, "SELECT requests FROM xbb.sync_run ORDER BY id DESC LIMIT 1"))


def idle_runs(cursor):
    dead = "SELECT coalesce(sum(n_tup_upd + n_tup_del), 0) FROM pg_stat_all_tables WHERE schemaname IN ('xbb', 'pg_catalog')"
    memory = "SELECT sum(used_bytes) FROM pg_backend_memory_contexts"
    before = None
    for runs in (20, 200):
        for _ in range(runs):
            cursor.execute(RUN)
        cursor.execute("SELECT pg_stat_force_next_flush()")
        after = value(cursor, dead), value(cursor, memory)
        before = before or after
    show("dead rows an idle run", f"{(after[0] - before[0]) / runs:.1f}")
    show("bytes a run in a session that stays", f"{(after[1] - before[1]) / runs:.0f}")


def fill(cursor):
    begun = value(cursor, "SELECT to_regclass('xbb._sync_run_begun') IS NOT NULL")
    for n in range(SYNCS):
        cursor.execute(f"SELECT xbb.create_sync('s{n}', 'source', target => 's{n}')")
    pairs = (f"FROM generate_series({MINUTES}, 1, -1) i JOIN xbb.sync_definition d ON i <= {RUNS} OR d.name = 'copy' CROSS JOIN LATERAL (SELECT now() - i * interval '1 minute' AS t) t "
             f"WHERE d.name ~ '^s[0-9]' OR d.name = 'copy' AND i <= {MINUTES} ORDER BY i DESC, d.id")
    status = "CASE d.name WHEN 's8' THEN 'failed' ELSE 'succeeded' END"
    if begun:
        cursor.execute(f"INSERT INTO xbb._sync_run_begun (definition, task, started) SELECT d.id, 'sync', t {pairs}")
        cursor.execute(f"INSERT INTO xbb._sync_run_log (id, definition, task, status, started, ended) SELECT b.id, d.id, 'sync', {status}, "
                       "b.started, b.started FROM xbb._sync_run_begun b JOIN xbb.sync_definition d ON d.id = b.definition "
                       "WHERE b.id > (SELECT max(id) FROM xbb._sync_run_log) ORDER BY b.id")
    else:
        cursor.execute("INSERT INTO xbb._sync_run_log (definition, sync, owner, task, status, started, ended) "
                       f"SELECT d.id, d.name, d.owner, 'sync', {status}, t, t {pairs}")
    cursor.execute("VACUUM ANALYZE")


def main():
    sim("create", "token=t0ken", f"products={EDITS}", "width=3")
    cursor = connect()
    cursor.execute(f"""CREATE SERVER month FOREIGN DATA WRAPPER xbb_fdw
        OPTIONS (corpid '{COMPANY}', base_url '{os.environ["XBB_SIM_URL"]}', rate_limit '0', settle_time '1s');
        CREATE USER MAPPING FOR CURRENT_ROLE SERVER month OPTIONS (token 't0ken');
        CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, number numeric OPTIONS (attr 'num_1'))
          SERVER month OPTIONS (object 'product');
        SELECT xbb.create_sync('copy', 'source')""")
    cursor.execute(RUN)
    print("| a month of runs | |\n|---|---|")
    quiet_day(cursor)
    idle_runs(cursor)
    empty = seconds(cursor, RUN)
    fill(cursor)
    show(f"a run with a log of {MINUTES:,} of its own rows and {SYNCS * RUNS:,} others, of the time with a short one", f"{seconds(cursor, RUN) / empty:.2f}")
    baseline = seconds(cursor, "SELECT count(*) FROM generate_series(1, 100000)")
    for name, sql in VIEWS.items():
        taken = seconds(cursor, sql)
        show(f"{name}: of the time to count 100,000 numbers", f"{taken / baseline:.2f} ({taken * 1000:.0f} ms)")
    sim("remove")


main()
