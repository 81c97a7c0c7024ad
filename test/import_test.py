#!/usr/bin/env python3
"""IMPORT FOREIGN SCHEMA gives every form of a catalogue with every fieldType as a table that shows what the API holds.

The judge is a decoder of its own: the types that the notes on the API give for a fieldType, and Python's reading of the
bytes that the simulator sends.  By attr and by label: a column for each field that holds something, with its type,
attr and label; names that need no quotes, the same whatever the fields' order; the values, record by record.

Needs a server that is up (PGHOST and its kin) with a database of its own that has the extension, and the simulator
(XBB_SIM, XBB_SIM_URL).  The seed is printed; XBB_SEED repeats a run.  Prints TAP.
"""
import datetime
import decimal
import hashlib
import json
import os
import random
import subprocess
import sys
import urllib.request

COMPANY = "dingImport"
SEED = int(os.environ.get("XBB_SEED", random.SystemRandom().randrange(10 ** 6)))
URL = os.environ.get("XBB_SIM_URL", "")
OF_OBJECT = {"workOrder": "workOrderV2", "productCategory": "category"}
OWN = {"dataId": ("data_id", "bigint"), "addTime": ("add_time", "timestamptz"), "updateTime": ("update_time", "timestamptz"),
       "#error": ("failed", "jsonb"), "*": ("raw", "json")}

# The notes' table (section 7): fieldType -> type; None: holds nothing; a dict: by the attr's prefix.
BY_PREFIX = {"text": "text", "num": "numeric", "date": "timestamptz"}
TYPES = {0: "bigint", 1: "text", 3: "text", 5: "bigint", 6: "text[]", 7: "text", 8: "jsonb", 9: "text[]", 10: "smallint",
         12: "jsonb", 13: "bigint", 14: "jsonb", 15: "integer", 16: "text", 17: "integer", 18: "integer", 19: "integer",
         20: "integer", 37: "jsonb", 50: "bigint", 10000: "text", 10001: "text[]", 10002: None, 10003: "jsonb",
         10004: None, 10005: "jsonb", 10006: "jsonb", 10007: "text", 10008: "bigint", 10009: "text", 10010: "text[]",
         10011: "bigint", 10012: "bigint[]", 10013: "text", 10014: "timestamptz", 10015: "timestamptz", 10016: "bigint",
         10017: "text[]", 10018: "text[]", 10019: "text", 10020: "bigint", 10021: "bigint", 10022: "bigint",
         10023: "bigint", 10024: "jsonb", 10025: "jsonb", 10026: "timestamptz", 10027: "timestamptz", 10028: "jsonb",
         10029: "numeric", 10030: "text", 10031: "numeric", 20001: "bigint", 20002: "bigint[]", 20003: "jsonb",
         20004: "jsonb", 20013: "jsonb", 20014: "jsonb", 20030: "jsonb", 20031: "jsonb", 60001: "integer", 60002: "text",
         700002: "text", 700003: "integer", 800000: "bigint[]"}
for number in (*range(20005, 20013), *range(40001, 40018), 850000, *range(900001, 900055)):
    TYPES[number] = BY_PREFIX
for number in range(20015, 20030):
    TYPES[number] = {**BY_PREFIX, "num": "integer"}
for number in range(30000, 30016):
    TYPES[number] = None

done, failed = 0, 0


def ok(passed, what, *details):
    global done, failed
    done += 1
    failed += not passed
    print(f"{'ok' if passed else 'not ok'} {done} - {what}", flush=True)
    for detail in details if not passed else ():
        print("# " + str(detail)[:1500])


def psql(sql, check=True):
    run = subprocess.run(["psql", "-XqAt", "-v", "ON_ERROR_STOP=1"], input=sql, capture_output=True, text=True, encoding="utf-8")
    if check and run.returncode:
        raise SystemExit(f"Bail out! {run.stderr}")
    return run


def rows(sql):
    return [json.loads(line, parse_float=decimal.Decimal) for line in psql(sql).stdout.splitlines()]


def sim(*words):
    return subprocess.run([sys.executable, os.environ["XBB_SIM"], "ctl", COMPANY, *words], check=True, capture_output=True,
                          text=True, encoding="utf-8").stdout


def ask(path, **body):
    raw = json.dumps({"corpid": COMPANY, "userId": "u-0001", **body}, ensure_ascii=False, separators=(",", ":")).encode()
    request = urllib.request.Request(f"{URL}/pro/v2/api/{path}", raw, {"sign": hashlib.sha256(raw + b"t0ken").hexdigest()})
    with urllib.request.urlopen(request) as answer:
        return json.loads(answer.read(), parse_float=decimal.Decimal)["result"]


