"""What stands in the database: foreign tables in the schema "there", copies of them in "here", and on both sides
the same views, functions, partitioned tables and parents, so that a query's text fits both by its search_path.

relations() tells the generator what each relation has.
"""
import json
import os
import urllib.error
import urllib.request
from typing import NamedTuple

from . import data

DOMAINS = """
CREATE DOMAIN shared.words AS text;
CREATE DOMAIN shared.short AS varchar(6) CHECK (length(VALUE) < 100);
CREATE DOMAIN shared.money1 AS numeric(12,1);
CREATE DOMAIN shared.amount AS numeric CHECK (VALUE > -1000000);
CREATE DOMAIN shared.pieces AS int;
CREATE DOMAIN shared.instant AS timestamptz;
CREATE DOMAIN shared.second AS timestamptz(0) CHECK (VALUE > '2000-01-01');
"""

# name, type, attr, family; the family says which operators there are
COLUMNS = [
    ("id", "bigint", "dataId", "int"),
    ("id4", "int", "dataId", "int"),
    ("idn", "numeric", "dataId", "num"),
    ("form", "bigint", "formId", "int"),
    ("sn", "text", "serialNo", "text"),
    ("snv", "varchar(20)", "serialNo", "text"),
    ("name", "text", "text_1", "text"),
    ("namev", "varchar", "text_1", "text"),
    ("named", "shared.words", "text_1", "text"),
    ("tag", "text", "text_8", "text"),
    ("tag6", "varchar(6)", "text_8", "text"),
    ("tagc", "char(6)", "text_8", "char"),
    ("tagd", "shared.short", "text_8", "text"),
    ("memo", "text", "text_5", "text"),
    ("price", "numeric", "num_1", "num"),
    ("price2", "numeric(12,2)", "num_1", "num"),
    ("price0", "numeric(10,0)", "num_1", "num"),
    ("price1d", "shared.money1", "num_1", "num"),
    ("priced", "shared.amount", "num_1", "num"),
    ("pricef", "float8", "num_1", "float"),
    ("qty", "int", "num_2", "int"),
    ("qty2", "smallint", "num_2", "int"),
    ("qty8", "bigint", "num_2", "int"),
    ("qtyn", "numeric", "num_2", "num"),
    ("qtyd", "shared.pieces", "num_2", "int"),
    ("parent", "bigint", "num_3", "int"),
    ("flag", "bool", "text_46", "bool"),
    ("day", "date", "date_5", "date"),
    ("moment", "timestamptz", "date_5", "tstz"),
    ("moment0", "timestamptz(0)", "date_5", "tstz"),
    ("local0", "timestamp(0)", "date_5", "ts"),
    ("added", "timestamptz", "addTime", "tstz"),
    ("added0", "timestamptz(0)", "addTime", "tstz"),
    ("added_local", "timestamp", "addTime", "ts"),
    ("added_day", "date", "addTime", "date"),
    ("updated", "timestamptz", "updateTime", "tstz"),
    ("updated0", "timestamptz(0)", "updateTime", "tstz"),
    ("updatedd", "shared.instant", "updateTime", "tstz"),
    ("updated0d", "shared.second", "updateTime", "tstz"),
    ("updated_local3", "timestamp(3)", "updateTime", "ts"),
    ("updated_day", "date", "updateTime", "date"),
    ("creator", "text", "creatorId", "text"),
    ("city", "text", "address_1.city", "text"),
    ("owners", "text[]", "ownerId", "text[]"),
    ("labels", "bigint[]", "array_31", "int[]"),
    ("place", "jsonb", "address_1", "jsonb"),
    ("whole", "json", "*", "json"),
]
ATTRS = {name: attr for name, _, attr, _ in COLUMNS}
# attrs whose values meet: a join of two columns of one topic finds rows
TOPICS = {"dataId": "id", "num_3": "id", "formId": "form", "serialNo": "sn", "text_1": "name", "text_8": "tag",
          "text_5": "memo", "num_1": "price", "num_2": "qty", "text_46": "flag", "date_5": "day", "addTime": "time",
          "updateTime": "time", "creatorId": "creator", "address_1.city": "city", "ownerId": "owners",
          "array_31": "labels", "address_1": "place", "*": "whole"}

