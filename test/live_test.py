#!/usr/bin/env python3
"""Scans of a list that changes while it is read lose nothing and repeat nothing.

Runs live scans through the extension: 0 to 333 records, pages of 10, 8 requests
in flight, changes between the requests, orders with ties that bounce.  Each
scan must return every record that existed from its start to its end, none
twice, each in a version that was current meanwhile; or end in SQLSTATE 40001.
At most 5 % may.  Every fourth reads a long list of values, between which the
records move.  Wants a server (PGHOST, PGDATABASE, with the extension) and
the simulator (XBB_SIM, XBB_SIM_URL).  Prints TAP.

    live_test.py [scans] [seed]        40 scans (200 with XBB_LONG), a random seed
"""
import json
import os
import random
import subprocess
import sys

CORP = "dingLive"
ORDERS = ["update-desc", "update-asc", "add-desc", "add-asc", "id-desc", "id-asc"]
KINDS = ["touch", "touch,drop", "touch,add", "touch,drop,add", "add", "drop"]


def simulator(*words):
    return subprocess.run([sys.executable, os.environ["XBB_SIM"], "ctl", CORP, *words],
                          check=True, capture_output=True, text=True).stdout


def sql(text):
    return subprocess.run(["psql", "-XqAt", "-F", ",", "-v", "VERBOSITY=verbose", "-c", text],
                          capture_output=True, text=True)


def set_up(corpid):
    done = sql(f"""
        DROP SERVER IF EXISTS live CASCADE;
        CREATE SERVER live FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '{corpid}',
            base_url '{os.environ["XBB_SIM_URL"]}', rate_limit '0', page_size '10', concurrency '8', settle_time '1s');
        CREATE USER MAPPING FOR CURRENT_USER SERVER live OPTIONS (token 't0ken');
        CREATE FOREIGN TABLE live (data_id bigint, update_time timestamptz, add_time timestamptz, price numeric
            OPTIONS (attr 'num_1'), name text OPTIONS (attr 'text_1')) SERVER live OPTIONS (object 'product');""")
    if done.returncode:
        raise SystemExit("Bail out! " + done.stderr)


def one_scan(rng):
    """What went wrong, '' if nothing, or 'error' for a scan that ended in 40001."""
    records, order = rng.randrange(334), rng.choice(ORDERS)
    simulator("create", "token=t0ken", f"products={records}", f"order={order}", f"bounce={rng.choice(['on', 'off'])}",
              f"shape={rng.choice(['even', 'random', 'burst', 'hour'])}", f"seed={rng.randrange(10**6)}")
    simulator("mutate", f"rate={rng.choice([0, .05, .15, .33])}", f"kinds={rng.choice(KINDS)}",
              f"seed={rng.randrange(10**6)}")
    simulator("mark")
    where = rng.choice(["", "WHERE price > 0", "WHERE update_time >= '2020-01-01'", "WHERE add_time >= '2020-01-01'"])
    return judge(where, f"{records}, {order}")


def one_list(rng):
    """The same for records that all have one of 130 values, some of them many, and move from one to another."""
    values = ["value" + str(v) for v in range(130)]
    ids = list(range(51200001, 51200001 + rng.randrange(40, 334)))

    def pick():
        return rng.choice([rng.randrange(130), rng.randrange(5)])

    named = {}
    for data_id in ids:
        named.setdefault(pick(), []).append(str(data_id))
    orders = ["create", "token=t0ken", f"products={len(ids)}", f"seed={rng.randrange(10**6)}"]
    for value, some in named.items():
        orders += ["--", "touch", "id=" + ",".join(some), json.dumps({"text_1": values[value]})]
    orders += ["--", "clock", "advance=1000", "--", "mark"]
    for request in range(2, 60):
        if rng.random() < .5:
            orders += ["--", "at", f"n={request}", "do=touch", f"id={rng.choice(ids)}",
                       json.dumps({"text_1": values[pick()]})]
    simulator(*orders)
    rng.shuffle(values)
    return judge(f"WHERE name = ANY ('{{{','.join(values)}}}')", f"a list, {len(ids)} records")


def judge(where, what):
    """Scans, and compares with what the simulator knows."""
    got = sql(f"SELECT data_id, extract(epoch FROM update_time)::bigint FROM live {where}")
    simulator("mutate", "off=1", "--", "clear", "what=faults")
    if got.returncode:
        return "error" if "40001" in got.stderr else got.stderr.strip()
    rows = [tuple(map(int, line.split(","))) for line in got.stdout.split()]
    ids = [row[0] for row in rows]
    always = set(map(int, simulator("always").split()))
    versions = {tuple(map(int, line.split(","))) for line in simulator("versions").split()}
    if where == "WHERE price > 0":          # a local qual: compare what it lets through
        return "" if len(ids) == len(set(ids)) and set(rows) <= versions else "twice or no such version"
    if always - set(ids):
        return f"lost {sorted(always - set(ids))[:5]} of {what}"
    if len(ids) != len(set(ids)):
        return "handed on twice"
    if not set(rows) <= versions:
        return f"never current: {sorted(set(rows) - versions)[:3]}"
    return ""


def main():
    scans = int(sys.argv[1]) if len(sys.argv) > 1 else 200 if "XBB_LONG" in os.environ else 40
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.randrange(10**6)
    rng = random.Random(seed)
    print(f"# live_test.py {scans} {seed}")
    simulator("create", "token=t0ken", "products=0")
    set_up(CORP)
    outcomes = [one_list(rng) if n % 4 == 3 else one_scan(rng) for n in range(scans)]
    wrong = [outcome for outcome in outcomes if outcome not in ("", "error")]
    errors = outcomes.count("error")
    for outcome in wrong[:10]:
        print("# " + outcome)
    print(f"{'not ok' if wrong else 'ok'} 1 - {scans} scans of a changing list: {len(wrong)} wrong")
    print(f"{'not ok' if errors > .05 * scans else 'ok'} 2 - {errors} of {scans} ended in an error")
    print("1..2")
    sys.exit(bool(wrong) or errors > .05 * scans)


if __name__ == "__main__":
    main()
