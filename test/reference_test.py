#!/usr/bin/env python3
"""The tables of doc/reference.md and doc/errors.md say what the software does.

Options: a row for every option and place it may stand in, with default and
range as xbb.options() has them, and no other row.  Objects: each is known, has
that endpoint, needs that and is read so, as EXPLAIN and the errors tell.  Functions
and views: each with its extension and arguments, and so are the views' columns in
doc/sync.md and, of pushes, here.  Errors: each message stands in the sources, or is PostgreSQL's own.  Wants
a server (PGHOST, PGDATABASE, with the extension).  Prints TAP.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# messages that are not ours
OF_POSTGRESQL = re.compile("the type's own|canceling statement|no user mapping|permission denied|cannot (insert|execute|alter type)|malformed array|"
                           "UNION|syntax error|does not exist|already exists|deadlock|HTTP status [0-9]")
NOTHING = {"", "–"}


def psql(sql):
    return subprocess.run(["psql", "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1"], input=sql,
                          capture_output=True, text=True)


def cells(line):
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tables(text, *wanted):
    """The rows, by column, of all tables that have the wanted columns."""
    header, rows = None, []
    for line in text.splitlines():
        if not line.startswith("|"):
            header = None
        elif header is None:
            header = {name: at for name in wanted for at, cell in enumerate(cells(line))
                      if cell.strip("`").startswith(name)}
        elif len(header) == len(wanted) and not set(line) <= set("|-: "):
            row = cells(line)
            rows.append({name: "" if row[at] in NOTHING else row[at].replace("`", "") for name, at in header.items()})
    return rows


def compare_options(text):
    parts = {"xbb_fdw": text.split("\n## Options of targets\n")[0], "xbb_target": text.split("\n## Options of targets\n")[-1]}
    return [f"{wrapper}: {line}" for wrapper, part in parts.items() for line in compare_options_of(wrapper, part)]


def compare_options_of(wrapper, text):
    found = psql(f"""SELECT name, place, "default", min, max FROM xbb.options() WHERE wrapper = '{wrapper}';""").stdout.splitlines()
    data = {}
    for name, place, default, low, high in (line.split("\t") for line in found):
        data[name, place] = default, (low, high)
    if not data:
        return ["xbb.options() gave nothing"]
    wrong, seen = [], set()
    for row in tables(text, "option", "place", "default", "range"):
        key = row["option"], row["place"]
        limits = row["range"].split(" – ") if row["range"] else ["", ""]
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
        CREATE SERVER reference_objects FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'ding0');
        CREATE USER MAPPING FOR CURRENT_USER SERVER reference_objects OPTIONS (token 't');
        CREATE FOREIGN TABLE reference_object (id text) SERVER reference_objects OPTIONS (object '%s' %s);
        EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM reference_object;"""
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


def compare_names(text):
    """What is in schema xbb, for others to use: functions with their arguments, views, tables."""
    found = psql("""SELECT c.relname::text, e.extname
        FROM pg_depend d JOIN pg_class c ON d.classid = 'pg_class'::regclass AND d.objid = c.oid JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.deptype = 'e' AND e.extname LIKE 'xbb%' AND c.relkind IN ('r', 'v') AND c.relname !~ '^_'
        UNION ALL
        SELECT p.proname || '(' || coalesce((SELECT string_agg(CASE WHEN p.proname ~ '_validator$' THEN
            (ARRAY['options', 'catalog'])[n] ELSE p.proargnames[n] END, ', ' ORDER BY n)
          FROM generate_series(1, p.pronargs) n), '') || ')', e.extname
        FROM pg_depend d JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid JOIN pg_extension e ON e.oid = d.refobjid
        WHERE d.deptype = 'e' AND e.extname LIKE 'xbb%' AND p.proname !~ '^_';""").stdout.splitlines()
    data = dict(line.split("\t") for line in found)
    told = {name: row["extension"] for row in tables(text, "name", "extension", "what")
            for name in re.findall(r"[a-z_]+(?:\([^)]*\))?", row["name"])}
    wrong = [] if data else ["schema xbb is empty"]
    wrong += [f"{name} of {data[name]} has no row, or another extension" for name in data if told.get(name) != data[name]]
    return wrong + [f"there is no {name}" for name in told if name not in data]


def compare_views(text, kind, number):
    """The columns of so many views, in the order of their tables."""
    wrong, views = [], [match[1] for match in re.finditer(rf"^`xbb\.({kind}_\w+)` has a row", text, re.M)]
    for view in views:
        part = text.split(f"`xbb.{view}` has a row")[1].split("\n\n")[1]
        told = re.findall(r"\w+", ",".join(row["column"] for row in tables(part, "column", "meaning")))
        found = psql(f"SELECT attname FROM pg_attribute WHERE attrelid = 'xbb.{view}'::regclass AND attnum > 0;").stdout.split()
        wrong += [f"{view} has no {name}" for name in told if name not in found]
        wrong += [f"{name} of {view} has no row" for name in found if name not in told]
    return wrong if len(views) == number else [f"the views are {views}"]


def compare_columns(text):
    return compare_views(text, "sync", 3)


def compare_columns_of_pushes(text):
    return compare_views(text, "push", 4)


def compare_errors(text):
    """The words of a message between what it names: all in one string of the sources."""
    sources = "".join(path.read_text(encoding="utf-8")
                      for pattern in ("src/*/*.[ch]", "script/*/*.sql") for path in sorted(ROOT.glob(pattern)))
    sources = re.sub(r'"\s*\n\s*(?:PRI\w+\s*)?"', "", sources).replace('\\"', '"')
    rows = tables(text, "SQLSTATE", "message", "again")
    wrong = [] if rows else ["there is no table of errors"]
    for row in rows:
        if row["again"] not in ("yes", "no", "yes, then", ""):
            wrong.append(f"{row['message']}: again is {row['again']}")
        for message in re.sub(r"\([^)]*\)", "...", row["message"]).split(";"):
            words = [part.strip(' ",:') for part in re.split(r'\.\.\.|"[^"]*"', message)]
            wrong += [f"no source says {part!r}" for part in words
                      if len(part) > 3 and part not in sources and not OF_POSTGRESQL.search(message)]
    return wrong


def main():
    failed = False
    print(f"1..{len(CHECKS)}")
    for number, (check, page) in enumerate(CHECKS, 1):
        wrong = check((ROOT / page).read_text(encoding="utf-8"))
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - the {check.__name__.partition('_')[2]} of {page}")
        for line in wrong:
            print("#", " ".join(line.split()))
    sys.exit(failed)


CHECKS = ((compare_options, "doc/reference.md"), (compare_objects, "doc/reference.md"), (compare_names, "doc/reference.md"),
          (compare_columns, "doc/sync.md"), (compare_columns_of_pushes, "doc/reference.md"), (compare_errors, "doc/errors.md"))

if __name__ == "__main__":
    main()
