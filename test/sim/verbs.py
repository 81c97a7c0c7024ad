"""Verbs of the control that any company understands.  A docstring is its verb's line in the help."""
import time

from .connection import Gate, listen
from .help import help_text
from .names import NotYet, Refused, Table, nearest
from .place import Fault, Hold
from .switches import SWITCHES, switch_value

verb = Table()


@verb("remove")
def do_remove(control, tenant, args, rest):
    """remove: the whole company is forgotten"""
    tenant.abandon()
    control.server.tenants.pop(tenant.corpid, None)


@verb("set")
def do_set(control, tenant, args, rest):
    """set SWITCH=value ...; token=TEXT too"""
    if "token" in args:
        tenant.token = args.pop("token")
    for name in list(args):
        tenant.set(name, args.pop(name))


@verb("get")
def do_get(control, tenant, args, rest):
    """get [SWITCH]: its value, or all that differ from their defaults"""
    if rest:
        switch_value(rest[0], SWITCHES[rest[0]][0] if rest[0] in SWITCHES else "")
        return str(getattr(tenant.switches, rest[0]))
    return "\n".join(f"{n}={getattr(tenant.switches, n)}" for n in SWITCHES
                     if getattr(tenant.switches, n) != SWITCHES[n][0])


@verb("clock")
def do_clock(control, tenant, args, rest):
    """clock [set=EPOCH|now] [advance=S] [freeze=on|off]; without arguments prints the epoch second"""
    if not args:
        return str(int(tenant.clock.now()))
    if "set" in args:
        given = args.pop("set")
        tenant.clock.set(time.time() if given == "now" else float(given))
    if "advance" in args:
        tenant.clock.base += float(args.pop("advance"))
    if "freeze" in args:
        tenant.clock.freeze(args.pop("freeze") == "on")
    tenant.settle()


@verb("at")
def do_at(control, tenant, args, rest):
    """at n=N do=VERB ...: carries out a verb just before the Nth data request from now"""
    n, what = int(args.pop("n")), args.pop("do")
    if what not in control.verbs:
        raise Refused(f"unknown verb {what}{nearest(what, control.verbs)}")
    tenant.scheduled.append((tenant.requests + n, what, dict(args), list(rest)))
    args.clear()


FIELDS = ("path", "page", "size", "cond", "result", "rows", "bytes", "user", "params", "headers", "body", "start",
          "clock")


@verb("log")
def do_log(control, tenant, args, rest):
    """log [fields=path,page,size,cond,result] [only=PATH] [tail=N] [sort=on]: a line a request since clear.
    Fields also: rows, bytes, user, params, headers, body, start (monotonic s), clock.  The result is the code, or
    the HTTP status if it is not 200, and ! with the faults that struck.  Company "-" has what no company could be
    found for."""
    fields = args.pop("fields", "path,page,size,cond,result").split(",")
    for name in fields:
        if name not in FIELDS:
            raise Refused(f"no field {name}: there are {', '.join(FIELDS)}")
    entries, only = list(tenant.log), args.pop("only", None)
    lines = [" ".join(f"{getattr(e, f):.6f}" if f in ("start", "clock") else str(getattr(e, f)) for f in fields)
             for e in entries if only in (None, e.path)]
    lines = lines[-int(args.pop("tail", 0)):]
    return "\n".join(sorted(lines) if args.pop("sort", "off") == "on" else lines)


@verb("count")
def do_count(control, tenant, args, rest):
    """count [only=PATH]: requests since clear"""
    only = args.pop("only", None)
    return str(sum(only in (None, e.path) for e in tenant.log))


@verb("clear")
def do_clear(control, tenant, args, rest):
    """clear [what=log|faults|all]: forgets the log and the figures of stats (default), or faults, holds and
    "at" too"""
    what = args.pop("what", "log")
    if what in ("log", "all"):
        tenant.log.clear()
        tenant.peak = tenant.running
        tenant.connections = set()
    if what in ("faults", "all"):
        tenant.faults, tenant.scheduled = [], []
        tenant.release(*tenant.holds.values())


