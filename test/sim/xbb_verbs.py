"""Verbs that make and change XBB's lists.  A docstring is its verb's line in the help."""
import os
import re
import time
from decimal import Decimal

from .exact_json import Num, decimal, dump, parse, unescape
from .names import Refused, Table, nearest
from .switches import SWITCHES
from .xbb_company import Company, Mutator
from .xbb_flat import FlatList
from .xbb_objects import BUSINESS, FLAT, FORM_REQUIRED, PLAIN
from .xbb_records import RecordList

verb = Table()


@verb("create")
def do_create(control, corpid, args, rest):
    """create [token=t0ken] [products=730] [clock=EPOCH|now] [freeze=on] [SWITCH=value ...]
    A new world with a product list, users, departments, roles, sign-ins, labels and categories.
    create object=customer form_id=5300201 records=50 adds a list to a world (and makes the world if needed).
    Of a list: records= (or products=), seed=1, first_id=51200001, start=, end= (epoch s; default the 400 days
    until now), step=S (addTime is start + n S), shape=even|random|burst|hour|zipf, shape_on=add|update,
    touch_span=S (updateTime is at most S after addTime), no_times=N (every Nth record has no times),
    width=40 (fields a record), odd=on (numbers with exponents too)."""
    fresh = "object" not in args or corpid not in control.server.tenants
    tenant = Company(corpid, control.server.log_limit) if fresh else control.server.tenants[corpid]
    if "token" in args:
        tenant.token = args.pop("token")
    if "clock" in args:
        given = args.pop("clock")
        tenant.clock.set(time.time() if given == "now" else float(given))
    if args.pop("freeze", "off") == "on":
        tenant.clock.freeze(True)
    for name in [n for n in args if n in SWITCHES]:
        tenant.set(name, args.pop(name))
    if "products" in args:
        args["records"] = args.pop("products")
    kind = args.pop("object", "product")
    if kind in FLAT:
        tenant.flats[kind] = FlatList(tenant, kind, args)
    elif kind in PLAIN or kind in FORM_REQUIRED:
        form_id = int(args.pop("form_id", 5300127 if kind == "product" else 5300200 + BUSINESS.get(kind, 0) % 97))
        new = RecordList(tenant, kind, form_id, args)
        tenant.lists[kind, form_id] = new
        new.reshow()
    else:
        raise Refused(f"unknown object {kind}{nearest(kind, [*PLAIN, *FORM_REQUIRED, *FLAT])}")
    if fresh and corpid in control.server.tenants:
        control.server.tenants[corpid].abandon()
    control.server.tenants[corpid] = tenant


def stamp_of(args):
    """The stamp of a change, ms or None."""
    return int(Decimal(args.pop("at")) * 1000) if "at" in args else None


def timed(target):
    if isinstance(target, FlatList):
        raise Refused(f"{target.kind} has no such verb; use put and drop")
    return target


@verb("add")
def do_add(control, tenant, args, rest):
    """add [n=1] [at=EPOCH]: new generated records"""
    target = timed(tenant.target(args))
    stamp = stamp_of(args)
    stamp = target.stamp() if stamp is None else stamp
    return "\n".join(str(target.insert(None, stamp, stamp)) for _ in range(int(args.pop("n", 1))))


@verb("touch")
def do_touch(control, tenant, args, rest):
    """touch id=... [at=EPOCH] [add=EPOCH] [DATA as JSON]: an edit; its stamp and addTime, new members of data"""
    target = timed(tenant.target(args))
    stamp, add, slots = stamp_of(args), args.pop("add", None), target.pick(args.pop("id"))
    for slot in slots:
        target.touch(slot, stamp, add and int(Decimal(add) * 1000), parse(rest[0]) if rest else None)


@verb("drop")
def do_drop(control, tenant, args, rest):
    """drop id=...: a deletion"""
    target = tenant.target(args)
    if isinstance(target, FlatList):
        key = args.pop("id")
        if target.items.pop(key, None) is None:
            raise Refused(f"no {target.kind} {key}")
        target.always.discard(key)
        target.version += 1
        return
    for slot in target.pick(args.pop("id")):
        target.drop(slot)


@verb("put")
def do_put(control, tenant, args, rest):
    """put JSON: a record as it stands, new or instead of the one with its dataId; digits and spelling are kept"""
    target = tenant.target(args)
    for text in rest:
        item = parse(text)
        if not isinstance(item, dict):
            raise Refused("a record is an object")
        if isinstance(target, FlatList):
            target.items[str(item[target.id_key])] = text.encode()
            target.version += 1
        else:
            place(target, item, text.encode("utf-8", "surrogateescape"), args)


