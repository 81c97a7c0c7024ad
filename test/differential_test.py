#!/usr/bin/env python3
"""Random predicates give on a foreign table what they give on a local copy.

Each predicate runs in several forms: on the local copy; on the foreign table as
it stands, where conditions are pushed down; with every column wrapped in an
expression, so that nothing is; and, for some, prepared with a generic plan.  All
must give the same records.  The seed is printed; XBB_SEED repeats a run and
XBB_ROUNDS sets the number of predicates.

Needs a server that is up (PGHOST and its kin) with a database of its own that
has the extension, and the simulator (XBB_SIM, XBB_SIM_URL).  Prints TAP.
"""
import os
import random
import subprocess
import sys

# company, generated records: one answer holds the first list, which has records
# without times; the second takes several pages
LISTS = [("dingDifferentialOne", ["products=90", "no_times=20"]), ("dingDifferentialTwo", ["products=160"])]
ROUNDS = int(os.environ.get("XBB_ROUNDS", "160"))

# name, type, options, kind
COLUMNS = [
    ("data_id", "bigint", "", "id"),
    ("form_id", "bigint", "", "number"),
    ("serial_no", "text", "", "text"),
    ("add_time", "timestamptz", "", "timestamptz"),
    ("update_time", "timestamptz", "", "timestamptz"),
    ("update_local", "timestamp", "attr 'updateTime'", "timestamp"),
    ("update_day", "date", "attr 'updateTime'", "date"),
    ("name", "text", "attr 'text_1'", "text"),
    ("state", "varchar", "attr 'text_8'", "text"),
    ("tag", "text", "attr 'text_46'", "text"),
    ("price", "numeric", "attr 'num_1'", "numeric"),
    ("cost", "int", "attr 'num_2'", "number"),
    ("parent", "bigint", "attr 'num_3'", "number"),
    ("stock", "int", "attr 'num_44'", "number"),
    ("day", "date", "attr 'date_5'", "date"),
    ("moment", "timestamptz", "attr 'date_5'", "timestamptz"),
    ("moment_local", "timestamp", "attr 'date_5'", "timestamp"),
    ("creator", "text", "attr 'creatorId'", "text"),
]
WRAP = {
    "text": "({} || '')",
    "number": "({} + 0)",
    "id": "({} + 0)",
    "numeric": "({} + 0)",
    "timestamptz": "({} + interval '0')",
    "timestamp": "({} + interval '0')",
    "date": "({} + 0)",
}
KIND = {name: kind for name, _, _, kind in COLUMNS}
TYPE = {name: sql_type for name, sql_type, _, _ in COLUMNS}
CASTS = {
    "timestamptz": ["timestamptz", "timestamptz", "date", "timestamp"],
    "timestamp": ["timestamp", "timestamp", "date", "timestamptz"],
    "date": ["date", "date", "timestamp", "timestamptz"],
    "number": ["bigint", "int", "numeric"],
    "id": ["bigint", "bigint", "numeric"],
    "numeric": ["numeric", "bigint"],
    "text": ["text", "text", "varchar"],
}
SETTINGS = ["UTC", "Asia/Shanghai", "America/New_York"]


class Psql:
    """One session of psql for everything."""

    def __init__(self):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", "-f", "-"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8")

    def run(self, sql):
        """What psql prints for the statements, or raises with what it complained about."""
        self.process.stdin.write(f"{sql}\n;\n\\echo === end\n")
        self.process.stdin.flush()
        lines = []
        for line in self.process.stdout:
            if line == "=== end\n":
                break
            lines.append(line)
        text = "".join(lines)
        if "ERROR:" in text or self.process.poll() is not None:
            raise RuntimeError(text.strip())
        return text


run = Psql().run


def simulate(*words):
    subprocess.run([sys.executable, os.environ["XBB_SIM"], "ctl", *words], check=True)


