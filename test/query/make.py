"""Queries, drawn at random; SQL fixes the answer of each.

What is compared are multisets, so nothing may depend on the order of rows: LIMIT
and OFFSET come with a total order or with rows that all look alike, DISTINCT ON
and windows with a total order.  Where equal values may look different (1.0 and
1.00), what is grouped or made distinct is the settled value.
"""
from . import data
from .make_expr import FUZZY, GROUPS, Source
from .make_from import FromMaker
from .schema import Column
from .tree import Expr, Join, Rel, Select, Sub

BIG = ["1000000", "9223372036854775807", "9223372036854775708", "2147483648"]


def whole(number):
    return Expr(str(number), "int", "bigint")


class Maker(FromMaker):
    """Makes one query; the same seed makes the same."""

    def __init__(self, rng, rels, most):
        self.rng, self.rels, self.most = rng, rels, most
        self.tags, self.params, self.aliases, self.heavy = set(), None, 0, 0

    # ---- order ----

    def total_order(self, sources):
        """Expressions that tell any two rows of the sources apart that do not look the same."""
        order = []
        for source in sources:
            if source.key:
                order += source.keys()
                continue
            for column in source.columns:
                expr = source.column(column)
                # "char" and float sort, json does not
                order.append(Expr("(§)::text", "text", "text", expr) if column.family in FUZZY else expr)
        return order

    def some_order(self, sources):
        """A total order that begins with something else, perhaps."""
        order = self.total_order(sources)
        if self.chance(0.6):
            source, column = self.any_column(sources, ("text", "int", "tstz", "date", "num"))
            if source:
                first = source.column(column)
                if self.chance(0.4):
                    first = Expr(f"§ {self.pick('DESC', 'DESC NULLS LAST', 'NULLS FIRST')}", first.family, first.sql, first)
                order.insert(0, first)
        return order

    # ---- sub-selects ----

    def correlated(self, depth, outer, alias):
        """(Select, Source) of a derived table over one or two foreign tables that depends on outer."""
        rel = self.foreign()
        item, source = self.rel_item(rel)
        select, sources = Select(item=item), [source]
        clause, _ = self.join_clause(list(outer), source)
        select.where.append(clause or self.simple_condition(source, outer))
        if self.chance(0.3):
            select.where.append(self.simple_condition(source, outer))
        if self.chance(0.15):
            right, other = self.rel_item(self.foreign())
            on, _ = self.equality([source], other)
            select.item = Join("JOIN", item, right, [on or self.simple_condition(other)])
            sources.append(other)
        way = self.rng.random()
        if way < 0.25:
            select.targets = [(expr, f"c{n}") for n, expr in enumerate(self.aggregates(sources, outer), 1)]
        else:
            columns = [self.any_column(sources) for _ in range(self.rng.randrange(1, 4))]
            select.targets = [(s.column(c), f"c{n}") for n, (s, c) in enumerate(columns, 1)]
            if way < 0.55:
                self.limit(select, sources)
            elif way < 0.65:
                select.offset = whole(0)
            topics = [c.topic for _, c in columns]
            return select, Source(alias, [Column(name, e.sql, e.family, topic)
                                          for (e, name), topic in zip(select.targets, topics)])
        return select, Source(alias, [Column(name, e.sql, e.family, "other") for e, name in select.targets])

    def limit(self, select, sources):
        """LIMIT, perhaps OFFSET, with a total order."""
        self.tags.add("limit below")
        select.order = self.some_order(sources)
        select.limit = whole(self.pick(1, 1, 2, 3, 5, 10))
        if self.params is not None and self.chance(0.85):
            self.tags.add("limit parameter")
            self.params.append(("bigint", [self.pick("0", "1", "2", "3", "5", "20", "1000", "NULL") for _ in range(7)]))
            select.limit = Expr(f"${len(self.params)}", "int", "bigint")
        if self.chance(0.3):
            select.offset = whole(self.pick(0, 1, 2))

    def scalar(self, depth, outer):
        """An expression that is a sub-select over a foreign table, which depends on outer."""
        self.heavy += 1
        rel = self.foreign()
        item, source = self.rel_item(rel)
        select = Select(item=item)
        clause, _ = self.join_clause(list(outer), source)
        way = self.rng.random()
        if clause is None or way < 0.12:
            clause = self.simple_condition(source, outer)
        if way < (0.25 if self.params is None else 0.35):   # count(*) by times: one request each
            times = [c for c in source.columns if c.topic == "time" and c.family == "tstz"]
            if times and self.chance(0.7):
                self.tags.add("count by times")
                column = self.rng.choice(times)
                clause = self.comparison_of(source, column, self.pick(">", ">=", "<", "<="), outer)
            select.where, select.targets = [clause], [(Expr("count(*)", "int", "bigint"), "c1")]
            self.tags.add("count")
        elif way < 0.45:
            select.where, select.targets = [clause], [(self.aggregates([source], outer)[0], "c1")]
        elif way < 0.65:                        # rows that look alike
            side = [each for each in clause.args if isinstance(each, Expr) and each.alias == source.alias]
            exact = clause.form == "§ = §" and not any(isinstance(each, Expr) and each.family == "char" for each in clause.args)
            expr = self.settled(side[0]) if side and exact else None   # char = varchar forgets trailing blanks of both
            if expr is None:
                expr = Expr("1", "int", "int")
            select.where, select.targets, select.limit = [clause], [(expr, "c1")], whole(1)
            self.tags.add("limit below")
        else:
            _, column = self.any_column([source])
            select.where, select.targets = [clause], [(source.column(column), "c1")]
            self.limit(select, [source])
            select.limit, select.offset = whole(1), None
        expr = select.targets[0][0]
        return Expr("§", expr.family, expr.sql, select)

    def member(self, depth, sources, outer):
        """EXISTS, IN or NOT of these, over a foreign table: semi and anti joins."""
        rel = self.foreign()
        item, source = self.rel_item(rel)
        select = Select(item=item)
        if self.chance(0.2):
            condition, _ = self.narrow(source)
            select.where.append(condition)
        if self.chance(0.5):
            clause, _ = self.join_clause(sources, source)
            select.where.append(clause or self.simple_condition(source, sources))
            select.targets = [(whole(1), "c1")]
            word = self.pick("EXISTS", "EXISTS", "NOT EXISTS")
            self.tags.add("semi join" if word == "EXISTS" else "anti join")
            self.tags.add("exists")
            if self.chance(0.1):
                select.offset = whole(0)
            return Expr(f"{word} §", "bool", "bool", select)
        if self.chance(0.2):
            row = self.member_row(sources, source, select)
            if row:
                return row
        left, column = self.any_column(sources, ("text", "num", "int", "tstz", "date"))
        if not left:
            return self.condition(sources, outer)
        right, match = self.any_column([source], GROUPS[column.family], column.topic)
        if not right:
            return self.condition(sources, outer)
        select.targets = [(right.column(match), "c1")]
        word = self.pick("IN", "IN", "IN", "NOT IN", "NOT IN", "= ANY", "<> ALL")
        self.tags.add("in")
        if word in ("NOT IN", "<> ALL"):
            self.tags.add("not in")
        if word in ("IN", "= ANY"):
            self.tags.add("semi join")
        if self.chance(0.15):
            select.offset = whole(0)
        return Expr(f"§ {word} §", "bool", "bool", self.same(left.column(column), 0.3), select)

    def member_row(self, sources, source, select):
        """(a, b) IN (SELECT c, d ...)."""
        pairs = []
        for _ in range(2):
            left, column = self.any_column(sources, ("text", "num", "int", "tstz", "date"))
            right, match = self.any_column([source], GROUPS[column.family], column.topic) if left else (None, None)
            if right:
                pairs.append((left.column(column), right.column(match)))
        if len(pairs) < 2:
            return None
        self.tags.update(("in", "row comparison"))
        select.targets = [(right, f"c{n}") for n, (_, right) in enumerate(pairs, 1)]
        return Expr(f"(§, §) {self.pick('IN', 'IN', 'NOT IN', '= ANY')} §", "bool", "bool", *(left for left, _ in pairs), select)

    def derived(self, depth, outer):
        """(item, Source, rows): a select of its own in FROM."""
        alias = self.alias()
        select, columns, rows = self.select(depth + 1, outer, self.pick("plain", "plain", "limit", "group", "union", "on"))
        return Sub(select, alias), Source(alias, columns), rows

    # ---- aggregates ----

    def aggregates(self, sources, outer=()):
        """One to three aggregates whose value does not depend on the order of rows."""
        found = []
        for _ in range(self.pick(1, 1, 2, 3)):
            source, column = self.any_column(sources)
            expr = source.column(column)
            forms = [("count(§)", "int", "bigint"), ("count(*)", "int", "bigint")]
            if column.family in ("text", "int", "tstz", "date", "ts", "char"):
                forms += [("min(§)", column.family, column.sql), ("max(§)", column.family, column.sql),
                          ("count(DISTINCT §)", "int", "bigint")]
            if column.family in ("num", "int"):
                forms += [("sum(§)", "num", "numeric"), ("trim_scale(max((§)::numeric))", "num", "numeric")]
            if column.family == "num":
                forms += [("trim_scale(min(§))", "num", "numeric"), ("avg(§)", "num", "numeric")]
            if column.family == "text":
                forms += [("string_agg(§, '|' ORDER BY §)", "text", "text"), ("array_agg((§)::text ORDER BY §)", "text[]", "text[]")]
            if column.family == "bool":
                forms += [("bool_and(§)", "bool", "bool"), ("bool_or(§)", "bool", "bool")]
            form, family, sql = self.rng.choice(forms)
            made = Expr(form, family, sql, *[expr] * form.count("§"))
            if self.chance(0.12):
                made = Expr("§ FILTER (WHERE §)", family, sql, made, self.simple_condition(source)) \
                    if not form.startswith("trim") else made
            found.append(made)
        return found

    # ---- selects ----

    def target_list(self, sources, outer, rows, depth):
        """(Expr, Column) for each target."""
        found = []
        for _ in range(self.rng.randrange(1, 6)):
            source, column = self.any_column(sources)
            if column.family == "json" and self.chance(0.8):
                continue
            expr = source.column(column)
            found.append((self.same(expr, 0.1), column.topic))
        for source in sources:
            if source.key and self.chance(0.5):
                found.append((source.keys()[0], "id"))
            if source.rel and source.rel.kind == "corps" and self.chance(0.5):
                found.append((source.column(source.columns[self.rng.randrange(2)]), "company"))
            if source.foreign and self.chance(0.03):
                form = self.pick("§::text", "(§).id", "to_jsonb(§) -> 'sn'", "split_part(§.tableoid::regclass::text, '.', -1)" if len(source.columns) > 20 else "§::text")
                self.tags.add("whole row")
                found.append((Expr(form, "text" if form != "(§).id" else "int", "text",
                                   Expr(source.alias, "row", "", alias=source.alias)), "other"))
        if rows <= 15 and self.heavy < 3 and self.chance(0.35):
            self.tags.add("select in targets")
            found.append((self.scalar(depth + 1, list(sources) + list(outer)), "other"))
        if rows <= 10 and self.heavy < 2 and self.chance(0.06):
            self.tags.add("function")
            self.heavy += 1
            name, family, topic, result = self.pick(("f_count", "text", "tag", "int"), ("f_first", "num", "price", "int"),
                                                    ("f_loop", "int", "qty", "text"))
            source, column = self.any_column(sources, (family,), topic)
            if source:
                cast = {"text": "text", "num": "numeric", "int": "bigint"}[family]
                found.append((Expr(f"{name}((§)::{cast})", result, result, source.column(column)), "other"))
        return found or [(whole(1), "other")]

    def where(self, select, sources, outer, rows, depth):
        if self.chance(0.22):
            select.where.append(self.condition(sources, outer))
        if self.chance(0.2):
            select.where.append(self.member(depth, sources, outer))
        if rows <= 15 and self.heavy < 3 and self.chance(0.12):
            self.tags.add("select in where")
            sub = self.scalar(depth + 1, list(sources) + list(outer))
            families = GROUPS.get(sub.family, (sub.family,))
            source, column = self.any_column(sources, families)
            if source and column.family not in ("json", "jsonb"):
                select.where.append(Expr(f"§ {self.pick('=', '>=', '<>', 'IS DISTINCT FROM')} §", "bool", "bool",
                                         source.column(column), sub))
            elif sub.family not in ("json",):
                select.where.append(Expr("§ IS NOT NULL", "bool", "bool", sub))

    def select(self, depth, outer, shape):
        """(Select, Columns, rows)."""
        if shape == "union":
            return self.union(depth, outer)
        count = self.pick(1, 1, 2, 2, 2, 3, 3, 4) if depth == 0 else self.pick(1, 1, 2)
        item, sources, where, rows = self.items(depth, outer, count)
        select = Select(item=item, where=where)
        self.where(select, sources, outer, rows, depth)
        topics = []
        if shape == "group":
            topics = self.grouped(select, sources, outer, depth)
        elif shape == "agg":
            self.tags.add("aggregate")
            found = self.aggregates(sources)
            select.targets = [(expr, f"c{n}") for n, expr in enumerate(found, 1)]
            topics, rows = ["other"] * len(found), 1
        else:
            found = self.target_list(sources, outer, rows, depth)
            if shape == "window":
                found.append((self.window(sources), "other"))
            if shape == "distinct":
                self.tags.add("distinct")
                found = [(self.settled(expr), topic) for expr, topic in found]
                select.distinct = "all"
            select.targets = [(expr, f"c{n}") for n, (expr, _) in enumerate(found, 1)]
            topics = [topic for _, topic in found]
            if shape == "limit":
                self.limit(select, sources)
                rows = min(rows, 10)
            elif shape == "on":
                self.distinct_on(select, sources)
            elif shape == "all":
                select.limit = Expr(self.pick(*BIG), "int", "bigint")
                self.tags.add("great limit")
                if self.chance(0.3):
                    select.offset = whole(0)
            elif depth > 0 and self.chance(0.3):
                select.offset = whole(0)
        columns = [Column(name, e.sql, e.family, topic) for (e, name), topic in zip(select.targets, topics)]
        return select, columns, rows

    def grouped(self, select, sources, outer, depth):
        self.tags.add("group by")
        keys, topics = [], []
        for _ in range(self.pick(1, 1, 2)):
            source, column = self.any_column(sources, ("text", "num", "int", "date", "tstz", "bool", "char"))
            if source:
                keys.append(self.settled(self.same(source.column(column), 0.2)))
                topics.append(column.topic)
        keys = keys or [whole("1 + 0")]
        topics = topics or ["other"]
        if self.chance(0.25):
            self.tags.add("grouping sets")
            select.group_words = self.pick("ROLLUP (§)", "CUBE (§)", "GROUPING SETS ((§), ())", "GROUPING SETS (§)")
        select.group = keys
        found = keys + self.aggregates(sources)
        select.targets = [(expr, f"c{n}") for n, expr in enumerate(found, 1)]
        if self.chance(0.4):
            self.tags.add("having")
            if self.chance(0.6):
                # a sub-select that depends on the group's key
                sub = self.having_select(keys, topics)
                if sub:
                    self.tags.add("select in having")
                    select.having.append(sub)
                    return topics + ["other"] * (len(found) - len(keys))
            select.having.append(Expr(f"count(*) {self.pick('>= 1', '> 0', '> 1', '< 4')}", "bool", "bool"))
        return topics + ["other"] * (len(found) - len(keys))

    def having_select(self, keys, topics):
        """count(*) compared with that of a foreign table for the group's key."""
        for key, topic in zip(keys, topics):
            if key.family not in ("text", "num", "int", "tstz", "date"):
                continue
            item, source = self.rel_item(self.foreign())
            _, column = self.any_column([source], GROUPS[key.family], topic)
            if column is None:
                continue
            if key.alias is None or self.chance(0.5):
                form = "trim_scale(min(§))" if key.family == "num" else "min(§)"
                key = Expr(form, key.family, key.sql, key)
            clause = Expr("§ = §", "bool", "bool", source.column(column), key)
            select = Select(item=item, where=[clause], targets=[(Expr("count(*)", "int", "bigint"), "c1")])
            return Expr(f"count(*) {self.pick('<=', '<>', '>=')} §", "bool", "bool", select)
        return None

    def window(self, sources):
        self.tags.add("window")
        order = "§"
        parts = self.total_order(sources)
        order = ", ".join("§" * len(parts))
        source, column = self.any_column(sources, ("text", "int", "num", "tstz"))
        if source is None:
            return Expr(f"row_number() OVER (ORDER BY {order})", "int", "bigint", *parts)
        by = source.column(column)
        form, family = self.pick(("row_number()", "int"), ("count(*)", "int"), ("lag(§)", by.family), ("rank()", "int"),
                                 ("first_value(§)", by.family))
        args = [by] * form.count("§")
        partition = self.pick("", "PARTITION BY § ")
        args += [self.settled(by)] * partition.count("§")
        return Expr(f"{form} OVER ({partition}ORDER BY {order})", family, by.sql if family != "int" else "bigint", *args, *parts)

    def distinct_on(self, select, sources):
        self.tags.add("distinct on")
        source, column = self.any_column(sources, ("text", "int", "num", "tstz", "date"))
        if source is None:
            return
        first = self.settled(source.column(column))
        select.distinct = [first]
        select.order = [first, *self.total_order(sources)]

    def union(self, depth, outer):
        """UNION ALL of foreign tables, which are read at the same time; or another set operation."""
        words = self.pick("UNION ALL", "UNION ALL", "UNION ALL", "UNION ALL", "UNION", "INTERSECT", "EXCEPT")
        self.tags.add("union all" if words == "UNION ALL" else "set operation")
        families = self.rng.sample(["text", "num", "int", "tstz", "text", "date"], self.rng.randrange(1, 4))
        arms, topics, total = [], None, 0
        for _ in range(self.pick(2, 2, 3)):
            item, source = self.rel_item(self.foreign() if self.chance(0.9) else self.rels["many"])
            rel = self.rels[item.name]
            select = Select(item=item)
            found = [self.any_column([source], (family,), topics[n] if topics else None) for n, family in enumerate(families)]
            exprs = [s.column(c) if s else Expr(f"NULL::{self.cast_of(f, '')}", f, "") for (s, c), f in zip(found, families)]
            exprs = [Expr("(§)::text", "text", "text", e) if e.family == "text" else e for e in exprs]
            if words != "UNION ALL":
                exprs = [self.settled(e) for e in exprs]
            topics = topics or [c.topic if s else "other" for s, c in found]
            rows = rel.rows
            for _ in range(self.pick(0, 1, 1, 1, 2)):
                condition, share = self.narrow(source, outer)
                select.where.append(condition)
                rows *= share
            select.targets = [(e, f"c{n}") for n, e in enumerate(exprs, 1)]
            arms.append(select)
            total += rows
        first = arms[0]
        first.union = [(words, arm) for arm in arms[1:]]
        return first, [Column(n, e.sql, e.family, t) for (e, n), t in zip(first.targets, topics)], total

    def counted(self):
        """count(*) of one table by times or ids: what one request can tell."""
        self.tags.add("count")
        item, source = self.rel_item(self.rels[self.pick(*data.COMPANIES)])
        select = Select(item=item, targets=[(Expr("count(*)", "int", "bigint"), "c1")])
        columns = [c for c in source.columns if c.topic in ("time", "id") and c.family in ("tstz", "int") and c.name != "parent"]
        for _ in range(self.pick(0, 1, 1, 2)):
            column = self.rng.choice(columns)
            select.where.append(self.simple_condition(source, (), column))
        return select

    def recursive(self):
        """A walk down the tree of parents: the recursive term asks again for each level."""
        self.tags.add("recursive")
        name = f"t{self.rng.randrange(10)}"
        first, second = self.alias(), self.alias()
        start = Select(item=Rel(name, first), targets=[(Expr(f"{first}.id", "int", "bigint"), "id"),
                                                     (Expr(f"{first}.sn", "text", "text"), "sn")],
                       where=[Expr(f"{first}.id < {1001 + self.rng.randrange(1, 6)}", "bool", "bool")])
        step = Select(item=Join("JOIN", Rel("tree", "r"), Rel(name, second), [Expr(f"{second}.parent = r.id", "bool", "bool")]),
                      targets=[(Expr(f"{second}.id", "int", "bigint"), "id"), (Expr(f"{second}.sn", "text", "text"), "sn")])
        start.union = [("UNION", step)]
        return Select(ctes=[("tree", " RECURSIVE(id, sn) AS", start)], item=Rel("tree", "t"),
                      targets=[(Expr("t.id", "int", "bigint"), "c1"), (Expr("t.sn", "text", "text"), "c2")])

    def top(self):
        """The select of a query."""
        shape = self.pick(*["plain"] * 16, *["agg"] * 5, *["group"] * 5, "distinct", "on", "on", "window", "window", "limit",
                          "limit", "union", "union", "union", "count", "count", "recursive", "all")
        if self.params is not None and self.chance(0.25):
            shape = "limit"
        if shape == "count":
            return self.counted()
        if shape == "recursive":
            return self.recursive()
        select, _, _ = self.select(0, [], shape)
        if self.chance(0.12):
            self.use_cte(select)
        return select

    def use_cte(self, select):
        """Names a derived table in front."""
        owner, field = select, "item"
        while isinstance(getattr(owner, field), Join):
            owner, field = getattr(owner, field), self.pick("left", "right")
        sub = getattr(owner, field)
        if not isinstance(sub, Sub) or sub.lateral:
            return
        name = f"w{sub.alias}"
        self.tags.add("cte")
        select.ctes.append((name, self.pick(" AS", " AS MATERIALIZED", " AS NOT MATERIALIZED"), sub.select))
        setattr(owner, field, Rel(name, sub.alias))
