"""Measures a push against a bare client that sends the same, and against the statements that it runs, on the servers
that bench/push has started.

Times are the median of three runs, what is compared runs in turns; CPU is that of the backend.  A line has what was
measured, what it is compared with, their ratio and the greatest one that is good.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile

from backend import Psql, URL, simulator

SECTIONS = ("wall", "cpu", "claims")
RUNS = 3
ROWS, BATCH, FLIGHT, LATENCY = 100_000, 50, 8, 50
BARE = sys.argv[1]
LINES = [("measurement", "push", "compared with", "ratio", "good")]


def line(what, ours, theirs, good, show="{:.2f} s"):
    ratio = statistics.median(a / b for a, b in zip(ours, theirs))
    LINES.append((what, show.format(statistics.median(ours)), show.format(statistics.median(theirs)), f"{ratio:.2f}",
                  f"<= {good} {'ok' if ratio <= good else 'MISSED'}"))
    print(" | ".join(LINES[-1]), flush=True)


def print_table():
    widths = [max(len(row[i]) for row in LINES) for i in range(5)]
    print()
    for n, row in enumerate(LINES):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if n == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def target(psql, name, latency):
    """A target and its foreign table; returns the URL that is posted to."""
    simulator(name, "create-target", latency=latency, journal=os.path.join(tempfile.gettempdir(), name + ".journal"))
    psql(f"""
CREATE SERVER {name} FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url '{URL}', concurrency '{FLIGHT}', rate_limit '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER {name};
CREATE FOREIGN TABLE {name} (id text, version integer, 编码 text, price numeric, note text) SERVER {name} OPTIONS (
  api '/target/{name}/api/execute', batch_size '{BATCH}', ok '$.code == 0', records '$.data[*]', record_key 'id',
  record_ok '$.success == true', record_id '$.docId', record_message '$.message', repeat 'upsert')""")
    return f"{URL}/target/{name}/api/execute"


def source(psql, name, rows):
    psql(f"""
CREATE TABLE {name} AS SELECT 'K' || n AS id, 1 AS version, '物料' || n AS 编码, n / 100.0 AS price, repeat('x', 60) AS note
FROM generate_series(1, {rows}) n;
ALTER TABLE {name} ADD PRIMARY KEY (id);
VACUUM ANALYZE {name}""")


def requests(psql, name, file):
    """What a bare client sends: the rows in batches, a line each."""
    rows = json.loads(psql(f"SELECT json_agg(s ORDER BY length(id), id) FROM {name} s"))
    for start in range(0, len(rows), BATCH):
        file.write("-\t" + json.dumps(rows[start:start + BATCH], ensure_ascii=False, separators=(",", ":")) + "\n")
    file.flush()


def pushed(psql, name):
    """All has arrived, once."""
    assert psql(f"SELECT count(*) FROM xbb.push_item WHERE push = '{name}' AND status = 'acknowledged'") == str(ROWS)
    with open(os.path.join(tempfile.gettempdir(), name + ".journal"), encoding="utf-8") as file:
        executed = [row.split("\t")[8] for row in file]
    assert executed == ["new"] * ROWS, len(executed)


def measure_wall(psql):
    """The time of a push of 100,000 rows, reading the source included."""
    ours, theirs = [], []
    source(psql, "wall_source", ROWS)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
        requests(psql, "wall_source", file)
        for run in range(RUNS):
            url = target(psql, "wall", LATENCY)
            theirs.append(float(subprocess.run([BARE, url, file.name, str(FLIGHT), "0"], check=True, capture_output=True,
                                               text=True).stdout.split()[0]))
            simulator("wall", "create-target", latency=LATENCY, journal=os.path.join(tempfile.gettempdir(), "wall.journal"))
            psql("SELECT xbb.create_push('wall', source => 'wall_source', target => 'wall', key => '{id}')")
            ours.append(psql.measure("CALL xbb.push('wall')")[0])
            pushed(psql, "wall")
            psql("SELECT xbb.drop_push('wall'); DROP SERVER wall CASCADE")
    ideal = [ROWS / BATCH / FLIGHT * LATENCY / 1000] * RUNS
    line(f"{ROWS:,} rows, {BATCH} a request, {FLIGHT} in flight, {LATENCY} ms; bare client", ours, theirs, 1.15)
    line("that bare client; what the target's 50 ms leave", theirs, ideal, 1.06)


def measure_cpu(psql):
    """CPU of a push, beside the statements that it cannot do without and the rendering, sending nothing."""
    ours, theirs = [], []
    source(psql, "cpu_source", ROWS)
    for run in range(RUNS):
        target(psql, "cpu", 0)
        psql("SELECT xbb.create_push('cpu', source => 'cpu_source', target => 'cpu', key => '{id}')")
        ours.append(psql.measure("CALL xbb.push('cpu')")[1] / ROWS * 1e6)
        pushed(psql, "cpu")
        psql("SELECT xbb.drop_push('cpu'); DROP SERVER cpu CASCADE")
        theirs.append(by_hand(psql) / ROWS * 1e6)
    line(f"CPU a row of {ROWS:,}; the same statements without sending", ours, theirs, 1.5, "{:.1f} us")


def by_hand(psql):
    """An outbox as one would write it: rows rendered and hashed into it, taken in batches with their bytes, noted."""
    psql("""