# a local table, for outer sides and targets: small, its values from the pools of the records
LINES = [
    ("k", "int", "int", "k"), ("code", "text", "text", "sn"), ("word", "varchar(60)", "text", "name"),
    ("tag", "text", "text", "tag"), ("num", "numeric", "num", "price"), ("num2", "numeric(12,2)", "num", "price"),
    ("qty", "int", "int", "qty"), ("ref", "bigint", "int", "id"), ("at", "timestamptz", "tstz", "time"),
    ("day", "date", "date", "time"), ("codes", "text[]", "text[]", "sn"), ("nums", "numeric[]", "num[]", "price"),
    ("ids", "bigint[]", "int[]", "id"), ("csv", "text", "text", "csv"), ("firm", "text", "text", "company"),
]
SCRATCH = [("id", "bigint", "int", "id"), ("name", "text", "text", "name"), ("price", "numeric", "num", "price"),
           ("qty", "int", "int", "qty"), ("updated", "timestamptz", "tstz", "time")]


def literal(text):
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


class Column(NamedTuple):
    name: str
    sql: str
    family: str
    topic: str


class Relation:
    """A relation as the generator sees it: Columns, the name of a key, about how many rows, and records that are in it."""

    def __init__(self, name, columns, key, rows, foreign=False, kind="table", witnesses=()):
        self.name, self.columns, self.key, self.rows, self.foreign, self.kind = name, columns, key, rows, foreign, kind
        self.witnesses = witnesses
        self.by_topic = {}
        for column in columns:
            self.by_topic.setdefault(column.topic, []).append(column)


def relations():
    """Everything that a query may read, by name."""
    columns = [Column(name, sql, family, TOPICS[attr]) for name, sql, attr, family in COLUMNS]
    lines = [Column(*each) for each in LINES]
    corp = [Column("company", "text", "text", "company"), Column("branch", "int", "int", "branch"), *columns]

    def some(names):
        return [column for column in columns if column.name in names.split()]

    records = {name: data.witnesses(data.Records(name, spec[1], way=spec[3])) for name, spec in data.COMPANIES.items()}
    records.update((name, data.witnesses(data.Records(name, count, first, form)))
                   for name, (form, first, count, _) in data.FORMS.items())
    found = [Relation(name, [Column(n, sql, f, TOPICS[a]) for n, sql, a, f in columns_of(name)], "id", len(rows), True, "table", rows)
             for name, rows in records.items()]
    found += [
        Relation("parts", columns, "id", 111, True, "partitioned", records["f1"] + records["f2"] + records["f3"]),
        Relation("ranges", columns, "id", 55, True, "partitioned", records["f2"] + records["f3"]),
        Relation("parents", columns, "id", 69, True, "inheritance", records["f1"] + records["f3"]),
        Relation("corps", corp, "id company", 186, True, "corps", records["t5"] + records["t8"] + records["t10"]),
        Relation("v_all", some("id sn name price qty updated"), "id", 72, True, "view", records["t3"]),
        Relation("v_cast", [columns[0], Column("code", "text", "text", "sn"), Column("num", "numeric", "num", "price")],
                 "id", 72, True, "view"),
        Relation("v_guard", some("id sn tag price2 qty owners added"), "id", 60, True, "barrier", records["t2"]),
        Relation("lines", lines, "k", 14, False, "local"),
        Relation("many", lines, "k", 40, False, "local"),
        Relation("scratch", [Column(*each) for each in SCRATCH], "id", 20, False, "local"),
        Relation("l_guard", [each for each in lines if each.name in ("k", "code", "num", "codes", "ref", "at")], "k", 14, False,
                 "barrier"),
    ]
    return {each.name: each for each in found}


def columns_of(name):
    """Those of a table: ids of 19 digits are no int."""
    return [each for each in COLUMNS if name != "t11" or each[0] != "id4"]


def column_list(foreign, name=""):
    return ", ".join(f"{column} {sql}" + (f" OPTIONS (attr {literal(attr)})" if foreign else "")
                     for column, sql, attr, _ in columns_of(name))


def options(words):
    return ", ".join(f"{name} {literal(str(value))}" for name, value in words.items())


# ---- the simulator ----

def company(name):
    return f"ding_query_{os.environ.get('PGDATABASE', 'postgres')}_{name}"