def label_of(field):
    return field["attrName"].replace("\n", " ").strip()


def type_of(field):
    kind, attr = field["fieldType"], field["attr"]
    if not attr:
        return None
    if kind == 2:
        return "bigint" if field.get("integerOnly") and not field.get("accuracy") else "numeric"
    if kind == 4:
        return "date" if field["dateType"] == "yyyy-MM-dd" else "timestamptz"
    known = TYPES.get(kind, BY_PREFIX)
    return known.get(attr.partition("_")[0], "jsonb") if isinstance(known, dict) else known


def decode(value, kind):
    """A value of the wire as PostgreSQL's to_jsonb shows it in that type."""
    if value is None or value == "":
        return None
    if kind.endswith("[]"):
        if isinstance(value, str) and value.startswith("["):
            value = json.loads(value)
        return [decode(v, kind[:-2]) for v in (value if isinstance(value, list) else [value])]
    if kind in ("bigint", "integer", "smallint", "numeric"):
        return decimal.Decimal(value)
    if kind in ("timestamptz", "date"):
        moment = datetime.datetime.fromtimestamp(int(value), datetime.timezone(datetime.timedelta(hours=8 * (kind == "date"))))
        return None if int(value) == 0 else str(moment.date()) if kind == "date" else moment.isoformat()
    return str(value) if kind == "text" and not isinstance(value, (list, dict)) else value


def shown(value, kind):
    """What to_jsonb showed, to compare with that."""
    if value is None or kind.endswith("[]") or kind in ("text", "jsonb", "date"):
        return value
    return value if kind == "timestamptz" else decimal.Decimal(value)


def tables(schema):
    """table -> (options, [(column, type, {option: value})])."""
    found = {}
    for row in rows(f"""SELECT to_jsonb(q) FROM (
          SELECT c.relname AS name, t.ftoptions AS options, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
                 a.attfdwoptions AS column_options
          FROM pg_foreign_table t JOIN pg_class c ON c.oid = t.ftrelid JOIN pg_attribute a ON a.attrelid = c.oid AND attnum > 0
          WHERE c.relnamespace = '{schema}'::regnamespace ORDER BY c.relname, a.attnum) q;"""):
        options = dict(o.split("=", 1) for o in row["options"])
        columns = found.setdefault(row["name"], (options, []))[1]
        kind = row["type"].replace("timestamp with time zone", "timestamptz")
        columns.append((row["column"], kind, dict(o.split("=", 1) for o in row["column_options"])))
    return found


def check_columns(name, columns, fields, wrong):
    """The columns of one table against the fields of its form."""
    wanted = {f["attr"]: (type_of(f), label_of(f)) for f in fields if f["attr"] not in OWN and type_of(f)}
    labels = {f["attr"]: label_of(f) for f in fields}
    found = {o["attr"]: (kind, o.get("label", "")) for _, kind, o in columns if o["attr"] not in OWN}
    if found != wanted:
        wrong.append((name, sorted(set(found.items()) ^ set(wanted.items()))[:4]))
    for attr, (column, kind) in OWN.items():
        if (column, kind, labels.get(attr, "")) not in [(c, k, o.get("label", "")) for c, k, o in columns if o["attr"] == attr]:
            wrong.append((name, attr))


def check_values(schema, name, options, columns, wrong):
    """The records of a table against the bytes of the simulator's list; how many values were looked at."""
    kind, form = options["object"], options.get("form_id")
    if "del" in options.get("params", ""):
        if psql(f'SELECT * FROM {schema}."{name}";').stdout:
            wrong.append((name, "nothing has been deleted"))
        return 0
    args = [f"object={OF_OBJECT.get(kind, kind)}", *([f"form_id={form}"] if form and kind != "label" else [])]
    lines = [json.loads(line, parse_float=decimal.Decimal) for line in sim("dump", *args).splitlines()]
    if kind == "user":
        lines = [r for r in lines if r["status"] == 1]
    if "conditions" in options:
        lines = [r for r in lines if (r["data"]["num_3"] == 0) == ('"equal"' in options["conditions"])]
    seen = rows(f'SET TimeZone = UTC; SELECT to_jsonb(t) FROM {schema}."{name}" t;')
    raw = {json.dumps(r["raw"], sort_keys=True, default=str): r for r in seen}
    if len(raw) != len(lines) or len(seen) != len(lines):
        wrong.append((name, f"{len(seen)} rows, not {len(lines)}"))
    values = 0
    for item in lines:
        row = raw.get(json.dumps(item, sort_keys=True, default=str))
        if row is None or row["failed"] is not None:
            wrong.append((name, item if row is None else row["failed"]))
            continue
        for column, kind, column_options in columns:
            attr = column_options["attr"]
            if attr in ("*", "#error"):
                continue
            value = item[attr] if attr in item else item.get("data", {}).get(attr)
            expected, got = decode(value, kind), shown(row[column], kind)
            values += expected is not None
            if isinstance(expected, (list, dict)) and kind == "text":
                got = got and json.loads(got, parse_float=decimal.Decimal)
            if got != expected:
                wrong.append((name, column, kind, got, expected))
    return values


