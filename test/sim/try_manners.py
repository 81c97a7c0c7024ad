"""Selftest: signature, compression, log, clock, limits, ports."""
import time

from .names import Refused
from .probe import Probe


def refusal(ctl, **switches):
    try:
        return ctl("c1", "set", **switches)
    except Refused as error:
        return str(error)


def try_manners(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "c1"
    ok(probe.call(sign="0" * 64)["code"] == 100001 and probe.status == 200, "a wrong signature")
    probe.corpid = "nobody"
    ok(probe.call()["code"] == 100002, "an unknown company")
    probe.corpid = "c1"
    plain = probe.call(pageSize=100)
    ok(probe.call(gzip=True, pageSize=100) == plain and probe.headers.get("content-encoding") == "gzip", "gzip")
    told = [refusal(ctl, **switch) for switch in ({"gzip_level": "150"}, {"replicas": "0"}, {"latency": "nan"})]
    ok(told == ["gzip_level wants int of 1 to 9, not 150", "replicas wants int of 1 or more, not 0",
                "latency wants float of 0 or more, not nan"], "numbers of a switch have bounds", told)
    ctl("c1", "clear")
    for _ in range(3):
        probe.call()
    ok("connections=1 " in ctl("c1", "stats"), "keep-alive", ctl("c1", "stats"))
    ctl("c1", "clear")
    probe.total(("num_2", "equal", 7), page=2, pageSize=10)
    probe.call(sign="x")
    ok(ctl("c1", "log") == 'product/list 2 10 [{"attr":"num_2","symbol":"equal","value":[7]}] 1\nproduct/list - - - 100001',
       "the log", ctl("c1", "log"))
    ctl("c1", "set", date_offset="3600")
    ctl("c1", "clock", set="1770000000", freeze="on")
    probe.call()
    ok(probe.headers["date"] == "Mon, 02 Feb 2026 03:40:00 GMT", "a clock of its own", probe.headers)
    probe.corpid = "c5"
    ctl("c5", "create", products="5", limit_minute="3", retry_after="2")
    codes = [probe.call()["code"] for _ in range(5)]
    ok(codes == [1, 1, 1, 100429, 100429] and probe.headers["retry-after"] == "2", "3 a minute", codes)
    ctl("c5", "set", limit_minute="5")
    ok(probe.call()["code"] == 100429, "refused calls count")
    ctl("c5", "set", limit_minute="0", limit_second="3")
    time.sleep(1.05)
    ok(probe.call()["code"] == 1, "3 a second: a second later")
    probe.corpid = "c1"
    ctl("c1", "set", depth="200")
    ok(len(probe.rows(page=2, pageSize=100)) == 100 and probe.rows(page=3, pageSize=100) == [], "depth")
    ctl("c1", "set", depth="0", total_cap="500", short_pages="7", latency="80")
    start = time.monotonic()
    answer = probe.call(pageSize=100)["result"]
    ok(answer["totalCount"] == 500 and len(answer["list"]) == 93, "a capped total, short pages")
    ok(0.07 < time.monotonic() - start, "latency")
    ctl("c1", "set", total_cap="0", short_pages="0", latency="0")
    port = int(ctl("c1", "port"))
    other = Probe(port, "c1")
    ok(other.call()["code"] == 1, "a port of its own")
    other.close()
    ctl("c1", "port", mode="refused")
    ok(other.breaks() == "ConnectionRefusedError", "refused")
    ctl("c1", "port", mode="reset")
    ok(other.breaks() in ("ConnectionResetError", "ConnectionError", "BrokenPipeError"), "reset at accept")