def quote(text):
    return "'" + text.replace("'", "''") + "'"


def edges():
    """Records with values at the edges: blanks, case, quotes, 0, signs, long numbers."""
    for i, data in enumerate([
        '"serialNo":"edge","text_1":"A","text_8":"1 ","num_1":0,"num_2":0',
        '"serialNo":"Edge","text_1":"a","text_8":" 1","num_1":"0.00","num_2":"7"',
        '"serialNo":"EDGE","text_1":"a\'b\\"c\\\\d","text_8":"","num_1":-0.5,"num_2":-7',
        '"serialNo":"","text_1":"\\u4e16\\u8fbe","num_1":12345678901234567890.123456789,"num_2":2147483647',
        '"text_1":" ","text_8":"1","num_1":"1e2","num_2":-2147483648',
        '"serialNo":"edge","text_1":"%","text_8":"_","num_1":1.50,"num_2":1',
        '"serialNo":"edge2","text_1":"a%","num_1":"1.5","num_2":1',
    ]):
        stamp = 1767225600 + i
        yield (f'{{"dataId":{i + 11},"formId":5300127,"addTime":{stamp},"updateTime":{stamp},"data":{{{data},'
               f'"date_5":{1767225600 - i * 3600}}}}}')


def set_up(number, company, words):
    """Makes the company, the foreign table thereN and the copy hereN; returns the number of records."""
    simulate(company, "create", "freeze=on", *words)
    records = list(edges())
    for record in records:
        simulate(company, "put", record)
    columns = ",\n  ".join(f"{name} {sql_type}{f' OPTIONS ({options})' if options else ''}"
                           for name, sql_type, options, _ in COLUMNS)
    run(f"""
        CREATE SERVER crm{number} FOREIGN DATA WRAPPER xbb_fdw
          OPTIONS (corpid '{company}', base_url {quote(os.environ["XBB_SIM_URL"])}, rate_limit '0', daily_quota '0');
        CREATE USER MAPPING FOR PUBLIC SERVER crm{number} OPTIONS (token 't0ken', user_id 'u1');
        CREATE FOREIGN TABLE there{number} ({columns}) SERVER crm{number} OPTIONS (object 'product');
        CREATE TABLE here{number} AS SELECT * FROM there{number};
        ANALYZE here{number};
    """)
    found = int(run(f"SELECT count(*) FROM here{number}"))
    expected = int(words[0].partition("=")[2]) + len(records)
    if found != expected:
        raise RuntimeError(f"{found} records instead of {expected}")
    return expected


def samples(number):
    """Some values of each column, as text."""
    return {name: run(f"SET TimeZone = 'UTC'; SELECT DISTINCT {name}::text FROM here{number} "
                      f"WHERE {name} IS NOT NULL "
                      f"ORDER BY 1 LIMIT 400").rstrip("\n").split("\n")
            for name in KIND}


