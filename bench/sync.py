"""Measures the syncs against the plain statements that do the same, on the servers that bench/sync has started.

Times are the median of three runs, what is compared runs in turns; CPU is that of the backend.  A line has what was
measured, what it is compared with, their ratio and the greatest one that is good.
"""

import json
import statistics
import sys
import threading
import time

from backend import Psql, URL, simulator

SECTIONS = ("first", "incremental", "wide", "rejects", "catalog", "alter", "million")
RUNS = 3
COLUMNS = "data_id, serial_no, update_time, add_time, name, price, owners"
TABLE = """(data_id bigint PRIMARY KEY, serial_no text UNIQUE, update_time timestamptz, add_time timestamptz, name text,
  price numeric, owners text[])"""
WIDE = 300
ROWS = [("measurement", "sync", "compared with", "ratio", "good")]


def create_list(psql, corpid, records):
    simulator(corpid, "create", token="t0ken", products=records, gzip="off", freeze="on")
    psql(f"""
CREATE SERVER {corpid} FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '{corpid}', base_url '{URL}', concurrency '16',
  rate_limit '0', daily_quota '0');
CREATE USER MAPPING FOR CURRENT_USER SERVER {corpid} OPTIONS (token 't0ken');
CREATE FOREIGN TABLE {corpid}_source (data_id bigint, serial_no text, update_time timestamptz, add_time timestamptz,
  name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'), owners text[] OPTIONS (attr 'ownerId'))
  SERVER {corpid} OPTIONS (object 'product');
CREATE TABLE {corpid} {TABLE}; CREATE TABLE {corpid}_hand {TABLE}""")


def middle(values):
    return statistics.median(values)


def add(what, ours, theirs=None, good=None, show="{:.2f} s"):
    """A line: medians, and the median of the ratios of what ran one after the other."""
    line = [what, show.format(middle(ours)), "", "", ""]
    if theirs:
        ratio = middle([a / b for a, b in zip(ours, theirs)])
        line[2], line[3] = show.format(middle(theirs)), f"{ratio:.2f}"
        if good:
            line[4] = f"<= {good} {'ok' if ratio <= good else 'MISSED'}"
    elif good is not None:
        line[4] = f"<= {good} {'ok' if middle(ours) <= good else 'MISSED'}"
    ROWS.append(tuple(line))
    print(" | ".join(part for part in line if part), flush=True)


def print_table():
    widths = [max(len(row[i]) for row in ROWS) for i in range(5)]
    print()
    for n, row in enumerate(ROWS):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")
        if n == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")


def measure_first(psql):
    """CPU of a first load of 9,000 records, with INSERT ... SELECT of the same foreign table."""
    create_list(psql, "first", 9000)
    psql("SELECT xbb.create_sync('first', source => 'first_source', target => 'first')")
    ours, theirs = [], []
    for run in range(RUNS + 1):
        psql("TRUNCATE first_hand; TRUNCATE first; SELECT xbb.drop_sync('first');"
             "SELECT xbb.create_sync('first', source => 'first_source', target => 'first')")
        hand = psql.measure(f"INSERT INTO first_hand SELECT {COLUMNS} FROM first_source")[1]
        mine = psql.measure("CALL xbb.sync('first')")[1]
        if run > 0:
            theirs.append(hand / 9000 * 1e6)
            ours.append(mine / 9000 * 1e6)
    assert psql("SELECT count(*) FROM (TABLE first EXCEPT TABLE first_hand) d, (SELECT count(*) = 9000 FROM first) c") == "0"
    add("first load, 9,000 records: CPU a row; INSERT ... SELECT", ours, theirs, 2.5, "{:.1f} us")


def measure_incremental(psql):
    """CPU of a run over 2,000 changed records, with INSERT ... ON CONFLICT of the same rows."""
    create_list(psql, "incr", 20000)
    psql("SELECT xbb.create_sync('incr', source => 'incr_source', target => 'incr'); CALL xbb.sync('incr')")
    psql(f"INSERT INTO incr_hand SELECT {COLUMNS} FROM incr_source; VACUUM ANALYZE incr; VACUUM ANALYZE incr_hand")
    ours, theirs = [], []
    for run in range(RUNS + 1):
        simulator("incr", "clock", advance=7200)
        low = psql("SELECT watermark - overlap FROM xbb.sync_definition WHERE name = 'incr'")
        ids = ",".join(str(51200001 + run * 2000 + n) for n in range(2000))
        simulator("incr", "touch", json.dumps({"text_1": f"changed {run}"}), id=ids)
        simulator("incr", "clock", advance=60)
        hand = psql.measure(
            f"INSERT INTO incr_hand SELECT {COLUMNS} FROM incr_source WHERE update_time >= '{low}' ON CONFLICT (data_id) DO "
            "UPDATE SET (serial_no, update_time, add_time, name, price, owners) = ROW(excluded.serial_no, "
            "excluded.update_time, excluded.add_time, excluded.name, excluded.price, excluded.owners)")[1]
        mine = psql.measure("CALL xbb.sync('incr')")[1]
        if run > 0:
            theirs.append(hand * 1000)
            ours.append(mine * 1000)
    assert psql("SELECT count(*) FROM (TABLE incr EXCEPT TABLE incr_hand) d") == "0"
    add("2,000 changes: CPU; INSERT ... ON CONFLICT DO UPDATE", ours, theirs, 3, "{:.0f} ms")


