"""Makes a failing query smaller for as long as it fails in the same way.

Most of what is tried is no valid SQL any more; then both sides refuse it, and it
does not count.  Never tried is what would leave the answer open: the order of a
LIMIT goes with the LIMIT only.
"""
import time

from .tree import Expr, Join, Select


def parents(node, found=None):
    """(owner, field, index, child) of every place that holds a node; index None where the field itself does."""
    found = [] if found is None else found
    for name in node.fields:
        value = getattr(node, name)
        if hasattr(value, "fields"):
            found.append((node, name, None, value))
            parents(value, found)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                if hasattr(each, "fields"):
                    found.append((node, name, index, each))
                    parents(each, found)
                elif isinstance(each, tuple):
                    for part in each:
                        if hasattr(part, "fields"):
                            found.append((node, name, index, part))
                            parents(part, found)
    return found


def mentions(node, aliases):
    return any(isinstance(each, Expr) and each.alias in aliases for each in node.walk())


def without(select, gone):
    """Takes what mentions aliases out of a select."""
    select.targets = [t for t in select.targets if not mentions(t[0], gone)] or [(Expr("1", "int", "int"), "c1")]
    select.where = [e for e in select.where if not mentions(e, gone)]
    select.group = [e for e in select.group if not mentions(e, gone)]
    select.having = [e for e in select.having if not mentions(e, gone)]
    select.order = [e for e in select.order if not mentions(e, gone)]
    if isinstance(select.distinct, list) and any(mentions(e, gone) for e in select.distinct):
        select.distinct = None
    if select.item:
        for join in select.item.walk():
            if isinstance(join, Join):
                join.on = [e for e in join.on if not mentions(e, gone)]


def of_select(select):
    """Ways to make one select smaller: functions that change it in place."""
    ways = []

    def setter(**values):
        return lambda: [setattr(select, name, value) for name, value in values.items()]

    def dropper(name, index):
        return lambda: getattr(select, name).pop(index)

    if select.limit or select.offset:
        ways.append(setter(limit=None, offset=None, order=[]))
        if select.offset and select.limit:
            ways.append(setter(offset=None))
    if select.distinct:
        ways.append(setter(distinct=None, order=[]) if isinstance(select.distinct, list) else setter(distinct=None))
    if select.order and not (select.limit or select.offset or select.distinct):
        ways.append(setter(order=[]))
    for name in ("having", "where", "union", "ctes"):
        ways += [dropper(name, n) for n in range(len(getattr(select, name)))]
    if select.group_words != "§":
        ways.append(setter(group_words="§"))
    if len(select.targets) > 1:
        ways += [dropper("targets", n) for n in reversed(range(len(select.targets)))]
    return ways


def joins(select):
    """Ways to leave out one side of a join of a select."""
    ways = []

    def replace(owner, field, join, kept, lost):
        def act():
            setattr(owner, field, kept)
            without(select, lost.aliases())
        return act

    def visit(owner, field):
        item = getattr(owner, field)
        if isinstance(item, Join):
            ways.append(replace(owner, field, item, item.left, item.right))
            ways.append(replace(owner, field, item, item.right, item.left))
            for n in range(len(item.on)):
                ways.append(lambda item=item, n=n: item.on.pop(n))
            if item.words not in ("JOIN", "CROSS JOIN"):
                ways.append(lambda item=item: setattr(item, "words", "JOIN"))
            visit(item, "left")
            visit(item, "right")

    if select.item:
        visit(select, "item")
    return ways


def of_exprs(query):
    """Ways to replace an expression by one of its parts."""
    ways = []
    for owner, name, index, child in parents(query):
        if not isinstance(child, Expr) or not child.args:
            continue
        for part in child.args:
            if isinstance(part, Expr) and part.family == child.family and part is not child:
                ways.append(lambda o=owner, n=name, i=index, c=child, p=part: put(o, n, i, c, p))
    return ways


def put(owner, name, index, child, part):
    if index is None:
        setattr(owner, name, part)
        return
    old = getattr(owner, name)[index]
    getattr(owner, name)[index] = tuple(part if each is child else each for each in old) if isinstance(old, tuple) else part


def of_query(query):
    ways = []
    for n in range(len(query.settings)):
        ways.append(lambda n=n: query.settings.pop(n))
    if query.zone != "UTC":
        ways.append(lambda: setattr(query, "zone", "UTC"))
    if query.style != "ISO, MDY":
        ways.append(lambda: setattr(query, "style", "ISO, MDY"))
    if query.way in ("matview", "cursor"):
        ways.append(lambda: (setattr(query, "way", "plain"), setattr(query, "extra", None)))
    if query.way == "prepared":
        casts, rows = query.extra
        for n in range(len(rows)):
            if len(rows) > 1:
                ways.append(lambda n=n: setattr(query, "extra", (casts, rows[:n] + rows[n + 1:])))
        ways.append(lambda: inline(query))
    if query.way == "cursor":
        head, moves = query.extra
        for n in range(len(moves)):
            ways.append(lambda n=n: setattr(query, "extra", (head, moves[:n] + moves[n + 1:])))
    return ways


def inline(query):
    """A prepared query with the values of its last execution."""
    _, rows = query.extra
    for node in query.select.walk():
        if isinstance(node, Expr) and node.form.startswith("$") and node.form[1:].isdecimal():
            node.form = rows[-1][int(node.form[1:]) - 1]
    query.way, query.extra = "plain", None


def all_ways(query):
    selects = [each for each in query.walk() if isinstance(each, Select)]
    ways = of_query(query) if len(query.settings) else []
    for select in selects:
        ways += joins(select)
    for select in selects:
        ways += of_select(select)
    ways += of_query(query) if not len(query.settings) else []
    return ways + of_exprs(query)


def shrink(query, fails, seconds=20):
    """The smallest query found for which fails(query) is true, in about so many seconds."""
    deadline = time.monotonic() + seconds
    place = 0
    while time.monotonic() < deadline:
        smaller = query.clone()
        ways = all_ways(smaller)
        if place >= len(ways):
            return query
        ways[place]()
        try:
            better = fails(smaller)
        except (ValueError, AttributeError, IndexError, KeyError):
            better = False
        if better:
            query = smaller
            place = max(0, place - 1)
        else:
            place += 1
        if place >= len(ways) and better:
            place = 0
    return query