class Maker:
    """Makes predicates of random shape."""

    def __init__(self, rng, values):
        self.rng, self.values = rng, values
        self.parameters = None

    def pick(self, *choices):
        return self.rng.choice(choices)

    def plain_value(self, column):
        """A value of about the column's type, as text without quotes."""
        kind = KIND[column]
        text = self.rng.choice(self.values[column])
        if kind == "text":
            return self.pick(text, text, text, text.upper(), text[:3], "", " ", "none", "edge", "a'b\"c\\d")
        if kind in ("number", "id"):
            return self.pick(text, text, text, str(int(text) + 1), "0", "-7", "1", "2147483647")
        if kind == "numeric":
            return self.pick(text, text, text, text + "0" if "." in text and "e" not in text else text,
                             "0", "-0.5", "1.500", "100", "NaN" if self.rng.random() < 0.3 else "7")
        if self.rng.random() < 0.1:
            return self.pick("infinity", "-infinity", "1970-01-01", "1969-12-31 23:59:59", "2026-01-01")
        return text

    def cast_for(self, column, text):
        """The type to write the value in; one that can hold it, and one more."""
        cast = self.rng.choice(CASTS[KIND[column]])
        if cast in ("int", "bigint") and not (text.lstrip("-").isdigit() and abs(int(text)) < 2 ** 31 - 1):
            cast = "numeric"
        return cast

    def literal(self, column, cast=None):
        text = self.plain_value(column)
        return f"{quote(text)}::{cast or self.cast_for(column, text)}"

    def value(self, column):
        """An expression without a column of the table."""
        way = self.rng.random()
        text = self.plain_value(column)
        kind = KIND[column]
        cast = self.cast_for(column, text)
        literal = f"{quote(text)}::{cast}"
        if way < 0.05:
            return f"NULL::{cast}"
        if way < 0.20:
            return f"(SELECT {literal})"
        if way < 0.25:
            return f"(SELECT {literal} WHERE false)"
        if way < 0.45 and kind in ("timestamptz", "timestamp"):
            shift = self.pick("1 second", "-1 second", "0.5 seconds", "-0.25 seconds", "1 day", "1 hour")
            return f"({literal} + interval '{shift}')"
        if way < 0.35 and kind in ("number", "id", "numeric"):
            return f"({literal} + {self.pick('0', '1', '0.5')})"
        if way < 0.35 and kind == "text":
            return f"({literal} || {self.pick(quote(''), quote(' '))})"
        if way < 0.65 and self.parameters is not None and len(self.parameters) < 8:
            self.parameters.append((cast, text))
            return f"${len(self.parameters)}"
        return literal

    def array(self, column):
        cast = {"text": "text", "number": "bigint", "id": "bigint", "numeric": "numeric"}.get(KIND[column])
        if cast is None:
            cast = TYPE[column]
        items = [self.literal(column, "numeric" if cast == "bigint" else cast) + f"::{cast}"
                 for _ in range(self.rng.randrange(5))]
        if self.rng.random() < 0.2:
            items.append(f"NULL::{cast}")
        self.rng.shuffle(items)
        array = f"ARRAY[{', '.join(items)}]::{cast}[]"
        return self.pick(array, f"ARRAY(SELECT unnest({array}))", f"(SELECT {array})::{cast}[]")

    def comparison(self):
        column = self.rng.choice(self.pick(list(KIND), ["update_time", "add_time", "data_id", "serial_no"]))
        way = self.rng.random()
        if way < 0.08:
            return f"{{{column}}} IS {self.pick('', 'NOT ')}NULL"
        if way < 0.14 and KIND[column] == "text":
            return f"{{{column}}} LIKE {quote(self.plain_value(column)[:2] + self.pick('', '%', '_%'))}"
        if way < 0.30:
            operator, quantifier = self.pick(("=", "ANY"), ("=", "ANY"), ("=", "ANY"), ("<>", "ALL"))
            return f"{{{column}}} {operator} {quantifier} ({self.array(column)})"
        if way < 0.42:
            return f"{{{column}}} BETWEEN {self.value(column)} AND {self.value(column)}"
        if way < 0.46:
            same = [name for name in KIND if KIND[name] == KIND[column]]
            return f"{{{column}}} {self.pick('=', '<', '>=')} {{{self.rng.choice(same)}}}"
        operator = self.pick("=", "=", "=", ">=", ">", "<=", "<", "<>")
        left, right = f"{{{column}}}", self.value(column)
        if self.rng.random() < 0.3:
            left, right = right, left
        return f"{left} {operator} {right}"

    def predicate(self, depth=0):
        way = self.rng.random()
        if depth < 3 and way < 0.35:
            return f"({self.predicate(depth + 1)} AND {self.predicate(depth + 1)})"
        if depth < 3 and way < 0.47:
            return f"({self.predicate(depth + 1)} OR {self.predicate(depth + 1)})"
        if depth < 3 and way < 0.53:
            return f"NOT ({self.predicate(depth + 1)})"
        return self.comparison()


