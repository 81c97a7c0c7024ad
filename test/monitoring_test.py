#!/usr/bin/env python3
"""The files of monitoring/ say what the views have.

The views: labels are text and none is an exporter's own, the rest are numbers, and none is NULL, of a sync that never
ran either.  The exporter's file: each column, as what it is.  The rules: metrics that there are, a test that each one
fires and one that it does not, statements that can be typed.  The dashboard, which was never opened in Grafana: each query
runs as a member of pg_monitor and has the columns that its panel wants; ids, places, words.  Wants a server (PGHOST,
PGDATABASE, with the extensions); psql.  Prints TAP.
"""
import json
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "monitoring"
VIEWS = ("sync", "push", "api", "account", "alert")
# what postgres_exporter, sql_exporter and Prometheus add themselves
RESERVED = {"server", "database", "driver", "host", "user", "sql_job", "col", "job", "instance", "le", "quantile", "alertname", "severity"}
NUMBERS = {"integer", "bigint", "numeric", "double precision"}
MACROS = ((r"\$__timeFilter\((\w+)\)", r"\1 BETWEEN now() - interval '1 day' AND now() + interval '1 day'"),
          (r"\$__timeGroupAlias\((\w+), *\$__interval\)", r'floor(extract(epoch from \1)/300)*300 AS "time"'),
          (r"\$\{sync:sqlstring\}", "'product','never'"))
SETUP = """SET client_min_messages = error;
DROP ROLE IF EXISTS monitoring_reader; DROP ROLE IF EXISTS monitoring_etl;
CREATE ROLE monitoring_reader; GRANT pg_monitor TO monitoring_reader;
CREATE ROLE monitoring_etl; GRANT CREATE ON SCHEMA public TO monitoring_etl;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingMonitoring');
CREATE SERVER erp FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://127.0.0.1:9');
GRANT USAGE ON FOREIGN SERVER crm, erp TO monitoring_etl;
SET ROLE monitoring_etl;
CREATE TABLE source AS SELECT n::bigint AS data_id, now() AS update_time, '13900000001' AS phone FROM generate_series(1, 9) n;
CREATE FOREIGN TABLE target (data_id text) SERVER erp OPTIONS (api '/', ok '$.code == 0');
SELECT xbb.create_sync('product', 'source', 'product', columns => '{"phone": "phone"}');
SELECT xbb.create_sync('never', 'source', 'other', columns => '{"phone": "phone"}', max_age => '1 hour');
SELECT xbb.create_push('material', 'SELECT data_id::text FROM source', 'target', '{data_id}');
CALL xbb.sync('product');"""


def psql(sql, *options):
    done = subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1", *options], input=sql, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return [line.split("\t") for line in done.stdout.splitlines()]


def read(name):
    return (FOLDER / name).read_text(encoding="utf-8")


def columns(view):
    """Name, type and comment of each column of a view."""
    return psql(f"""SELECT attname, format_type(atttypid, NULL), col_description(attrelid, attnum) FROM pg_attribute
        WHERE attrelid = 'xbb.metrics_{view}'::regclass AND attnum > 0 ORDER BY attnum""")


def usage(name, kind):
    return "LABEL" if kind in ("name", "text") else "COUNTER" if name.endswith("_total") else "GAUGE"


def check_views():
    wrong = []
    for view in VIEWS:
        for name, kind, _ in columns(view):
            if usage(name, kind) == "LABEL" and name in RESERVED:
                wrong.append(f"{view}: an exporter has a label {name} of its own")
            if usage(name, kind) != "LABEL" and kind not in NUMBERS:
                wrong.append(f"{view}: {name} is {kind}")
        nulls = psql(f"""SELECT DISTINCT k FROM xbb.metrics_{view} m, jsonb_each(to_jsonb(m)) e (k, v)
            WHERE v = 'null' OR v::text ~ 'NaN|Infinity'""")
        wrong += [f"{view}: {name} is NULL or infinite" for (name,) in nulls]
    never = psql("SELECT last_success_timestamp_seconds, complete_until_timestamp_seconds FROM xbb.metrics_sync WHERE sync = 'never'")
    if never != [["0", "0"]]:
        wrong.append(f"a sync that never ran has {never}")
    labels = psql("SET ROLE monitoring_reader; SELECT owner, sync, enabled, last_rows FROM xbb.metrics_sync WHERE owner = 'monitoring_etl'"
                  " UNION ALL SELECT owner, push, enabled, last_rows FROM xbb.metrics_push ORDER BY 2")
    if labels != [["monitoring_etl", "material", "1", "0"], ["monitoring_etl", "never", "1", "0"], ["monitoring_etl", "product", "1", "9"]]:
        wrong.append(f"a member of pg_monitor sees {labels}")
    return wrong


def check_exporter_file():
    """The file is what it would be if it were made of the views."""
    lines = [line for line in read("postgres_exporter.yaml").splitlines() if not line.startswith("#")]
    wanted = []
    for view in VIEWS:
        wanted += [f"xbb_{view}:", f"  query: SELECT * FROM xbb.metrics_{view}", "  metrics:"]
        wanted += [f"    - {name}: {{usage: {usage(name, kind)}, description: '" + comment.replace("'", "''") + "'}"
                   for name, kind, comment in columns(view)]
    return [f"{line!r} is to be {right!r}" for line, right in zip(lines, wanted) if line != right] + \
        ([f"{len(lines)} lines are to be {len(wanted)}"] if len(lines) != len(wanted) else [])