class Trouble(Exception):
    """The test could not be set up."""


def simulate(corpid, verb, args, rest=()):
    order = {"corpid": corpid, "verb": verb, "args": args, "rest": list(rest)}
    request = urllib.request.Request(os.environ["XBB_SIM_URL"] + "/_ctl", json.dumps(order).encode())
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            reply = json.loads(answer.read())
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise Trouble(f"simulator: {error}")
    if not reply["ok"]:
        raise Trouble(f"simulator: {corpid} {verb}: {reply['text']}")


def put(corpid, records):
    """The simulator takes times from numbers; those of texts it is told."""
    if records.way.get("unit") != "text":
        simulate(corpid, "put", {}, records)
        return
    for text in records:
        record = json.loads(text)
        times = {"add": data.epoch(record["addTime"]), "update": data.epoch(record["updateTime"])}
        simulate(corpid, "putraw", {"id": record["dataId"], **times}, [text])


def make_companies():
    for name, (switches, count, _, way) in data.COMPANIES.items():
        corpid = company(name)
        simulate(corpid, "create", {"token": "t0ken", "products": 0, "freeze": "on", **switches})
        put(corpid, data.Records(name, count, way=way))
    for name, (form, first, count, _) in data.FORMS.items():
        simulate(company("t0"), "create", {"object": "customer", "form_id": form, "records": 0})
        simulate(company("t0"), "put", {"object": "customer", "form_id": form}, data.Records(name, count, first, form))


# ---- the database ----

def servers():
    for name in data.COMPANIES:
        yield f"""
CREATE SERVER crm_{name} FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid {literal(company(name))},
  base_url {literal(os.environ["XBB_SIM_URL"])}, rate_limit '0', daily_quota '0', settle_time '1s', max_retries '1'{
    ", fdw_startup_cost '1', fdw_tuple_cost '5'" if name in ("t3", "t6") else ""});
CREATE USER MAPPING FOR PUBLIC SERVER crm_{name} OPTIONS (token 't0ken', user_id 'u1');"""


def foreign_tables():
    for name, (_, _, words, _) in data.COMPANIES.items():
        yield (f"CREATE FOREIGN TABLE there.{name} ({column_list(True, name)}) SERVER crm_{name} "
               f"OPTIONS ({options({'object': 'product', **words})});")
    for name, (form, _, _, words) in data.FORMS.items():
        yield (f"CREATE FOREIGN TABLE there.{name} ({column_list(True)}) SERVER crm_t0 "
               f"OPTIONS ({options({'object': 'customer', 'form_id': form, **words})});")


def copies():
    for name in [*data.COMPANIES, *data.FORMS]:
        yield f"CREATE TABLE here.{name} ({column_list(False, name)}); INSERT INTO here.{name} SELECT * FROM there.{name};"


def partitions(side):
    """Parts by form and by id, each with a local one among them; parents with a local row or two of their own."""
    def part(name, source, of, bound):
        form, _, _, words = data.FORMS[source]
        if side == "here":
            return (f"CREATE TABLE here.{name} PARTITION OF here.{of} FOR VALUES {bound};"
                    f"INSERT INTO here.{name} SELECT * FROM here.{source};")
        return (f"CREATE FOREIGN TABLE there.{name} PARTITION OF there.{of} FOR VALUES {bound} SERVER crm_t0 "
                f"OPTIONS ({options({'object': 'customer', 'form_id': form, **words})});"
                f"ALTER FOREIGN TABLE there.{name} {attrs};")

    def child(name, source):
        form, _, _, words = data.FORMS[source]
        if side == "here":
            return (f"CREATE TABLE here.{name} () INHERITS (here.parents);"
                    f"INSERT INTO here.{name} SELECT * FROM here.{source};")
        return (f"CREATE FOREIGN TABLE there.{name} () INHERITS (there.parents) SERVER crm_t0 "
                f"OPTIONS ({options({'object': 'customer', 'form_id': form, **words})});"
                f"ALTER FOREIGN TABLE there.{name} {attrs};")

    attrs = ", ".join(f"ALTER {name} OPTIONS (ADD attr {literal(attr)})" for name, _, attr, _ in COLUMNS)
    columns = column_list(False)
    yield f"CREATE TABLE {side}.parts ({columns}) PARTITION BY LIST (form);"
    for name, source in (("parts1", "f1"), ("parts2", "f2"), ("parts3", "f3")):
        yield part(name, source, "parts", f"IN ({data.FORMS[source][0]})")
    yield (f"CREATE TABLE {side}.parts4 PARTITION OF {side}.parts FOR VALUES IN (5300127);"
           f"INSERT INTO {side}.parts4 SELECT * FROM here.t0 WHERE id % 6 = 0;")
    yield f"CREATE TABLE {side}.ranges ({columns}) PARTITION BY RANGE (id);"
    for name, source in (("ranges1", "f2"), ("ranges2", "f3")):
        first = data.FORMS[source][1]
        yield part(name, source, "ranges", f"FROM ({first}) TO ({first + 1000})")
    yield f"CREATE TABLE {side}.parents ({columns});"
    yield f"INSERT INTO {side}.parents SELECT * FROM here.t0 WHERE id % 20 = 0;"
    yield child("parents1", "f1")
    yield child("parents2", "f3")


