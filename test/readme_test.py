#!/usr/bin/env python3
"""The option and object tables of the READMEs say what the software does.

Options: a row for every option and place it may stand in, with default and
range as xbb.options() has them, and no other row.  Objects: each is known, has
that endpoint, needs that and is read so, as EXPLAIN and the errors tell.  Wants
a server (PGHOST, PGDATABASE, with the extension).  Prints TAP.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-CN.md")
COLUMNS = {"option": "option|选项", "place": "place|位置|所在|对象|处", "default": "default|默认", "range": "range|范围",
           "object": "object|对象", "endpoint": "endpoint|端点|接口", "needs": "needs|需要|必需", "read": "read|读"}
PLACES = {"服务器": "server", "用户映射": "user mapping", "表": "table", "外部表": "table", "列": "column"}
NOTHING = {"", "-", "–", "—", "无"}


def psql(sql):
    return subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1"], input=sql,
                          capture_output=True, text=True)


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(text, *wanted):
    """The rows, by names of COLUMNS, of all tables that have the wanted columns."""
    header, rows = None, []
    for line in text.splitlines():
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = {name: at for name in wanted for at, cell in enumerate(cells(line))
                      if re.match(COLUMNS[name], cell.strip("`"))}
        elif len(header) == len(wanted) and not set(line) <= set("|-: "):
            row = cells(line)
            rows.append({name: "" if row[at] in NOTHING else row[at].replace("`", "") for name, at in header.items()})
    return rows


def compare_options(text):
    found = psql('SELECT name, place, "default", min, max FROM xbb.options();').stdout.splitlines()
    data = {}
    for name, place, default, low, high in (line.split("\t") for line in found):
        data[name, place] = default, (low, high)
    if not data:
        return ["xbb.options() gave nothing"]
    wrong, seen = [], set()
    for row in tables(text, "option", "place", "default", "range"):
        key = row["option"], PLACES.get(row["place"], row["place"])
        limits = re.split(r"\s+(?:–|-|to|至|到)\s+", row["range"]) if row["range"] else ["", ""]
        if key not in data:
            wrong.append(f"{key[0]} of a {key[1]} is no option")
        elif (row["default"], tuple(limits)) != data[key]:
            wrong.append(f"{key[0]} of a {key[1]} is {data[key]}, not {(row['default'], tuple(limits))}")
        if key in seen:
            wrong.append(f"{key[0]} of a {key[1]} has two rows")
        seen.add(key)
    return wrong + [f"{name} of a {place} has no row" for name, place in data if (name, place) not in seen]


def compare_objects(text):
    setup = """SET client_min_messages = error; BEGIN; SET LOCAL lc_messages = 'C';
        CREATE SERVER readme_objects FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'ding0');
        CREATE USER MAPPING FOR CURRENT_USER SERVER readme_objects OPTIONS (token 't');
        CREATE FOREIGN TABLE readme_object (id text) SERVER readme_objects OPTIONS (object '%s' %s);
        EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM readme_object;"""
    rows = tables(text, "object", "endpoint", "needs", "read")
    wrong = [] if rows else ["there is no table of objects"]
    for row in rows:
        name = row["object"]
        plain = psql(setup % (name, ""))
        formed = psql(setup % (name, ", form_id '1'"))
        if formed.returncode:
            wrong.append(f"{name}: {formed.stderr.strip()}")
            continue
        if (plain.returncode != 0) != ("form_id" in row["needs"]):
            wrong.append(f"{name}: needs a form_id or not: {plain.stderr.strip()}")
        if f"Request: POST /pro/v2/api/{row['endpoint']}\n" not in formed.stdout + "\n":
            wrong.append(f"{name} is not read from {row['endpoint']}")
        if f"Method: {row['read']}\n" not in formed.stdout:
            wrong.append(f"{name} is not read as {row['read']}")
    return wrong


def main():
    failed = False
    print(f"1..{2 * len(READMES)}")
    checks = [(name, check) for name in READMES for check in (compare_options, compare_objects)]
    for number, (name, check) in enumerate(checks, 1):
        what = check.__name__.partition("_")[2]
        path = ROOT / name
        if not path.exists():
            print(f"ok {number} - {what} # SKIP there is no {name}")
            continue
        wrong = check(path.read_text(encoding="utf-8"))
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - the {what} of {name}")
        for line in wrong:
            print("#", " ".join(line.split()))
    sys.exit(failed)


if __name__ == "__main__":
    main()