@verb("stats")
def do_stats(control, tenant, args, rest):
    """stats: requests, seconds from first to last, most starts in any 1 s, most at one time, connections, bytes"""
    starts = [e.start for e in tenant.log]
    most, first = 0, 0
    for i, start in enumerate(starts):
        while starts[first] <= start - 1:
            first += 1
        most = max(most, i - first + 1)
    seconds = starts[-1] - starts[0] if starts else 0
    return (f"requests={len(starts)} seconds={seconds:.3f} max_per_second={most} peak={tenant.peak} "
            f"connections={len(tenant.connections)} bytes={sum(e.bytes for e in tenant.log)}")


@verb("fault")
def do_fault(control, tenant, args, rest):
    """fault what=NAME [at=first] [of=M] [times=K] [prob=P] [path=] [page=] [has=] [argument=...]: see below"""
    tenant.faults.append(Fault(dict(args), control.faults))
    args.clear()


@verb("faults")
def do_faults(control, tenant, args, rest):
    """faults: name, requests seen, times fired"""
    return "\n".join(f"{f.what} at={f.at} seen={f.seen} fired={f.fired}" for f in tenant.faults)


def hold_of(tenant, args):
    name = args.pop("name", "hold")
    if name not in tenant.holds:
        raise Refused(f"no hold {name}")
    return tenant.holds[name]


@verb("hold")
def do_hold(control, tenant, args, rest):
    """hold [name=hold] [at=first|every|N] [times=K] [until=M] [path=] [page=] [has=]: the Nth matching request from
    now, and those that follow up to K (default 1; with at=every without limit), wait until they are released; with
    until=M they go on by themselves, and the hold ends, once M (then the default of K) wait at the same time"""
    hold = Hold(args)
    if hold.name in tenant.holds:
        raise Refused(f"there is a hold {hold.name}: release it first")
    tenant.holds[hold.name] = hold


@verb("held")
def do_held(control, tenant, args, rest):
    """held [name=X]: how many requests wait there; without a name all holds, with the matching requests seen"""
    if "name" in args:
        return str(len(hold_of(tenant, args).waiting))
    return "\n".join(f"{h.name} waiting={len(h.waiting)} seen={h.seen}" for h in tenant.holds.values())


@verb("wait-held")
def do_wait_held(control, tenant, args, rest):
    """wait-held [name=hold] [n=1] [timeout=60]: answers once so many requests wait there, or with an error"""
    hold, n, seconds = hold_of(tenant, args), int(args.pop("n", 1)), float(args.pop("timeout", 60))
    if len(hold.waiting) < n:
        raise NotYet(seconds, f"hold {hold.name}: {len(hold.waiting)} of {n} requests wait, {hold.seen} seen")


@verb("release")
def do_release(control, tenant, args, rest):
    """release [name=hold|all]: the hold ends and what waits there goes on; prints how many that are"""
    every = args.get("name") == "all" and args.pop("name")
    holds = list(tenant.holds.values()) if every else [hold_of(tenant, args)]
    waiting = sum(len(hold.waiting) for hold in holds)
    tenant.release(*holds)
    return str(waiting)


@verb("port")
def do_port(control, tenant, args, rest):
    """port [mode=answer|close|reset|silent|refused]: a port of the company's own, printed; close and reset strike
    each connection as it is accepted, silent never answers, refused does not listen"""
    mode = args.pop("mode", None)
    if mode not in (None, "answer", "close", "reset", "silent", "refused"):
        raise Refused("mode is answer, close, reset, silent or refused")
    gate = tenant.port
    if gate is None:
        gate = tenant.port = Gate()
        gate.home = tenant
    if mode == "refused":
        if not gate.port:
            with listen(0) as sock:
                gate.port = sock.getsockname()[1]
        gate.close()
    elif gate.server is None:
        sock = listen(gate.port)
        gate.port, gate.server = sock.getsockname()[1], sock
        control.server.loop.create_task(control.server.open(gate, sock))
    gate.mode = "answer" if mode == "refused" else mode or gate.mode
    return str(gate.port) if mode is None else ""


@verb("help")
def do_help(control, tenant, args, rest):
    """help: this text"""
    return help_text(control.verbs, control.faults)
