"""Expressions and conditions, drawn at random; none of them can fail on the test's data."""
import time
from decimal import Decimal, InvalidOperation

from . import data
from .schema import ATTRS, literal
from .tree import Expr

NUMBERS = ("int", "num", "float")
TIMES = ("tstz", "ts", "date")
TEXTS = ("text", "char")
GROUPS = {family: group for group in (NUMBERS, TIMES, TEXTS) for family in group}
ELEMENT = {"text[]": ("text", "text"), "num[]": ("num", "numeric"), "int[]": ("int", "bigint")}
# equal values that do not look the same, so that which of them is shown is not fixed
FUZZY = {"num": "trim_scale(§)", "jsonb": "(§)::text", "json": "(§)::text", "float": "(§)::text", "num[]": "(§)::text"}

# what keeps a value of a family, and mostly its equality; the first ones leave it quite alone
SAME = {
    "text": ["(§ || '')", "trim(§)", "concat(§)", "coalesce(§, 'none')", "f_trim(§)", "(CASE WHEN § IS NOT NULL THEN § END)",
             "substr(§, 1)", "format('%s', §)", "repeat(§, 1)", "nullif(§, '')", "replace(§, '#', '')", "(§)::varchar(30)"],
    "char": ["(§)::text"],
    "num": ["(§ + 0)", "(§ * 1)", "f_same(§)", "(- (- §))", "coalesce(§, 0)", "round(§, 2)", "trim_scale(§)", "(§)::numeric(24,2)"],
    "int": ["(§ + 0)", "(§ * 1)", "coalesce(§, 0)", "(§)::bigint", "(§ / 1)"],
    "float": ["(§ + 0)"],
    "tstz": ["(§ + interval '0')", "date_trunc('second', §)", "coalesce(§, '2025-01-01 00:00+00')", "(§)::timestamptz(0)"],
    "ts": ["(§ + interval '0')", "date_trunc('second', §)"],
    "date": ["(§ + 0)", "coalesce(§, '2025-01-02')"],
    "bool": ["(NOT (NOT §))"],
    "text[]": ["(§ || '{}'::text[])", "array_append(§, 'S-0002')", "(§)[1:2]"],
    "num[]": ["(§ || '{}'::numeric[])", "array_append(§, 7.0)"],
    "int[]": ["(§ || '{}'::bigint[])", "array_append(§, 1004::bigint)"],
}
OTHER = {
    "text": ["upper(§)", "lower(§)", "left(§, 4)", "reverse(§)", "md5(§)", "(§ || ' ')"],
    "num": ["abs(§)", "(§ + 1)", "(§ * 2.5)", "floor(§)"],
    "int": ["(§ + 1)", "abs((§)::bigint)", "(§ % 7)"],
    "tstz": ["(§ + interval '1 day')", "date_trunc('day', §)", "(§ - interval '0.5 seconds')"],
    "ts": ["(§ - interval '1 hour')"],
    "date": ["(§ + 1)"],
}
# types without a modifier, whose conditions are sent as they are; columns whose conditions are sent at all
BARE = {"text", "varchar", "shared.words", "numeric", "shared.amount", "int", "smallint", "bigint", "shared.pieces", "timestamptz",
        "shared.instant", "timestamp", "date"}
SENT = {"sn", "name", "tag", "memo", "price", "qty", "id", "form", "day", "time", "company", "branch"}
TEXT_POOLS = {"company": ["north", "south", "west", "local", "north", "NORTH", "none"], "name": data.NAMES, "tag": data.TAGS, "memo": data.MEMOS, "creator": data.CREATORS, "city": data.CITIES}


def utc(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds))


class Source:
    """What an alias of FROM shows: its columns, the name of a key if it has one, and the witness, a record that is in it."""

    def __init__(self, alias, columns, key=None, foreign=False, witness=None, by_topic=None, witnesses=()):
        self.alias, self.columns, self.key, self.foreign, self.witness = alias, columns, key, foreign, witness
        self.witnesses, self.rel = witnesses, None
        self.by_topic = by_topic or {}
        if by_topic is None:
            for column in columns:
                self.by_topic.setdefault(column.topic, []).append(column)

    def column(self, column):
        sql = column.sql
        return Expr(f"{self.alias}.{column.name}", column.family, sql, alias=self.alias)

    def keys(self):
        """The columns of the key."""
        return [self.column(column) for name in (self.key or "").split() for column in self.columns if column.name == name]