def check_names(found, wrong):
    reserved = set(psql("SELECT word FROM pg_get_keywords() WHERE catcode IN ('R', 'T');").stdout.split())
    for name in [*found, *(c for _, columns in found.values() for c, _, _ in columns)]:
        plain = name[:1].isalpha() or name[:1] == "_"
        plain = plain and all(ord(c) > 127 or c in "abcdefghijklmnopqrstuvwxyz0123456789_" for c in name)
        if not plain or name in reserved or len(name.encode()) > 63:
            wrong.append(name)


def check_import(schema, names, forms, fields):
    psql(f"CREATE SCHEMA {schema}; SET client_min_messages = error; "
         f"IMPORT FOREIGN SCHEMA xbb FROM SERVER imported INTO {schema} OPTIONS (names '{names}');")
    found = tables(schema)
    by_form = {int(o["form_id"]): name for name, (o, _) in found.items() if "form_id" in o and "params" not in o}
    by_object = {o["object"]: name for name, (o, _) in found.items() if "form_id" not in o and "conditions" not in o}
    reached = {f: by_form.get(f, by_object.get(o)) for f, o in forms.items()}
    ok(len(fields) == 60 and len(set(reached.values()) - {None}) == 57 == 60 - sum(o is None for o in forms.values()),
       f"names '{names}': a table for each form that has a list", reached)
    wrong = []
    for form, name in reached.items():
        if name:
            check_columns(name, found[name][1], fields[form], wrong)
    ok(not wrong, f"names '{names}': columns, types, attrs and labels are those of the forms", *wrong[:5])
    wrong = []
    check_names(found, wrong)
    ok(not wrong, f"names '{names}': names need no quotes", wrong[:10])
    wrong, values = [], 0
    for name, (options, columns) in found.items():
        values += check_values(schema, name, options, columns, wrong)
    ok(not wrong and values > 10_000, f"names '{names}': {len(found)} tables, {values} values are what the API holds",
       values, *wrong[:5])
    return found


def main():
    print(f"# seed {SEED}")
    sim("create", "products=40", "freeze=on", "--", "forms", f"seed={SEED}", "records=15")
    psql(f"""CREATE SERVER imported FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '{COMPANY}', base_url '{URL}', rate_limit '0');
        CREATE USER MAPPING FOR PUBLIC SERVER imported OPTIONS (token 't0ken', user_id 'u-0001');""")
    listed = [f for mark in (1, 2) for f in ask("form/list", saasMark=mark)["formList"]]
    fields = {f["formId"]: ask("form/get", formId=f["formId"])["explainList"] for f in listed}
    ok({f["fieldType"] for e in fields.values() for f in e} >= set(TYPES), "every fieldType is there",
       set(TYPES) - {f["fieldType"] for e in fields.values() for f in e})
    forms = {r["form_id"]: r["object"] for r in rows("SELECT to_jsonb(f) FROM xbb.forms('imported') f;")}
    ok({f["formId"] for f in listed} == set(forms), "xbb.forms() has all forms")

    imported = {names: check_import(f"by_{names}", names, forms, fields) for names in ("attr", "label")}
    for form, explained in fields.items():
        if form != 5300127:
            random.Random(SEED + form).shuffle(explained)
            sim("form", f"form_id={form}", json.dumps(explained, ensure_ascii=False, default=float))
    for names, before in imported.items():
        psql(f"CREATE SCHEMA again_{names}; SET client_min_messages = error; "
             f"IMPORT FOREIGN SCHEMA xbb FROM SERVER imported INTO again_{names} OPTIONS (names '{names}');")
        after = tables(f"again_{names}")
        same = {n: (o, sorted(c, key=str)) for n, (o, c) in after.items()} == \
               {n: (o, sorted(c, key=str)) for n, (o, c) in before.items()}
        ok(same, f"names '{names}': names do not depend on the fields' order")
    print(f"1..{done}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
