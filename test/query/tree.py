"""A query as a tree, and its text.

Expr    form with one § for each argument, its family (see schema) and SQL type
Select  everything that a SELECT can have
Rel, Sub, Func, Join    what stands in FROM
Query   what is run: a Select and how (plain, prepared, as a cursor ...), with settings
"""
import copy


class Node:
    """Fields are nodes, lists, tuples or plain values; children() finds the nodes."""
    fields = ()

    def __init__(self, *values, **named):
        for name, value in zip(self.fields, values):
            setattr(self, name, value)
        for name, value in named.items():
            setattr(self, name, value)

    def children(self):
        for name in self.fields:
            yield from nodes_in(getattr(self, name))

    def walk(self):
        yield self
        for child in self.children():
            yield from child.walk()

    def clone(self):
        return copy.deepcopy(self)


def nodes_in(value):
    if isinstance(value, Node):
        yield value
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from nodes_in(each)


class Expr(Node):
    fields = ("args",)

    def __init__(self, form, family, sql, *args, alias=None):
        self.form, self.family, self.sql, self.args, self.alias = form, family, sql, list(args), alias

    def text(self):
        parts = self.form.split("§")
        if len(parts) != len(self.args) + 1:
            raise ValueError(f"{len(self.args)} arguments for {self.form}")
        out = parts[0]
        for arg, part in zip(self.args, parts[1:]):
            out += (f"({arg.text()})" if isinstance(arg, Select) else arg.text()) + part
        return out


class Select(Node):
    """targets: (Expr, name); ctes: (name, head words, Select); union: (words, Select); distinct: None, "all" or Exprs."""
    fields = ("ctes", "distinct", "targets", "item", "where", "group", "having", "order", "limit", "offset", "union")

    def __init__(self, **named):
        self.ctes, self.targets, self.where, self.group, self.having, self.order, self.union = [], [], [], [], [], [], []
        self.distinct = self.item = self.limit = self.offset = None
        self.group_words = "§"
        super().__init__(**named)

    def columns(self):
        return [(name, expr.sql, expr.family) for expr, name in self.targets]

    def body(self):
        out = "SELECT "
        if self.distinct == "all":
            out += "DISTINCT "
        elif self.distinct:
            out += f"DISTINCT ON ({listed(self.distinct)}) "
        out += ", ".join(f"{expr.text()} AS {name}" for expr, name in self.targets)
        if self.item:
            out += f" FROM {self.item.text()}"
        if self.where:
            out += " WHERE " + " AND ".join(each.text() for each in self.where)
        if self.group:
            out += " GROUP BY " + self.group_words.replace("§", listed(self.group))
        if self.having:
            out += " HAVING " + " AND ".join(each.text() for each in self.having)
        return out

    def text(self):
        out = ""
        if self.ctes:
            out = "WITH " + ", ".join(f"{name}{head} ({select.text()})" for name, head, select in self.ctes) + " "
            if any("RECURSIVE" in head for _, head, _ in self.ctes):
                out = "WITH RECURSIVE " + out[5:].replace(" RECURSIVE", "")
        out += self.body()
        for words, select in self.union:
            out += f" {words} {select.body()}"
        if self.order:
            out += f" ORDER BY {listed(self.order)}"
        if self.limit:
            out += f" LIMIT {self.limit.text()}"
        if self.offset:
            out += f" OFFSET {self.offset.text()}"
        return out


def listed(exprs):
    return ", ".join(each.text() for each in exprs)


class Rel(Node):
    fields = ()

    def __init__(self, name, alias):
        self.name, self.alias = name, alias

    def text(self):
        return f"{self.name} {self.alias}"

    def aliases(self):
        return {self.alias}


class Sub(Node):
    fields = ("select",)

    def __init__(self, select, alias, lateral=False):
        self.select, self.alias, self.lateral = select, alias, lateral

    def text(self):
        return f"{'LATERAL ' if self.lateral else ''}({self.select.text()}) {self.alias}"

    def aliases(self):
        return {self.alias}


class Func(Node):
    """A function or VALUES in FROM; columns are the names behind the alias, tail what follows the call."""
    fields = ("call",)

    def __init__(self, call, alias, columns, lateral=False, tail=""):
        self.call, self.alias, self.columns, self.lateral, self.tail = call, alias, columns, lateral, tail

    def text(self):
        names = f"({', '.join(self.columns)})" if self.columns else ""
        return f"{'LATERAL ' if self.lateral else ''}{self.call.text()}{self.tail} {self.alias}{names}"

    def aliases(self):
        return {self.alias}


class Join(Node):
    """words is JOIN, LEFT JOIN, FULL JOIN, CROSS JOIN ..."""
    fields = ("left", "right", "on")

    def __init__(self, words, left, right, on):
        self.words, self.left, self.right, self.on = words, left, right, on

    def text(self):
        right = f"({self.right.text()})" if isinstance(self.right, Join) else self.right.text()
        out = f"{self.left.text()} {self.words} {right}"
        if self.words != "CROSS JOIN":
            out += " ON " + (" AND ".join(each.text() for each in self.on) or "true")
        return out

    def aliases(self):
        return self.left.aliases() | self.right.aliases()
