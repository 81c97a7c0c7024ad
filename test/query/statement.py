"""A query is a select, how it is run, and the settings it is run with.

Every way gives a list of statements that fits both sides.  make(seed, number)
is always the same query.
"""
import random
import zlib

from .make import Maker
from .make_from import MOST
from .tree import Expr, Node

ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]
STYLES = ["ISO, MDY", "ISO, MDY", "German", "SQL, DMY", "Postgres, MDY"]
SETTINGS = [
    ("enable_hashjoin", ["off"], 0.3), ("enable_mergejoin", ["off"], 0.3), ("enable_nestloop", ["off"], 0.08),
    ("enable_material", ["off"], 0.2), ("enable_memoize", ["off"], 0.2), ("enable_sort", ["off"], 0.1),
    ("enable_hashagg", ["off"], 0.3), ("enable_async_append", ["off"], 0.1), ("enable_partition_pruning", ["off"], 0.1),
    ("enable_partitionwise_join", ["on"], 0.15), ("enable_partitionwise_aggregate", ["on"], 0.15),
    ("enable_incremental_sort", ["off"], 0.1), ("enable_seqscan", ["off"], 0.05), ("work_mem", ["64kB", "64kB", "1MB"], 0.25),
    ("from_collapse_limit", ["1"], 0.1), ("join_collapse_limit", ["1"], 0.15), ("geqo_threshold", ["2"], 0.05),
    ("hash_mem_multiplier", ["1"], 0.1), ("plan_cache_mode", ["force_generic_plan", "force_custom_plan"], 0.4),
    ("cursor_tuple_fraction", ["0.01", "1"], 0.2), ("constraint_exclusion", ["on"], 0.05),
]
WAYS = ["plain"] * 63 + ["prepared"] * 12 + ["cursor"] * 8 + ["matview"] * 2 + ["merge"] * 4 + ["update"] * 4 + ["write"] * 3


class Query(Node):
    """way is one of WAYS; extra what it needs: parameters, moves of a cursor, or the statement around the select."""
    fields = ("select",)

    def __init__(self, select, way, extra, settings, zone, style, tags):
        self.select, self.way, self.extra, self.settings = select, way, extra, settings
        self.zone, self.style, self.tags = zone, style, tags

    def common(self):
        """What both sides set."""
        return [f"SET TimeZone = '{self.zone}'", f"SET DateStyle = '{self.style}'"]

    def own(self):
        """What only the side of foreign tables sets."""
        return [f"SET {name} = '{value}'" for name, value in self.settings]

    def statements(self):
        sql = self.select.text()
        if self.way == "prepared":
            casts, rows = self.extra
            head = f"({', '.join(casts)})" if casts else ""
            return [f"PREPARE q{head} AS {sql}",
                    *(f"EXECUTE q{'(' + ', '.join(row) + ')' if row else ''}" for row in rows), "DEALLOCATE q"]
        if self.way == "cursor":
            head, moves = self.extra
            steps = [move for move, _ in moves]
            end = ["MOVE ABSOLUTE 0 IN c", "FETCH ALL IN c", "CLOSE c"]
            if "HOLD" in head:
                half = len(steps) // 2
                return ["BEGIN", f"DECLARE c {head} FOR {sql}", *steps[:half], "COMMIT", *steps[half:], *end]
            return ["BEGIN", f"DECLARE c {head} FOR {sql}", *steps, *end, "ROLLBACK"]
        if self.way == "matview":
            return ["BEGIN", f"CREATE MATERIALIZED VIEW {self.extra} AS {sql}", f"TABLE {self.extra}",
                    f"REFRESH MATERIALIZED VIEW {self.extra}", f"TABLE {self.extra}", "ROLLBACK"]
        if self.way in ("merge", "update", "write"):
            before, after = self.extra
            return ["BEGIN", f"{before}({sql}){after}", "TABLE scratch", "ROLLBACK"]
        return [sql]


def moves(rng):
    """Forward and back: (statement, what it asks for)."""
    found = []
    for _ in range(rng.randrange(2, 7)):
        word = rng.choice(["FORWARD", "FORWARD", "BACKWARD", "BACKWARD", "ABSOLUTE"])
        count = rng.choice([1, 1, 2, 3, 5, 10, "ALL"])
        if word == "ABSOLUTE" and count == "ALL":
            count = 4
        verb = rng.choice(["FETCH", "FETCH", "FETCH", "MOVE"])
        found.append((f"{verb} {word} {count} IN c", (verb, word, count)))
    return found