def corps(side):
    """Companies as partitions by a constant, each with its columns in another order, and local rows."""
    yield f"CREATE TABLE {side}.corps (company text, branch int, {column_list(False)}) PARTITION BY LIST (company);"
    for n, (source, (company_name, branch)) in enumerate(data.CORPS.items(), 1):
        bound = f"ALTER TABLE {side}.corps ATTACH PARTITION {side}.corps{n} FOR VALUES IN ({literal(company_name)});"
        if side == "here":
            yield (f"CREATE TABLE here.corps{n} (company text, branch int, {column_list(False)});"
                   f"INSERT INTO here.corps{n} SELECT {literal(company_name)}, {branch}, t.* FROM here.{source} t;" + bound)
            continue
        columns = [f"company text OPTIONS (constant {literal(company_name)})", column_list(True),
                   f"branch int OPTIONS (constant '{branch}')"]
        words = {"object": "product", **data.COMPANIES[source][2]}
        yield (f"CREATE FOREIGN TABLE there.corps{n} ({', '.join(columns[::-1] if n == 2 else columns)}) "
               f"SERVER crm_{source} OPTIONS ({options(words)});" + bound)
    yield (f"CREATE TABLE {side}.corps0 PARTITION OF {side}.corps FOR VALUES IN ('local', NULL);"
           f"INSERT INTO {side}.corps0 SELECT CASE WHEN id % 20 = 0 THEN 'local' END, 0, t.* FROM here.t0 t WHERE id % 10 = 0;")


COMMON = """
CREATE VIEW {s}.v_all AS SELECT id, sn, name, price, qty, updated FROM {s}.t3;
CREATE VIEW {s}.v_cast AS SELECT id, upper(sn) AS code, price * 1 AS num FROM {s}.t1;
CREATE VIEW {s}.v_guard WITH (security_barrier) AS SELECT id, sn, tag, price2, qty, owners, added FROM {s}.t2 WHERE qty > -10;
CREATE FUNCTION {s}.f_rows(code text) RETURNS TABLE (id bigint, name text, price numeric) LANGUAGE sql STABLE
  AS 'SELECT t.id, t.name, t.price FROM t0 t WHERE t.sn = code';
CREATE FUNCTION {s}.f_rows_num(n numeric) RETURNS TABLE (id bigint, name text, price numeric) LANGUAGE sql STABLE
  AS 'SELECT t.id, t.name, t.price FROM t4 t WHERE t.price = n';
CREATE FUNCTION {s}.f_plpgsql(code text, n numeric) RETURNS TABLE (id bigint, name text, price numeric) LANGUAGE plpgsql STABLE
  AS 'BEGIN RETURN QUERY SELECT t.id, t.name, t.price FROM t1 t WHERE t.name = code OR t.price = n; END';
CREATE FUNCTION {s}.f_count(code text) RETURNS bigint LANGUAGE plpgsql STABLE
  AS 'DECLARE found bigint; BEGIN SELECT count(*) INTO found FROM t4 t WHERE t.tag = code; RETURN found; END';
CREATE FUNCTION {s}.f_first(n numeric) RETURNS bigint LANGUAGE sql STABLE
  AS 'SELECT min(t.id) FROM t0 t WHERE t.price = n';
CREATE FUNCTION {s}.f_loop(most bigint) RETURNS SETOF text LANGUAGE plpgsql STABLE
  AS 'DECLARE r record; BEGIN FOR r IN SELECT t.sn FROM t2 t WHERE t.qty = most ORDER BY t.id LOOP RETURN NEXT r.sn; END LOOP; END';
"""

