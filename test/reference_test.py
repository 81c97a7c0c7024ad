#!/usr/bin/env python3
"""The tables of doc/reference.md and doc/errors.md say what the software does.

Options: a row for every option and place it may stand in, with default and
range as xbb.options() has them, and no other row.  Objects: each is known, has
that endpoint, needs that and is read so, as EXPLAIN and the errors tell.  Errors:
each message stands in the sources, or is PostgreSQL's own.  Wants
a server (PGHOST, PGDATABASE, with the extension).  Prints TAP.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# messages that are not ours
OF_POSTGRESQL = re.compile("the type's own|canceling statement|no user mapping|permission denied|cannot (insert|execute)|"
                           "UNION|syntax error|does not exist|deadlock|HTTP status [0-9]")
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
    found = psql('SELECT name, place, "default", min, max FROM xbb.options();').stdout.splitlines()
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


def compare_errors(text):
    """The words of a message between what it names: all in one string of the sources."""
    sources = "".join(path.read_text(encoding="utf-8")
                      for pattern in ("src/*/*.[ch]", "script/*/*.sql") for path in sorted(ROOT.glob(pattern)))
    sources = re.sub(r'"\s*\n\s*(?:PRI\w+\s*)?"', "", sources).replace('\\"', '"')
    rows = tables(text, "SQLSTATE", "message", "again")
    wrong = [] if rows else ["there is no table of errors"]
    for row in rows:
        if row["again"] not in ("yes", "no", "yes, then"):
            wrong.append(f"{row['message']}: again is {row['again']}")
        for message in re.sub(r"\([^)]*\)", "...", row["message"]).split(";"):
            words = [part.strip(' ",:') for part in re.split(r'\.\.\.|"[^"]*"', message)]
            wrong += [f"no source says {part!r}" for part in words
                      if len(part) > 3 and part not in sources and not OF_POSTGRESQL.search(message)]
    return wrong


def main():
    failed = False
    print("1..3")
    for number, (check, page) in enumerate(CHECKS, 1):
        wrong = check((ROOT / page).read_text(encoding="utf-8"))
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - the {check.__name__.partition('_')[2]} of {page}")
        for line in wrong:
            print("#", " ".join(line.split()))
    sys.exit(failed)


CHECKS = ((compare_options, "doc/reference.md"), (compare_objects, "doc/reference.md"), (compare_errors, "doc/errors.md"))

if __name__ == "__main__":
    main()