def fetched(rows, asked):
    """The rows that each FETCH among the moves gives, of a cursor over rows."""
    place, found = 0, []
    for verb, word, count in asked:
        if word == "ABSOLUTE":
            place = min(count, len(rows) + 1)
            part = rows[place - 1:place]
        elif word == "FORWARD":
            last = len(rows) + 1 if count == "ALL" else min(place + count, len(rows) + 1)
            part, place = rows[place:last], last
        else:
            first = 0 if count == "ALL" else max(place - count, 0)
            part, place = rows[max(first - 1, 0):max(place - 1, 0)][::-1] if first else rows[:max(place - 1, 0)][::-1], first
        if verb == "FETCH":
            found.append(part)
    return found


def target_columns(maker, source):
    names = ["id", "name", "price", "qty", "updated"]
    return [(Expr(f"{source.alias}.{name}", "", "", alias=source.alias), name) for name in names]


def writing(maker, way):
    """A select of records by a unique id, and the statement around it."""
    item, source = maker.rel_item(maker.rels[maker.pick("t0", "t1", "t2", "t3", "t4", "t5", "t6", "t7", "t8", "t9", "t10", "t12", "parts")])
    from .tree import Select
    select = Select(item=item, targets=target_columns(maker, source))
    condition, _ = maker.narrow(source)
    if maker.chance(0.8):
        select.where.append(condition)
    if maker.chance(0.3):
        select.where.append(maker.member(0, [source], []))
    if maker.chance(0.2):
        maker.distinct_on(select, [source])
    on = maker.pick("f.id = s.id", "s.id = f.id", "f.id = s.id + 0")
    maker.tags.add(way)
    if way == "merge":
        matched = maker.pick("UPDATE SET name = f.name, price = f.price", "DELETE", "UPDATE SET qty = f.qty, updated = f.updated")
        other = maker.pick("INSERT VALUES (f.id, f.name, f.price, f.qty, f.updated)", "DO NOTHING")
        return select, ("MERGE INTO scratch s USING ", f" f ON {on} WHEN MATCHED AND s.qty > {maker.rng.randrange(4)} THEN {matched} "
                        f"WHEN MATCHED THEN UPDATE SET qty = 99 WHEN NOT MATCHED THEN {other}")
    if way == "update":
        return select, ("UPDATE scratch s SET name = f.name, price = f.price, qty = f.qty, updated = f.updated FROM ",
                        f" f WHERE {on}")
    if maker.chance(0.5):
        return select, ("DELETE FROM scratch s USING ", f" f WHERE {on}")
    return select, ("INSERT INTO scratch SELECT f.* FROM ", " f")


def make(seed, number, rels):
    """Query number of a seed."""
    rng = random.Random(zlib.crc32(f"{seed}/{number}".encode()) << 32 | seed & 0xFFFFFFFF)
    way = rng.choice(WAYS)
    maker = Maker(rng, rels, {"prepared": MOST // 5, "matview": MOST // 3, "cursor": MOST // 2}.get(way, MOST))
    extra = None
    if way == "prepared":
        maker.params = []
    if way in ("merge", "update", "write"):
        select, extra = writing(maker, way)
    else:
        select = maker.top()
        if way != "plain":
            maker.tags.add(way)
    if way == "prepared":
        extra = ([cast for cast, _ in maker.params], [[values[n] for _, values in maker.params] for n in range(7)])
    elif way == "cursor":
        head = rng.choice(["SCROLL CURSOR", "SCROLL CURSOR", "SCROLL CURSOR WITH HOLD"])
        extra = (head, moves(rng))
        if "HOLD" in head:
            maker.tags.add("held cursor")
    elif way == "matview":
        extra = f"m{number}"
    settings = [(name, rng.choice(values)) for name, values, share in SETTINGS if rng.random() < share]
    if rng.random() < 0.2:
        settings = []
    if way == "prepared" and rng.random() < 0.35:
        settings = [each for each in settings if each[0] != "plan_cache_mode"] + [("plan_cache_mode", "force_generic_plan")]
    if rng.random() < (0.02 if way == "plain" else 0.005):
        settings += [("jit", "on"), ("jit_above_cost", "0")]
    return Query(select, way, extra, settings, rng.choice(ZONES), rng.choice(STYLES), maker.tags)