@verb("putraw")
def do_putraw(control, tenant, args, rest):
    """putraw BYTES [id=] [add=] [update=] [esc=on]: any bytes as a record, JSON or not; id and times are what is
    found in them, or given beside them; with esc=on \\xNN, \\n and \\\\ are understood"""
    target = timed(tenant.target(args))
    escaped = args.pop("esc", "off") == "on"
    for text in rest:
        raw = unescape(text) if escaped else os.fsencode(text)
        found = re.findall(rb'"(dataId|addTime|updateTime)":"?(\d+)', raw)
        place(target, {name.decode(): number.decode() for name, number in reversed(found)}, raw, args)
    for name in ("id", "add", "update"):
        args.pop(name, None)


def place(target, item, raw, args):
    """Puts bytes where the item, or else the arguments, say."""
    def ms(value):
        number = decimal(value)
        if number is None:
            return 0
        return int(number if number > 10 ** 11 else number * 1000)
    data_id = decimal(args.get("id", item.get("dataId")))
    add = ms(args.get("add", item.get("addTime")))
    update = ms(args.get("update", item.get("updateTime")))
    usable = data_id is not None and data_id == int(data_id) and abs(data_id) < 2 ** 63
    slot = target.slot_of(int(data_id)) if usable else None
    if slot is not None:
        target.change(slot, add, update, raw)
    else:
        target.insert(int(data_id) if usable else -1 - len(target.ids), add, update, raw)


@verb("mutate")
def do_mutate(control, tenant, args, rest):
    """mutate rate=0.3 [kinds=touch,drop,add,back-date] [seed=1] [limit=N] [spread=900] [per_second=N]
    Before each data request with probability rate a change, then perhaps another, six at most; or per_second by
    the world's clock.  limit ends it after N changes.  mutate off=1 stops; without arguments: changes made."""
    if not args:
        return str(sum(m.changes for m in tenant.mutators))
    if args.pop("off", None):
        tenant.mutators = []
    else:
        tenant.mutators.append(Mutator(tenant, tenant.target(args), args))


@verb("mark")
def do_mark(control, tenant, args, rest):
    """mark: begin to observe a list, for the next three"""
    tenant.target(args).mark()


@verb("always")
def do_always(control, tenant, args, rest):
    """always: ids of the records that have existed all the time since mark"""
    return "\n".join(map(str, sorted(tenant.target(args).always)))


@verb("ever")
def do_ever(control, tenant, args, rest):
    """ever: ids of the records that have existed at any time since mark"""
    return "\n".join(map(str, sorted(tenant.target(args).ever)))


@verb("versions")
def do_versions(control, tenant, args, rest):
    """versions: dataId,updateTime of every version that has been current since mark"""
    return "\n".join(f"{i},{u}" for i, u in sorted(set(timed(tenant.target(args)).versions)))


@verb("total")
def do_total(control, tenant, args, rest):
    """total: the number of records"""
    return str(len(tenant.target(args)))


@verb("dump")
def do_dump(control, tenant, args, rest):
    """dump [form=lines|array|csv] [cols=dataId,serialNo,...]: all records as they stand now, by id, in the wire's
    own bytes; csv has one value a column (a.b walks into objects): nothing if missing, "" if empty, arrays as JSON"""
    target, form = tenant.target(args), args.pop("form", "lines")
    rows = [r.decode("utf-8", "backslashreplace") for r in target.everything()]
    if form == "csv":
        columns = args.pop("cols", "dataId,addTime,updateTime,serialNo").split(",")
        return "\n".join(",".join(csv_field(look_up(parse(r), c)) for c in columns) for r in rows)
    return "[" + ",\n".join(rows) + "]" if form == "array" else "\n".join(rows)


def look_up(item, column):
    """A member of a record: its own fields first, then those in data."""
    for step in column.split("."):
        if not isinstance(item, dict):
            return None
        item = item[step] if step in item else (item.get("data") or {}).get(step)
    return item


def csv_field(value):
    if value is None:
        return ""
    if isinstance(value, Num):
        return str(value)
    text = value if isinstance(value, str) else dump(value)
    return '"' + text.replace('"', '""') + '"'