CREATE TABLE hand (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text[] NOT NULL, status text NOT NULL DEFAULT 'pending',
  record text, hash bytea NOT NULL, request uuid, place integer, target_id text, sent timestamptz, acknowledged timestamptz)
  WITH (fillfactor = 70);
CREATE UNIQUE INDEX ON hand (key) WHERE status <> 'acknowledged';
CREATE INDEX ON hand (id) WHERE status = 'pending';
CREATE INDEX ON hand (request, place) WHERE request IS NOT NULL;
CREATE TABLE hand_request (id uuid PRIMARY KEY, body bytea NOT NULL)""")
    cpu = psql.measure(f"""
INSERT INTO hand (key, record, hash) SELECT ARRAY[id], r, sha256(r::bytea) FROM
  (SELECT id, json_build_object('id', id, 'version', version, '编码', 编码, 'price', price, 'note', note)::text AS r FROM cpu_source) s;
DO $$
DECLARE
  last bigint := 0;
  r uuid;
  ids bigint[];
BEGIN
  LOOP
    r := gen_random_uuid();
    WITH taken AS (SELECT h.id, record, row_number() OVER (ORDER BY h.id) AS n FROM
      (SELECT * FROM hand WHERE status = 'pending' AND id > last ORDER BY id LIMIT {BATCH}) h),
    sent AS (UPDATE hand h SET status = 'sending', request = r, place = n, sent = clock_timestamp() FROM taken t WHERE t.id = h.id
      RETURNING h.id),
    kept AS (INSERT INTO hand_request SELECT r, convert_to('[' || string_agg(record, ',' ORDER BY n) || ']', 'UTF8') FROM taken HAVING count(*) > 0)
    SELECT array_agg(id) INTO ids FROM sent;
    EXIT WHEN ids IS NULL;
    COMMIT;
    UPDATE hand SET status = 'acknowledged', request = NULL, record = NULL, target_id = 'x', acknowledged = clock_timestamp() WHERE request = r;
    DELETE FROM hand_request WHERE id = r;
    SELECT max(i) INTO last FROM unnest(ids) i;
  END LOOP;
  COMMIT;
END $$""")[1]
    psql("DROP TABLE hand, hand_request")
    return cpu


def measure_claims(psql):
    """Time a row of a push of 100,000 rows, and of one of 10,000: it may not grow."""
    ours, theirs = [], []
    source(psql, "small_source", ROWS // 10)
    source(psql, "great_source", ROWS)
    for run in range(RUNS):
        for name, rows, times in (("small", ROWS // 10, theirs), ("great", ROWS, ours)):
            target(psql, name, 0)
            psql(f"SELECT xbb.create_push('{name}', source => '{name}_source', target => '{name}', key => '{{id}}')")
            times.append(psql.measure(f"CALL xbb.push('{name}')")[1] / rows * 1e6)
            psql(f"SELECT xbb.drop_push('{name}'); DROP SERVER {name} CASCADE")
    line(f"CPU a row of {ROWS:,}; of {ROWS // 10:,}", ours, theirs, 1.2, "{:.1f} us")


def main():
    sections = sys.argv[2:] or SECTIONS
    unknown = [word for word in sections if word not in SECTIONS]
    if unknown:
        raise SystemExit(f"no section {unknown[0]}: " + " ".join(SECTIONS))
    try:
        with Psql() as psql:
            psql("CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE")
            for section in sections:
                globals()["measure_" + section](psql)
    finally:
        print_table()


main()
