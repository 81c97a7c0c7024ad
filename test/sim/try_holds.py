"""Selftest: requests that are held."""
import json
import time

from .exact_json import compact
from .names import Refused
from .probe import Probe


def try_holds(tap, ctl, probe):
    ok, probes = tap.ok, [Probe(probe.port, "c4") for _ in range(4)]

    def send(one, **body):
        one.send("product/list", compact({"corpid": "c4", **body}).encode())

    def total(one):
        return json.loads(one.answer())["result"]["totalCount"]

    ctl("c4", "create", products="5")
    ctl("c4", "hold", name="x", at="2", page="3")
    ok(probes[0].call(page=3)["code"] == 1 and probes[0].call(page=1)["code"] == 1, "what is not meant is not held")
    send(probes[1], page=3)
    ctl("c4", "wait-held", name="x")
    ok(ctl("c4", "held") == "x waiting=1 seen=2" and ctl("c4", "count") == "3", "a request is held", ctl("c4", "held"))
    ctl("c4", "add")
    ok(probes[0].call(page=3)["result"]["totalCount"] == 6, "others are answered meanwhile")
    ctl("c4", "add")
    ok(ctl("c4", "release", name="x") == "1" and total(probes[1]) == 7, "released, it gets what is there then")
    ok(ctl("c4", "held") == "", "and the hold has ended")
    for verb in ("release", "held", "wait-held"):
        try:
            ok(False, "no such hold", verb, ctl("c4", verb, name="x"))
        except Refused as error:
            ok("no hold x" in str(error), verb + " of no hold")
    ctl("c4", "hold", at="every")
    for one in probes[:2]:
        send(one)
    ctl("c4", "wait-held", n="2")
    try:
        ok(False, "wait-held ends", ctl("c4", "wait-held", n="3", timeout="0.1"))
    except Refused as error:
        ok("2 of 3 requests wait" in str(error), "wait-held ends")
    probes[0].close()
    while ctl("c4", "held", name="hold") == "2":
        time.sleep(0.01)
    ok(ctl("c4", "held", name="hold") == "1", "a client that is gone waits no more", ctl("c4", "held"))
    ctl("c4", "clear", what="all")
    ok(total(probes[1]) == 7 and ctl("c4", "held") == "", "clear what=all lets go")
    ctl("c4", "hold", until="3")
    for n, one in enumerate(probes[:3]):
        send(one)
        if n < 2:
            ctl("c4", "wait-held", n=str(n + 1))
    ok([total(one) for one in probes[:3]] == [7, 7, 7] and "peak=3" in ctl("c4", "stats"), "until=3")
    ctl("c4", "hold")
    send(probes[3])
    ctl("c4", "wait-held")
    ctl("c4", "create", products="1")
    ok(total(probes[3]) == 7 and probes[0].call()["result"]["totalCount"] == 1 and ctl("c4", "held") == "",
       "create forgets the holds of the world that was")
    for one in probes:
        one.close()