def create_wide(psql, name, records, columns=WIDE):
    """A table of so many columns, texts, numbers and times, one check, and one like it."""
    kinds = ("text", "numeric", "timestamptz")
    values = ("'value ' || (n * {0} % 9973)", "n * {0} % 7919 / 100.0", "timestamptz '2024-01-01' + n * {0} % 86400 * interval '1 s'")
    names = [f"c{i} {kinds[i % 3]}" for i in range(columns - 2)]
    shape = "(data_id bigint PRIMARY KEY, update_time timestamptz, " + ", ".join(names) + ")"
    psql(f"""CREATE TABLE {name}_source {shape}; CREATE TABLE {name} {shape}; CREATE TABLE {name}_hand {shape};
INSERT INTO {name}_source SELECT n, timestamptz '2024-01-01' + n * interval '1 s', """ +
         ", ".join(values[i % 3].format(i + 1) for i in range(columns - 2)) +
         f" FROM generate_series(1, {records}) n; ANALYZE {name}_source")


def measure_wide(psql):
    create_wide(psql, "wide", 9000)
    ours, theirs = [], []
    psql("SELECT xbb.create_sync('wide', source => 'wide_source', target => 'wide')")
    for _ in range(RUNS):
        psql("TRUNCATE wide; TRUNCATE wide_hand; SELECT xbb.drop_sync('wide');"
             "SELECT xbb.create_sync('wide', source => 'wide_source', target => 'wide')")
        theirs.append(psql.measure("INSERT INTO wide_hand SELECT * FROM wide_source")[1])
        ours.append(psql.measure("CALL xbb.sync('wide')")[1])
    add("9,000 local rows x 300 columns: CPU; INSERT ... SELECT", ours, theirs, 3)
    psql("UPDATE wide_source SET update_time = update_time + interval '1 year', c0 = 'new'")
    hand = "INSERT INTO wide_hand SELECT * FROM wide_source ON CONFLICT (data_id) DO UPDATE SET update_time = excluded.update_time, "
    theirs = [psql.measure(hand + ", ".join(f"c{i} = excluded.c{i}" for i in range(WIDE - 2)))[1]]
    ours = [psql.measure("CALL xbb.sync('wide')")[1]]
    add("the same rows changed: CPU; INSERT ... ON CONFLICT DO UPDATE", ours, theirs, 3)


def measure_rejects(psql):
    """Records of which some do not fit; the INSERT is of those that do."""
    for kind, columns, target in (
            ("an expression", '{"name": "name", "price": "price::numeric"}', "price numeric"),
            ("a CHECK", '{"name": "name", "price": "price"}', "price text CHECK (price !~ 'x')"),
            ("a trigger at the end", '{"name": "name", "price": "price"}', "price text")):
        for records, rejected, bad in ((20000, 2000, "n % 10 = 0"), (40000, 20000, "n % 2 = 0"), (40000, 20000, "n > 20000")):
            psql(f"""DROP TABLE IF EXISTS bad_source, bad, bad_hand;
CREATE TABLE bad_source AS SELECT n::bigint AS data_id, timestamptz '2024-01-01' + n * interval '1 s' AS update_time,
  'name ' || n AS name, CASE WHEN {bad} THEN 'x' ELSE '' END || n AS price FROM generate_series(1, {records}) n;
ALTER TABLE bad_source ADD PRIMARY KEY (data_id);
CREATE TABLE bad (data_id bigint PRIMARY KEY, update_time timestamptz, name text, {target});
CREATE TABLE bad_hand (LIKE bad INCLUDING ALL); VACUUM ANALYZE bad_source""")
            if kind.startswith("a trigger"):
                psql("""CREATE OR REPLACE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF NEW.price ~ 'x' THEN RAISE check_violation; END IF; RETURN NEW; END $$;
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON bad FOR EACH ROW EXECUTE FUNCTION refuse()""")
            psql(f"SELECT xbb.create_sync('bad', source => 'bad_source', target => 'bad', columns => '{columns}', reject_limit => 20000)")
            psql("INSERT INTO bad_hand SELECT data_id, update_time, name, price::numeric FROM bad_source WHERE price !~ 'x'")
            seconds = psql.measure("CALL xbb.sync('bad')")[0]
            assert psql("SELECT count(*) FROM xbb.sync_reject WHERE sync = 'bad'") == str(rejected)
            assert psql("SELECT count(*) FROM bad JOIN bad_hand USING (data_id, update_time, name)") == str(records - rejected)
            psql("SELECT xbb.drop_sync('bad')")
            where = "half in a row" if ">" in bad else "scattered"
            add(f"{records:,} records, {rejected:,} refused by {kind}, {where}", [seconds])
            add("  each of them", [seconds / rejected * 1000], show="{:.2f} ms")
    psql("DROP TABLE bad, bad_hand, bad_source")