LOCAL_FUNCTIONS = """
CREATE FUNCTION shared.f_trim(code text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT trim(code)';
CREATE FUNCTION shared.f_same(n numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN n + 0; END';
CREATE FUNCTION shared.f_codes(many int) RETURNS SETOF text LANGUAGE sql STABLE ROWS 8
  AS 'SELECT ''S-'' || lpad(i::text, 4, ''0'') FROM generate_series(1, many) i';
CREATE VIEW shared.l_guard WITH (security_barrier) AS
  SELECT k, trim(code) AS code, num * 1 AS num, codes || code AS codes, ref + 0 AS ref, at + interval '0' AS at FROM shared.lines;
"""


def local_tables():
    """lines and many: rows of values that records have, and some that none has."""
    columns = ", ".join(f"{name} {sql}" for name, sql, _, _ in LINES)
    for name, source, count in (("lines", "t0", 14), ("many", "t1", 40)):
        yield f"""
CREATE TABLE shared.{name} ({columns});
INSERT INTO shared.{name}
SELECT i, CASE WHEN i % 9 = 4 THEN NULL ELSE 'S-' || lpad((i * 7 % 40)::text, 4, '0') END, a.name, a.tag, a.price, b.price2, b.qty,
  1000 + i * 5 % 60, a.updated, b.added_day, ARRAY[a.sn, b.sn, 'S-000' || i % 10], ARRAY[a.price, b.price, i],
  ARRAY[a.id, b.id, 1000 + i, NULL], concat_ws(',', a.sn, b.sn, 'none', 'S-0004'),
  (ARRAY['north', 'south', 'west', 'local', 'NORTH', NULL])[i % 6 + 1]
FROM generate_series(1, {count}) i JOIN here.{source} a ON a.id = 1000 + i * 3 % 50 JOIN here.t4 b ON b.id = 1001 + i * 11 % 40;
ANALYZE shared.{name};"""
    columns = ", ".join(f"{name} {sql}" for name, sql, _, _ in SCRATCH)
    yield f"""CREATE TABLE shared.scratch ({columns});
INSERT INTO shared.scratch SELECT 1000 + i * 3, 'row ' || i, i * 1.5, i % 7, '2025-01-01' FROM generate_series(1, 20) i;"""


def statements():
    """Everything to run, in order, one message each."""
    yield "DROP SCHEMA IF EXISTS there, here, shared CASCADE"
    yield "".join(f"DROP SERVER IF EXISTS crm_{name} CASCADE;" for name in data.COMPANIES)
    yield "CREATE EXTENSION IF NOT EXISTS xbb_fdw; CREATE SCHEMA there; CREATE SCHEMA here; CREATE SCHEMA shared"
    yield DOMAINS
    yield from servers()
    yield from foreign_tables()
    yield from copies()
    yield from local_tables()
    yield LOCAL_FUNCTIONS
    for side in ("there", "here"):
        yield from partitions(side)
        yield from corps(side)
        yield "SET check_function_bodies = off;" + COMMON.format(s=side)
    yield "ANALYZE " + ", ".join(f"there.{name}" for name in sorted(data.ANALYZED))
    yield "ANALYZE " + ", ".join(f"here.{name}" for name in [*data.COMPANIES, *data.FORMS])


def set_up(session):
    """Makes companies and database; every copy must hold what its list was made of."""
    make_companies()
    for sql in statements():
        answer = session.run(sql)
        if answer.state:
            raise Trouble(f"{answer.message}\n{sql[:300]}")
    for name, count in [*((n, c[1]) for n, c in data.COMPANIES.items()), *((n, f[2]) for n, f in data.FORMS.items())]:
        answer = session.run(f"SELECT count(*) FROM here.{name}")
        if answer.sets[0][0][6:] != str(count).encode():
            raise Trouble(f"here.{name} does not hold {count} records")
