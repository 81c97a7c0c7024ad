#!/usr/bin/env python3
"""A look at what is watched costs what the tasks cost, not what their log is long: pages that the views touch, as a
member of pg_monitor, over a log forty times as long are at most a half more.  Of the tasks one was stopped long ago and one
never ran: where they are looked for among all runs, it shows.  bench/watch has the times.  Wants PostgreSQL's programs,
as a superuser, and the extensions; makes databases of its own.  Prints TAP.
"""
import json
import pathlib
import subprocess
import sys

BENCH = pathlib.Path(__file__).resolve().parent.parent / "bench"
SHORT, LONG, MOST = 60, 2400, 1.5
LOOKS = ("TABLE xbb.task_status", "TABLE xbb.sync_status", "TABLE xbb.push_status",
         "SELECT * FROM xbb.sync_run ORDER BY id DESC LIMIT 20", "SELECT * FROM xbb.push_run ORDER BY id DESC LIMIT 20")


def run(*command, sql=None):
    done = subprocess.run(command, input=sql, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def psql(database, sql, *options):
    return run("psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database, *options, sql=sql)


def pages(database):
    """Pages of shared memory, by look."""
    found = {}
    for look in LOOKS:
        plan = psql(database, f"SET ROLE watch_reader; EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT json) {look};")
        top = json.loads(plan)[0]["Plan"]
        found[look] = top["Shared Hit Blocks"] + top["Shared Read Blocks"]
    return found


def measure(runs):
    database = f"watch_{runs}"
    run("createdb", database)
    try:
        psql(database, "SET client_min_messages = error; CREATE EXTENSION xbb_etl CASCADE;")
        psql(database, (BENCH / "watch.sql").read_text(encoding="utf-8"), "-v", "syncs=6", "-v", "pushes=6", "-v", f"runs={runs}", "-v", "failed=0")
        return pages(database)
    finally:
        run("dropdb", database)


def main():
    psql("postgres", "SET client_min_messages = error; DROP ROLE IF EXISTS watch_reader; CREATE ROLE watch_reader IN ROLE pg_monitor;")
    short, long = measure(SHORT), measure(LONG)
    psql("postgres", "DROP ROLE watch_reader;")
    print(f"1..{len(LOOKS)}")
    failed = False
    for number, look in enumerate(LOOKS, 1):
        good = 0 < long[look] <= MOST * short[look]
        failed = failed or not good
        print(f"{'ok' if good else 'not ok'} {number} - {look}: {short[look]} pages, {long[look]} over {LONG // SHORT} times the runs")
    sys.exit(failed)


if __name__ == "__main__":
    main()