def measure_catalog(psql):
    """Rows of the catalogs that a run writes and deletes."""
    create_list(psql, "quiet", 500)
    psql("SELECT xbb.create_sync('quiet', source => 'quiet_source', target => 'quiet'); CALL xbb.sync('quiet')")
    dead = "SELECT sum(n_tup_del + n_tup_upd) FROM pg_stat_xact_sys_tables WHERE schemaname = 'pg_catalog'"
    for name, changes in (("nothing new", 0), ("300 changes", 300)):
        simulator("quiet", "clock", advance=10)
        if changes:
            ids = ",".join(str(51200001 + n) for n in range(changes))
            simulator("quiet", "touch", '{"text_1": "changed"}', id=ids)
            simulator("quiet", "clock", advance=10)
        psql("SELECT pg_stat_force_next_flush(); BEGIN")
        before = float(psql(dead))
        psql("CALL xbb.sync('quiet')")
        add(f"dead rows in the catalogs, a run, {name}", [float(psql(dead)) - before], good=0, show="{:.0f}")
        psql("COMMIT")


def measure_alter(psql):
    """How long ALTER TABLE of the target waits while an answer takes 10 seconds."""
    create_list(psql, "slow", 500)
    psql("SELECT xbb.create_sync('slow', source => 'slow_source', target => 'slow'); CALL xbb.sync('slow')")
    simulator("slow", "clock", advance=10)
    simulator("slow", "set", latency=10000)
    with Psql() as other:
        thread = threading.Thread(target=other, args=("CALL xbb.sync('slow')",))
        thread.start()
        time.sleep(2)
        waited = psql.measure("ALTER TABLE slow ADD COLUMN note text")[0]
        thread.join()
    add("ALTER TABLE of the target waits, an answer takes 10 s", [waited], good=1)


def measure_million(psql):
    """1,000,000 local rows x 300 columns, 3,000 of which a CHECK refuses."""
    create_wide(psql, "many", 1_000_000)
    psql("ALTER TABLE many ADD CHECK (c0 IS NOT NULL);"
         "UPDATE many_source SET c0 = NULL WHERE hashint8(data_id) % 333 = 0 AND data_id IN "
         "(SELECT data_id FROM many_source WHERE hashint8(data_id) % 333 = 0 ORDER BY data_id LIMIT 3000); VACUUM many_source")
    rejected = psql("SELECT count(*) FROM many_source WHERE c0 IS NULL")
    theirs = [psql.measure("INSERT INTO many_hand SELECT * FROM many_source WHERE c0 IS NOT NULL")[0]]
    psql("DROP TABLE many_hand; SELECT xbb.create_sync('many', source => 'many_source', target => 'many', reject_limit => 10000)")
    with Psql() as own:
        most, done = 0, threading.Event()

        def watch():
            nonlocal most
            while not done.wait(0.2):
                most = max(most, own.anonymous())
        thread = threading.Thread(target=watch)
        thread.start()
        ours = [own.measure("CALL xbb.sync('many')")[0]]
        done.set()
        thread.join()
    assert psql("SELECT count(*) FROM xbb.sync_reject WHERE sync = 'many'") == rejected
    assert psql("SELECT count(*) FROM many") == str(1_000_000 - int(rejected))
    add(f"1,000,000 local rows x 300 columns, {rejected} refused; INSERT", ours, theirs, 3, "{:.0f} s")
    add("private memory of that", [most / 1e6], good=200, show="{:.0f} MB")


def main():
    sections = sys.argv[1:] or SECTIONS[:-1]
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