def statements(number, predicate, parameters, zone):
    """The forms of one predicate: name, SQL; each gives one line, ids and all values."""
    bare = predicate.format(**{name: name for name in KIND})
    wrapped = predicate.format(**{name: WRAP[kind].format(name) for name, kind in KIND.items()})
    result = ("SELECT count(*) || ' ' || coalesce(string_agg(data_id::text || ' ' || md5(q::text), ' ' "
              "ORDER BY data_id), '') FROM (SELECT * FROM {} WHERE {} {}) q")
    forms = [("copy", "here", bare, ""), ("pushed down", "there", bare, ""), ("wrapped", "there", wrapped, ""),
             ("limited", "there", bare, "LIMIT 1000")]
    which = number % len(LISTS)
    yield "zone", f"SET TimeZone = '{zone}'"
    for name, table, condition, tail in forms:
        sql = result.format(f"{table}{which}", condition, tail)
        if parameters:
            types = ", ".join(cast for cast, _ in parameters)
            values = ", ".join(f"{quote(text)}::{cast}" for cast, text in parameters)
            yield name, (f"PREPARE p{number} ({types}) AS {sql}; EXECUTE p{number} ({values}); "
                         f"DEALLOCATE p{number}")
        else:
            yield name, sql
    yield "count", f"SELECT 'count ' || count(*) FROM there{which} WHERE {bare}" if not parameters else "SELECT 'count'"


def check(number, maker):
    """Whether all forms of a new predicate agree; and what to tell if not."""
    maker.parameters = [] if maker.rng.random() < 0.4 else None
    predicate = maker.predicate()
    parameters = maker.parameters or []
    zone = maker.rng.choice(SETTINGS)
    forms = list(statements(number, predicate, parameters, zone))
    mode = maker.pick("auto", "force_generic_plan")
    script = f"SET plan_cache_mode = {mode};\n" + ";\n".join(sql for _, sql in forms) + ";\n"
    try:
        lines = run(script).rstrip("\n").split("\n")
    except RuntimeError as error:
        return None, [str(error), script]
    copy, others = lines[0], dict(zip((name for name, _ in forms[2:]), lines[1:]))
    count = others.pop("count")
    wrong = [name for name, line in others.items() if line != copy]
    if count not in ("count", "count " + copy.split()[0]):
        wrong.append("count")
    if wrong:
        return None, [f"differs: {', '.join(wrong)}", f"copy: {copy[:300]}",
                      *(f"{name}: {others.get(name, count)[:300]}" for name in wrong), script]
    return int(copy.split()[0]), []


def main():
    seed = int(os.environ.get("XBB_SEED", random.SystemRandom().randrange(2 ** 31)))
    print(f"# XBB_SEED={seed}", flush=True)
    sizes = [set_up(number, company, words) for number, (company, words) in enumerate(LISTS)]
    rng = random.Random(seed)
    makers = [Maker(rng, samples(number)) for number in range(len(LISTS))]
    failed, telling = 0, 0
    for number in range(1, ROUNDS + 1):
        which = number % len(LISTS)
        rows, trouble = check(number, makers[which])
        if rows is None:
            failed += 1
            print(f"not ok {number} - predicate {number} of seed {seed}")
            for text in trouble:
                for line in text.split("\n"):
                    print(f"# {line}")
        else:
            telling += 0 < rows < sizes[which]
            print(f"ok {number} - {rows} records", flush=True)
    # a test of predicates that all or none meet would prove little
    good = telling >= ROUNDS // 5
    print(f"{'ok' if good else 'not ok'} {ROUNDS + 1} - {telling} predicates meet some of the records, not all")
    print(f"1..{ROUNDS + 1}")
    return 1 if failed or not good else 0


if __name__ == "__main__":
    sys.exit(main())
