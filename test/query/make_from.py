"""What stands in FROM, drawn at random: tables, computed outer sides, joins, LATERAL."""
import re

from . import data
from .make_expr import BARE, GROUPS, NUMBERS, TEXTS, TIMES, ExprMaker, Source
from .schema import Column
from .tree import Expr, Func, Join, Rel, Select, Sub

# of 100 rows about so many meet an equality, by topic
SHARE = {"id": 1, "k": 7, "sn": 3, "name": 4, "price": 4, "qty": 5, "tag": 8, "time": 3, "day": 5, "creator": 30, "city": 33,
         "memo": 20, "form": 60, "flag": 50, "company": 25, "branch": 25}
MOST = 1000                             # rows that a join may have, about; of a query that runs several times, fewer


class FromMaker(ExprMaker):
    """self.rels are the relations of schema.py, self.tags what the query has, self.params those of a prepared one,
    self.most the rows a join may have."""

    def alias(self):
        self.aliases += 1
        return f"a{self.aliases}"

    def foreign(self):
        way = self.rng.random()
        if way < 0.80:
            name = self.pick(*data.COMPANIES)
        elif way < 0.87:
            name = self.pick("parts", "parts", "ranges")
        elif way < 0.90:
            name = "parents"
        elif way < 0.95:
            name = "corps"
        else:
            name = self.pick("v_all", "v_cast", "v_guard", *data.FORMS)
        if self.params is not None and self.chance(0.1):
            name = "corps"
        rel = self.rels[name]
        self.tag_relation(rel)
        return rel

    def tag_relation(self, rel):
        for kind in ("partitioned", "inheritance", "barrier", "corps"):
            if rel.kind == kind:
                self.tags.add(kind)

    def rel_item(self, rel):
        alias = self.alias()
        witness = self.rng.choice(rel.witnesses) if rel.witnesses else None
        source = Source(alias, rel.columns, rel.key, rel.foreign, witness, rel.by_topic, rel.witnesses)
        source.rel = rel
        return Rel(rel.name, alias), source

    def narrow(self, source, outer=()):
        """A condition that few rows meet, and the share of rows that does."""
        column = self.sent_column(source)
        way = self.rng.random()
        if column.topic == "id" and way < 0.6:
            likely = self.likely(source, column)
            low = int(likely) - self.rng.randrange(4) if likely else 1001 + self.rng.randrange(20)
            high = low + self.rng.randrange(2, 12)
            return Expr(f"§ BETWEEN {low} AND {high}", "bool", "bool", source.column(column)), 0.08
        if column.family == "text" and way < 0.7 or column.topic in ("price", "qty") and way < 0.5:
            return self.comparison_of(source, column, "=", outer), SHARE.get(column.topic, 20) / 100
        return self.simple_condition(source, outer, column), 0.2

    def comparison_of(self, source, column, operator, outer):
        return Expr(f"§ {operator} §", "bool", "bool", source.column(column),
                    self.value(column.family, column.topic, outer, self.likely(source, column)))

    # ---- outer sides that are computed ----

    def computed(self, outer=()):
        """(item, Source, rows): a side whose columns are expressions; kinds differ in who owns the memory of a row."""
        way = self.pick("lines", "lines", "lines", "foreign", "foreign", "series", "group", "union", "unnest", "split", "window",
                        "function", "codes", "values", "barrier", "json", "distinct")
        alias = self.alias()
        self.tags.add("computed")
        if way in ("series", "codes", "values", "json"):
            return self.computed_function(way, alias)
        rel = self.rels["l_guard" if way == "barrier" else self.pick("lines", "lines", "many")]
        if way == "foreign":
            rel = self.foreign()
        self.tag_relation(rel)
        item, inner = self.rel_item(rel)
        select, rows = Select(item=item), rel.rows
        if rel.rows > 20 or self.chance(0.2):
            condition, share = self.narrow(inner, outer) if rel.foreign else \
                (Expr(f"§ <= {self.rng.randrange(3, 15)}", "bool", "bool", inner.column(rel.columns[0])), 0.2)
            select.where.append(condition)
            rows = max(2, rows * share)
        scalars = [c for c in rel.columns if c.family in ("text", "num", "int", "tstz", "date", "text[]", "num[]", "int[]", "ts")]
        chosen = self.rng.sample(scalars, min(len(scalars), self.rng.randrange(2, 5)))
        texts = [c for c in scalars if c.topic in ("sn", "name", "tag", "price")]
        chosen += [each for each in self.rng.sample(texts, min(2, len(texts))) if each not in chosen]
        columns = []
        for n, column in enumerate(chosen, 1):
            expr = self.same(inner.column(column), 0.85)
            select.targets.append((expr, f"c{n}"))
            columns.append(Column(f"c{n}", expr.sql, expr.family, column.topic))
        self.way_of_computing(way, select, inner, columns)
        rows = rows * 3 if way in ("unnest", "split", "union") else rows
        return Sub(select, alias), Source(alias, columns), rows

    def way_of_computing(self, way, select, inner, columns):
        """Makes the select one that the planner cannot pull up."""
        rng = self.rng
        if way == "group" or way == "distinct":
            self.tags.add("group outer")
            exprs = [self.settled(expr) for expr, _ in select.targets]
            select.targets = [(expr, name) for expr, (_, name) in zip(exprs, select.targets)]
            columns[:] = [Column(c.name, e.sql, e.family, c.topic) for c, e in zip(columns, exprs)]
            if way == "distinct":
                select.distinct = "all"
                return
            select.group = exprs
            select.targets.append((Expr("count(*)", "int", "bigint"), f"c{len(columns) + 1}"))
            columns.append(Column(f"c{len(columns) + 1}", "bigint", "int", "k"))
        elif way == "unnest" or way == "split":
            arrays = [c for c in inner.columns if c.family in ("text[]", "num[]", "int[]")]
            texts = [c for c in inner.columns if c.topic == "csv"]
            self.tags.add("set-returning")
            # PostgreSQL's ProjectSet hands out arrays that a second array_append, elsewhere in the query, changes in place
            for expr, _ in select.targets:
                expr.form = re.sub(r"^array_append\(§, (.*)\)$", r"(§ || ARRAY[\1])", expr.form)
            if way == "split" and texts or not arrays:
                column, form, family, topic = (texts or inner.columns)[0], "regexp_split_to_table((§)::text, ',')", "text", "sn"
            else:
                column = rng.choice(arrays)
                form, topic = "unnest(§)", column.topic
                family = {"text[]": "text", "num[]": "num", "int[]": "int"}[column.family]
            name = f"c{len(columns) + 1}"
            select.targets.append((Expr(form, family, family, inner.column(column)), name))
            columns.append(Column(name, family, family, topic))
        elif way == "window":
            name = f"c{len(columns) + 1}"
            order = inner.keys() or [inner.column(inner.columns[0])]
            select.targets.append((Expr(f"row_number() OVER (ORDER BY {', '.join('§' * len(order))})", "int", "bigint", *order), name))
            columns.append(Column(name, "bigint", "int", "k"))
        elif way == "union":
            other = select.clone()
            select.union.append(("UNION ALL", other))
        elif self.chance(0.4) and inner.key:
            select.order = inner.keys()
            select.limit = Expr(str(rng.randrange(3, 12)), "int", "bigint")
            if self.chance(0.3):
                select.offset = Expr(str(rng.randrange(3)), "int", "bigint")
        else:
            select.offset = Expr("0", "int", "bigint")

    def computed_function(self, way, alias):
        rng = self.rng
        many = rng.randrange(3, 12)
        low = rng.randrange(20)
        if way == "series":
            inner = f"g{alias}"
            select = Select(item=Func(Expr(f"generate_series({low}, {low + many})", "int", "int"), inner, ["i"]))
            forms = [("'S-' || lpad(§::text, 4, '0')", "text", "text", "sn"), ("§ * 0.5", "num", "numeric", "price"),
                     ("1001 + §", "int", "int", "id"), ("'2025-01-01 00:00+00'::timestamptz + § * interval '6 hours'", "tstz",
                                                        "timestamptz", "time"),
                     ("ARRAY['S-000' || § % 10, 'S-0011']", "text[]", "text[]", "sn")]
            chosen = [forms[0], *rng.sample(forms[1:], 2)]
            for n, (form, family, sql, _) in enumerate(chosen, 1):
                value = Expr(f"{inner}.i", "int", "int", alias=inner)
                select.targets.append((Expr(form, family, sql, value), f"c{n}"))
            select.offset = Expr("0", "int", "bigint")
            return (Sub(select, alias), Source(alias, [Column(f"c{n}", sql, family, topic)
                                                       for n, (_, family, sql, topic) in enumerate(chosen, 1)]), many + 1)
        self.tags.add("set-returning")
        if way == "codes":
            return (Func(Expr(f"f_codes({many})", "text", "text"), alias, ["c1"]),
                    Source(alias, [Column("c1", "text", "text", "sn")]), many)
        if way == "json":
            items = ", ".join(f'{{"c1": "S-{(low + n) % 45:04d}", "c2": {n}.50}}' for n in range(many))
            return (Func(Expr(f"jsonb_to_recordset('[{items}]')", "text", "text"), alias, ["c1 text", "c2 numeric"], tail=" AS"),
                    Source(alias, [Column("c1", "text", "text", "sn"), Column("c2", "numeric", "num", "price")]), many)
        rows = [[self.constant("text", "name", "text"), self.constant("num", "price", "numeric"),
                 self.constant("int", "id", "bigint")] for _ in range(many)]
        call = Expr("(VALUES " + ", ".join("(§, §, §)" for _ in rows) + ")", "row", "", *[each for row in rows for each in row])
        return (Func(call, alias, ["c1", "c2", "c3"]),
                Source(alias, [Column("c1", "text", "text", "name"), Column("c2", "numeric", "num", "price"),
                               Column("c3", "bigint", "int", "id")]), many)

    # ---- joins ----

    def equality(self, lefts, right, plain=False):
        """left = right as a join clause, and the share of the right side's rows that meet it."""
        rng = self.rng
        topics = sorted({c for source in lefts for c in source.by_topic} & set(right.by_topic) & set(SHARE))
        topics = [each for each in topics if SHARE[each] <= 8] or topics
        rng.shuffle(topics)
        for topic in topics:
            pairs = [(source, a, b) for source in lefts for a in source.by_topic.get(topic, ()) for b in right.by_topic[topic]
                     if a.family[-2:] != "[]" and b.family[-2:] != "[]" and
                     (a.family == b.family or not plain and GROUPS.get(a.family) == GROUPS.get(b.family) != TIMES)]
            if pairs:
                break
        else:
            return None, 1
        source, a, b = rng.choice(pairs)
        if b.sql not in BARE and not plain:
            source, a, b = rng.choice(pairs)
        left, other = source.column(a), right.column(b)
        if plain:
            return Expr("§ = §", "bool", "bool", left, other), SHARE[topic] / 100
        left, other = self.same(left, 0.35), self.same(other, 0.1)
        if self.chance(0.3):
            left, other = other, left
        return Expr("§ = §", "bool", "bool", left, other), SHARE[topic] / 100

    def join_clause(self, lefts, right):
        """As equality, or = ANY with an array of the left side."""
        if self.chance(0.12):
            for array, families in (("text[]", TEXTS), ("num[]", NUMBERS), ("int[]", NUMBERS)):
                source, column = self.any_column(lefts, (array,))
                if source and column.topic in SHARE:
                    other, match = self.any_column([right], families, column.topic)
                    if other and match.topic == column.topic:
                        return Expr("§ = ANY (§)", "bool", "bool", other.column(match),
                                    self.same(source.column(column), 0.6)), 3 * SHARE[column.topic] / 100
        return self.equality(lefts, right)

    def inner_side(self, depth, sources, outer, rows):
        """(item, Source, rows, share, clauses): what is joined to sources; clauses refer to them."""
        if rows <= 14 and self.chance(0.3):
            return self.lateral(depth, sources, outer)
        rel = self.foreign() if self.chance(0.9) else self.rels[self.pick("lines", "many")]
        if self.chance(0.07):
            same = self.self_join(sources)
            if same:
                return same
        item, source = self.rel_item(rel)
        clause, share = self.join_clause(sources, source)
        clauses = [clause] if clause else []
        if rel.kind == "corps" and clause and self.chance(0.6):
            self.corp_clause(sources, source, clauses)
        if clause and self.chance(0.06):
            more, other = self.equality(sources, source)
            if more:
                clauses.append(more)
        return item, source, rel.rows, share, clauses

    def self_join(self, sources):
        """A table once more, by its dataId."""
        sources = [s for s in sources if s.rel and s.rel.foreign and s.key and s.rel.kind != "view"]
        if not sources:
            return None
        self.tags.add("self join")
        left = self.rng.choice(sources)
        item, source = self.rel_item(left.rel)
        names = {column.name: column for column in source.columns}
        ids = [names[name] for name in ("id", "id", "id", "id4", "idn", "parent") if name in names]
        one, other = self.rng.choice(ids), names["id"]
        if self.chance(0.5):
            one, other = other, one
        return item, source, left.rel.rows, 0.01, [Expr("§ = §", "bool", "bool", left.column(one), source.column(other))]

    def corp_clause(self, sources, source, clauses):
        """The company too: that of another side, or a value."""
        self.tags.add("constant")
        column = source.by_topic["company"][0]
        other, match = self.any_column(sources, ("text",), "company")
        if other and match.topic == "company":
            clauses.append(Expr("§ = §", "bool", "bool", source.column(column), self.same(other.column(match), 0.2)))
        else:
            clauses.append(self.comparison_of(source, column, self.pick("=", "=", "<>"), ()))

    def lateral(self, depth, sources, outer):
        """A derived table that depends on the rows before it."""
        self.tags.add("lateral")
        alias = self.alias()
        way = self.rng.random()
        if way < 0.2:
            name, wanted = self.pick(("f_rows", ["sn"]), ("f_rows_num", ["price"]), ("f_plpgsql", ["name", "price"]))
            self.tags.add("function")
            args = []
            for topic in wanted:
                family, cast = ("num", "numeric") if topic == "price" else ("text", "text")
                args.append(Expr(f"(§)::{cast}", family, cast, self.value(family, topic, sources)))
            source = Source(alias, [Column("id", "bigint", "int", "id"), Column("name", "text", "text", "name"),
                                    Column("price", "numeric", "num", "price")])
            return Func(Expr(f"{name}({', '.join('§' * len(args))})", "row", "", *args), alias, [], lateral=True), source, 3, 1, []
        select, source = self.correlated(depth + 1, sources + list(outer), alias)
        return Sub(select, alias, lateral=True), source, 3, 1, []

    def items(self, depth, outer, count):
        """(item, Sources, where, rows): count things joined; where narrows them."""
        where = []
        way = self.rng.random()
        if way < 0.45 and count > 1 or way < 0.1:
            item, source, rows = self.computed(outer)
        elif way < 0.55 and count > 1:
            item, source = self.rel_item(self.rels[self.pick("lines", "lines", "many")])
            rows = 14
        elif way < 0.65 and depth < 2:
            item, source, rows = self.derived(depth, outer)
        else:
            rel = self.foreign()
            item, source = self.rel_item(rel)
            rows = rel.rows
            for _ in range(self.pick(0, 1, 1, 1, 1, 2) if count == 1 else self.pick(0, 1, 1, 1, 1, 2)):
                condition, share = self.narrow(source, outer)
                where.append(condition)
                rows = max(1, rows * share)
        sources = [source]
        for _ in range(count - 1):
            item, rows = self.join(depth, item, sources, outer, rows, where)
        return item, sources, where, rows

    def join(self, depth, item, sources, outer, rows, where):
        right, source, size, share, clauses = self.inner_side(depth, sources, outer, rows)
        words = self.pick(*["JOIN"] * 10, *["LEFT JOIN"] * 7, "RIGHT JOIN", "FULL JOIN", "FULL JOIN")
        lateral = getattr(right, "lateral", False)
        if lateral:
            words = self.pick("JOIN", "LEFT JOIN", "CROSS JOIN")
        elif words == "FULL JOIN":
            clause, share = self.equality(sources, source, plain=True)
            clauses = [clause] if clause else []
            words = words if clause else "JOIN"
        elif not clauses or rows * size * share > self.most:
            condition, narrowed = self.narrow(source)
            clauses.append(condition)
            share *= narrowed
        if words not in ("JOIN", "FULL JOIN", "CROSS JOIN") and self.chance(0.3):
            clauses.append(self.simple_condition(source))
        if words == "CROSS JOIN" and clauses:
            words = "JOIN"
        if rows * size * share > self.most and words != "FULL JOIN":
            where.append(self.narrow(sources[0])[0])
            share *= 0.2
        self.tags.add({"JOIN": "inner join", "CROSS JOIN": "inner join", "LEFT JOIN": "left join", "RIGHT JOIN": "right join",
                       "FULL JOIN": "full join"}[words])
        sources.append(source)
        return Join(words, item, right, clauses), rows * max(1, size * share) + (size if words in ("RIGHT JOIN", "FULL JOIN") else 0)