class ExprMaker:
    """The part of the maker (make.py) that knows values.  rng, tags and params are its own."""

    def pick(self, *choices):
        return self.rng.choice(choices)

    def chance(self, share):
        return self.rng.random() < share

    # ---- values ----

    def plain_text(self, family, topic):
        """A value as text without quotes, likely one that records have."""
        rng = self.rng
        if family in TEXTS:
            if topic in TEXT_POOLS:
                return rng.choice(TEXT_POOLS[topic])
            return f"S-{rng.randrange(45):04d}" if self.chance(0.95) else self.pick("", " ", "none", "s-0007", "S-0003 ")
        if family in NUMBERS:
            if topic == "id":
                return str(self.pick(1001, 1001, 1001, 1001, 2001, 3001, 4001) + rng.randrange(45))
            if topic == "form":
                return self.pick("5300127", "5300201", "5300202", "5300203")
            if topic == "branch":
                return str(rng.randrange(4))
            if topic == "k":
                return str(rng.randrange(1, 15))
            if topic in ("price", "qty"):
                text = rng.choice(data.PRICES if topic == "price" else data.AMOUNTS).strip('"')
                number = float(text)
                if family == "num":
                    return self.pick(text, text, text, f"{number:.1f}", f"{number:.2f}", f"{number:.0f}")
                return str(int(number)) if family == "int" else text
            return self.pick("0", "1", "2", "7", "100")
        seconds = data.EPOCH + rng.randrange(24 if topic == "time" else 30) * 21600
        if topic == "time":
            seconds += rng.randrange(2) + self.pick(0, 0, 0, 1, 60, 86400)
        if self.chance(0.03):
            return self.pick("infinity", "-infinity", "1970-01-01", "1969-12-31", "2030-01-01")
        if family == "date":
            return utc(seconds + 28800)[:10]
        fraction = self.pick("", "", "", ".7", ".5", ".000001")
        return utc(seconds) + fraction + "+00" if family == "tstz" else utc(seconds + 28800) + fraction

    def likely(self, source, column, shift=0):
        """The text of a value that the source's witness has in the column, mostly; None where there is none."""
        text = source.witness and source.witness.get(ATTRS.get(column.name))
        if text is None or self.chance(0.1) or column.family in ELEMENT or column.family in ("jsonb", "json", "bool"):
            return None
        if column.family in TEXTS:
            return text[:6] if column.sql.endswith(("(6)", "short")) else text
        try:
            number = Decimal(data.epoch(text) if "-" in text[1:] and column.family in TIMES else text)
        except (InvalidOperation, ValueError):
            return None
        if not number.is_finite() or abs(number) > 10 ** 20:
            return None
        if column.family in NUMBERS:
            scale = {"numeric(12,2)": 2, "numeric(10,0)": 0, "shared.money1": 1}.get(column.sql, 0 if column.family == "int" else None)
            if scale is not None:
                number = round(number, scale)
            return f"{number:f}"
        if number == 0:
            return None
        seconds = (number if number < 10 ** 11 else number / 1000) + shift
        if column.sql in ("timestamptz(0)", "timestamp(0)", "shared.second"):
            seconds = round(seconds)
        fraction = f"{seconds % 1:.3f}"[1:] if seconds % 1 else ""
        if column.family == "date":
            return utc(int(seconds) + 28800)[:10]
        return utc(int(seconds)) + fraction + "+00" if column.family == "tstz" else utc(int(seconds) + 28800) + fraction

    def sent_column(self, source):
        """A column whose conditions can be sent, mostly."""
        constants = [c for c in source.columns if c.topic in ("company", "branch")] if source.foreign else []
        if constants and self.chance(0.6):
            self.tags.add("constant")
            return self.pick(constants[0], *constants)
        wanted = [c for c in source.columns if c.topic in SENT and c.sql in BARE]
        if not wanted or self.chance(0.15):
            wanted = [c for c in source.columns if c.topic in SENT and c.family not in ELEMENT] or source.columns
        return self.rng.choice(wanted)

    def cast_of(self, family, text):
        """A type that holds the value, for a comparison with the family."""
        if family in TEXTS:
            return self.pick("text", "text", "text", "varchar")
        if family == "int":
            return "int" if self.chance(0.4) and len(text) < 10 else self.pick("bigint", "bigint", "numeric")
        return {"num": "numeric", "float": "float8", "bool": "bool", "tstz": "timestamptz", "ts": "timestamp",
                "date": "date"}[family]

    def constant(self, family, topic, cast=None, likely=None):
        if family == "bool":
            return Expr(self.pick("true", "false"), "bool", "bool")
        if family in ELEMENT:
            element, sql = ELEMENT[family]
            return Expr(f"ARRAY[{self.constant(element, topic).form}]::{sql}[]", family, f"{sql}[]")
        text = likely or self.plain_text(family, topic)
        cast = cast or self.cast_of(family, text)
        return Expr(f"{literal(text)}::{cast}", family, cast)

    def parameter(self, family, topic, likely=None):
        """$n of a prepared statement, with a value for each of its executions."""
        cast = self.cast_of(family, likely or "")
        texts = [self.pick(likely, None) or self.plain_text(family, topic) for _ in range(7)]
        values = [f"{literal(text)}::{cast}" for text in texts]
        if self.chance(0.3):
            values[self.rng.randrange(7)] = f"NULL::{cast}"
        if self.chance(0.4):                    # the same value again
            at = self.rng.randrange(1, 7)
            values[at] = values[at - 1]
        self.params.append((cast, values))
        return Expr(f"${len(self.params)}", family, cast)

    def array(self, family, topic, likely=None):
        cast = {"text": "text", "char": "text", "int": "bigint", "num": "numeric"}[family]
        many = self.pick(0, 1, 2, 3, 4, 5, 8, 60 if self.chance(0.2) else 6)
        items = [literal(self.plain_text(family, topic)) for _ in range(many)] + ["NULL"] * self.chance(0.15)
        if likely:
            items.insert(self.rng.randrange(len(items) + 1), literal(likely))
        if family == "int" and cast == "bigint":
            items = [each if each == "NULL" else each.strip("'") for each in items]
        text = f"ARRAY[{', '.join(items)}]::{cast}[]"
        if self.params is not None and len(self.params) < 5 and self.chance(0.4):
            texts = [text, *(f"ARRAY[{', '.join(self.rng.sample(items, self.rng.randrange(len(items) + 1)))}]::{cast}[]" for _ in range(5)),
                     self.pick(text, f"NULL::{cast}[]")]
            self.params.append((cast + "[]", texts))
            text = f"${len(self.params)}"
        form = self.pick("§", "§", "ARRAY(SELECT unnest(§))", f"(SELECT §)::{cast}[]", "(SELECT array_agg(x) FROM unnest(§) x)§",
                         "(SELECT array_agg(l.#) FROM lines l WHERE l.k <= @)§")
        if form.endswith(")§"):
            self.tags.add("array_agg")
            column = {"sn": "code", "name": "word", "tag": "tag", "price": "num", "qty": "qty", "id": "ref"}.get(topic)
            form = form.replace("#", f"{column}::{cast}").replace("@", str(self.rng.randrange(1, 15))) if column else "(SELECT array_agg(x) FROM unnest(§) x)§"
            form = form[:-1] + f"::{cast}[]"
        return Expr(form.replace("§", text), family + "[]", cast + "[]")

    def same(self, expr, share=1.0):
        """The expression computed anew; mostly with the same value."""
        forms = SAME.get(expr.family)
        if not forms or not self.chance(share):
            return expr
        if expr.family in OTHER and self.chance(0.1):
            forms = OTHER[expr.family]
        form = self.rng.choice(forms)
        family = "text" if expr.family == "char" else expr.family
        sql = "text" if family == "text" else expr.sql
        return Expr(form, family, sql, *[expr] * form.count("§"))

    def settled(self, expr):
        """The expression made such that equal values look the same."""
        form = FUZZY.get(expr.family)
        if not form:
            return expr
        family = "num" if expr.family == "num" else "text"
        return Expr(form, family, "numeric" if family == "num" else "text", expr)

    # ---- columns ----

    def columns(self, sources, families=None, topic=None):
        """(Source, Column) of these families, of a topic if there are such."""
        found = [(s, c) for s in sources for c in s.columns if families is None or c.family in families]
        if topic:
            found = [each for each in found if each[1].topic == topic] or found
        return found

    def any_column(self, sources, families=None, topic=None):
        found = self.columns(sources, families, topic)
        return self.rng.choice(found) if found else (None, None)

    def value(self, family, topic, outer, likely=None):
        """A value to compare a column with, which does not depend on the column's row."""
        group = GROUPS.get(family, (family,))
        if outer and self.chance(0.75):
            source, column = self.any_column(outer, group, topic)
            if source and (column.topic == topic or self.chance(0.4)):
                self.tags.add("correlated")
                return self.same(source.column(column), 0.5)
        if self.params is not None and len(self.params) < 5 and self.chance(0.6):
            expr = self.parameter(family, topic, likely)
            return self.same(expr, 0.2)
        way = self.rng.random()
        if way < 0.02:
            return Expr(f"NULL::{self.cast_of(family, '')}", family, "")
        if way < 0.10:
            return Expr("(SELECT §)", family, "", self.constant(family, topic, None, likely))
        if way < 0.16 and family in ("text", "num", "int", "tstz"):
            column = {"text": "code", "num": "num", "int": "ref", "tstz": "at"}[family]
            aggregate = self.pick("max", "min")
            return Expr(f"(SELECT {aggregate}(l.{column}) FROM lines l WHERE l.k <= {self.rng.randrange(1, 15)})", family, "")
        if way < 0.24:
            return self.same(self.constant(family, topic, None, likely))
        return self.constant(family, topic, None, likely)

    # ---- conditions ----

    def comparison(self, column, source, outer):
        """column op value, of a family that compares."""
        left = source.column(column)
        if self.chance(0.12):
            left = self.same(left)
        if column.family in TIMES:
            family = self.pick(column.family, column.family, column.family, "tstz" if column.family == "tstz" else "ts", "date")
            likely = family == column.family
            if self.chance(0.25):
                return Expr("§ BETWEEN § AND §", "bool", "bool", left,
                            *(self.value(family, column.topic, outer, self.likely(source, column, self.pick(0, 1, 3600, 864000) * sign)
                                         if likely else None) for sign in (-1, 1)))
            operator, shift = self.pick(("=", 0), (">=", 0), ("<=", 0), (">", -1), ("<", 1), ("<>", 0))
            likely = self.likely(source, column, shift * self.pick(1, 3600, 86400)) if likely else None
        else:
            family = self.pick(column.family, column.family, "num" if column.family == "int" else column.family)
            operator = self.pick(*["="] * 14, "<", ">=", "<>", "IS NOT DISTINCT FROM")
            likely = self.likely(source, column)
        right = self.value(family, column.topic, outer, likely)
        if self.chance(0.2) and operator not in ("IS NOT DISTINCT FROM",):
            left, right = right, left
        return Expr(f"§ {operator} §", "bool", "bool", left, right)

    def array_comparison(self, column, source, outer):
        left = source.column(column)
        arrays = {"text": "text[]", "char": "text[]", "num": "num[]", "int": "int[]"}
        if outer and self.chance(0.5):
            other, array = self.any_column(outer, (arrays[column.family],), column.topic)
            if other and array.topic == column.topic:
                self.tags.add("correlated")
                return Expr("§ = ANY (§)", "bool", "bool", left, self.same(other.column(array), 0.6))
        if self.chance(0.2):
            items = [self.constant(column.family, column.topic, None, self.likely(source, column))
                     for _ in range(self.rng.randrange(1, 5))]
            return Expr(f"§ {self.pick('IN', 'IN', 'NOT IN')} ({', '.join('§' * len(items))})", "bool", "bool", left, *items)
        operator, quantifier = self.pick(("=", "ANY"), ("=", "ANY"), ("=", "ANY"), ("<>", "ALL"))
        return Expr(f"§ {operator} {quantifier} (§)", "bool", "bool", left,
                    self.array(column.family, column.topic, self.likely(source, column)))

    def other_condition(self, column, source):
        left = source.column(column)
        if column.family == "text" and self.chance(0.5):
            pattern = (self.likely(source, column) or self.plain_text("text", column.topic))[:3].replace("\\", "") + self.pick("%", "_%", "")
            return Expr(f"§ {self.pick('LIKE', 'LIKE', 'NOT LIKE', 'ILIKE')} {literal(pattern)}", "bool", "bool", left)
        if column.family == "bool":
            return Expr(self.pick("§", "NOT §", "§ IS NOT TRUE"), "bool", "bool", left)
        if column.family in ("text[]", "int[]"):
            member = "'u-1'" if column.family == "text[]" else "4401"
            return Expr(self.pick(f"{member} = ANY (§)", f"§ @> ARRAY[{member}]::{column.sql}", "cardinality(§) > 1"),
                        "bool", "bool", left)
        if column.family == "jsonb":
            return Expr(self.pick("§ ->> 'city' = '杭州市'", "§ @> '{\"n\": 1}'", "(§ ->> 'n')::int > 0"), "bool", "bool", left)
        return Expr(f"§ IS {self.pick('', 'NOT ', 'NOT ')}NULL", "bool", "bool", left)

    def simple_condition(self, source, outer=(), column=None):
        """A condition on one source, without sub-selects of foreign tables."""
        if column is None:
            column = self.sent_column(source) if self.chance(0.6) else self.rng.choice(source.columns)
        if column.family in ELEMENT or column.family in ("jsonb", "json", "bool") or self.chance(0.06):
            if column.family == "json":
                return Expr("(§ ->> 'dataId')::bigint % 2 = 0", "bool", "bool", source.column(column))
            return self.other_condition(column, source)
        if column.family in ("text", "num", "int") and self.chance(0.22):
            return self.array_comparison(column, source, outer)
        return self.comparison(column, source, outer)

    def condition(self, sources, outer=()):
        """A condition on one of the sources, perhaps made of several."""
        source = self.rng.choice(sources)
        way = self.rng.random()
        if way > 0.9:
            return self.row_comparison(source, outer)
        if way < 0.08:
            return Expr("(§ OR §)", "bool", "bool", self.simple_condition(source, outer), self.simple_condition(source, outer))
        if way < 0.11:
            return Expr("NOT (§)", "bool", "bool", self.simple_condition(source, outer))
        return self.simple_condition(source, outer)

    def row_comparison(self, source, outer=()):
        """(a, b) = (c, d), (a, b) IN (...), (a, b) < (c, d)."""
        columns = [self.sent_column(source) for _ in range(2)]
        if any(c.family not in ("text", "num", "int", "tstz", "date") for c in columns):
            return self.simple_condition(source, outer)
        self.tags.add("row comparison")
        lefts = [source.column(c) for c in columns]

        def row():
            witness = self.rng.choice(source.witnesses) if source.witnesses else source.witness
            found = Source(source.alias, source.columns, witness=witness)
            return [self.value(c.family, c.topic, outer, self.likely(found, c)) for c in columns]
        if self.chance(0.5):
            return Expr(f"(§, §) {self.pick('=', '=', '=', '<=', '>', '<>')} (§, §)", "bool", "bool", *lefts, *row())
        rows = [row() for _ in range(self.rng.randrange(1, 5))]
        form = self.pick("(§, §) IN (#)", "(§, §) IN (#)", "(§, §) NOT IN (#)", "(§, §) IN (VALUES #)")
        form = form.replace("#", ", ".join("(§, §)" for _ in rows))
        return Expr(form, "bool", "bool", *lefts, *[each for values in rows for each in values])