def check_rules():
    metrics = {f"xbb_{view}_{name}" for view in VIEWS for name, _, _ in columns(view)}
    rules, tests, wrong = read("prometheus.rules.yaml"), read("prometheus.rules.test.yaml"), []
    expressions = re.findall(r"expr:(.*?)\n    (?:for|labels):", rules, re.S)
    alerts = re.findall(r"- alert: (\w+)", rules)
    if len(expressions) != len(alerts) or not alerts:
        wrong.append(f"{len(alerts)} rules, {len(expressions)} expressions")
    wrong += [f"there is no metric {name}" for text in (*expressions, *re.findall(r"series: '(.*?)[{']", tests))
              for name in re.findall(r"xbb_\w+", re.sub(r'__name__=~"[^"]*"', "", text)) if name not in metrics]
    for alert in alerts:
        found = re.findall(rf"alertname: {alert}\b(,?\s+exp_alerts: *(?:\[\])?)", tests)
        if len({"[]" in text for text in found}) != 2:
            wrong.append(f"{alert}: a test that it fires and one that it does not")
    for statement in re.findall(r"(?:SELECT|TABLE|CALL)\b[^;]*;", "\n".join(re.findall(r"runbook: (.*)", rules))):
        typed = re.sub(r"\{\{ \$labels\.\w+ \}\}", "product", statement)
        if typed.startswith("CALL"):
            typed = "SELECT '" + re.sub(r"CALL |;", "", typed) + "'::regprocedure;"
        try:
            psql("EXPLAIN " + typed)
        except RuntimeError as error:
            wrong.append(f"{statement}: {error}")
    return wrong


def expand(sql):
    for macro, text in MACROS:
        sql = re.sub(macro, text, sql)
    return sql


def check_query(panel, target):
    """A query of a panel, as Grafana would send it."""
    sql = expand(target["rawSql"])
    if "$" in sql:
        return [f"an unknown macro in {sql}"]
    try:
        psql(f"SET ROLE monitoring_reader; {sql};")
        found = psql(f"SET ROLE monitoring_reader;\n{sql}\n\\gdesc\n")
    except RuntimeError as error:
        return [str(error)]
    if target["format"] != "time_series":
        return []
    kinds = dict(found)
    values = [name for name in kinds if name not in ("time", "metric")]
    wrong = [] if found[0] == ["time", "numeric"] else [f"the first column is {found[0]}"]
    wrong += [f"{name} is {kinds[name]}" for name in values if kinds[name] not in NUMBERS]
    wrong += [] if values else ["no value"]
    return wrong + (["the metric is no text"] if kinds.get("metric", "text") != "text" else [])


def overlaps(one, other):
    return one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"] and \
        one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"]


def check_dashboard():
    board = json.loads(read("grafana.json"))
    panels, wrong = board["panels"], []
    source = board["templating"]["list"][0]
    if (source["name"], source["type"], source["query"]) != ("ds", "datasource", "grafana-postgresql-datasource"):
        wrong.append("the first variable is not the data source")
    if board["id"] is not None or board["uid"] != "xbb-syncs" or not 39 <= board["schemaVersion"] <= 42:
        wrong.append("id, uid or schemaVersion")
    if len({panel["id"] for panel in panels}) != len(panels) or len({panel["title"] for panel in panels}) != len(panels):
        wrong.append("an id or title is there twice")
    if set(re.findall(r'"uid": "([^"]*)"', read("grafana.json"))) != {"${ds}", "xbb-syncs"}:
        wrong.append("a data source that is not the variable's")
    wrong += [f"{one['title']} lies over {other['title']}" for at, one in enumerate(panels) for other in panels[:at]
              if overlaps(one["gridPos"], other["gridPos"])]
    for panel in panels:
        place, target = panel["gridPos"], panel["targets"]
        if place["x"] + place["w"] > 24 or not panel["description"] or not panel["fieldConfig"]["defaults"]["unit"] or not target:
            wrong.append(f"{panel['title']}: place, description, unit or query")
        wrong += [f"{panel['title']}: {line}" for item in target for line in check_query(panel, item)]
        if (panel["type"] == "timeseries") != all(item["format"] == "time_series" for item in target):
            wrong.append(f"{panel['title']}: its queries are of another kind")
    names = psql("SET ROLE monitoring_reader; " + board["templating"]["list"][1]["query"])
    return wrong if names == [["never"], ["product"]] else wrong + [f"the syncs to choose from are {names}"]


def main():
    psql(SETUP)
    failed = False
    print(f"1..{len(CHECKS)}")
    for number, (check, what) in enumerate(CHECKS, 1):
        wrong = check()
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - {what}")
        for line in wrong:
            print("#", " ".join(line.split()))
    psql("""SET client_min_messages = error; DROP OWNED BY monitoring_etl, monitoring_reader CASCADE; DROP SERVER crm, erp CASCADE;
        DROP ROLE monitoring_etl; DROP ROLE monitoring_reader;""")
    sys.exit(failed)


CHECKS = ((check_views, "the views"), (check_exporter_file, "postgres_exporter.yaml"), (check_rules, "prometheus.rules.yaml"),
          (check_dashboard, "grafana.json"))

if __name__ == "__main__":
    main()
