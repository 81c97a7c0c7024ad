"""Selftest: pages, totals, orders."""
import json
import re

from .exact_json import compact


def try_lists(tap, ctl, probe):
    ok = tap.ok
    first = probe.call(page=1, pageSize=100)
    times = [r["updateTime"] for r in first["result"]["list"]]
    ok(first["code"] == 1 and first["success"] is True and len(times) == 100, "a page", first["code"], len(times))
    ok(first["result"]["totalCount"] == 730 and first["result"]["totalPage"] == 8, "totals")
    ok(times == sorted(times, reverse=True), "update descending is the default order")
    ok(len(probe.rows()) == 20, "20 rows by default")
    ok(len(probe.rows(pageSize=200)) == 100, "200 is clamped to 100")
    ok(len(probe.rows(page=8, pageSize=100)) == 30 and probe.rows(page=9, pageSize=100) == [], "the end and beyond")
    everything = [r for k in range(1, 9) for r in probe.rows(page=k, pageSize=100)]
    ok(sorted(r["dataId"] for r in everything) == list(range(51200001, 51200731)), "each record once")
    lines = ctl("c1", "dump").split("\n")
    ok(sorted(map(compact, everything)) == sorted(compact(json.loads(line)) for line in lines), "dump is the truth")
    ids = {r["dataId"]: r for r in everything}
    children = [r for r in everything if r["data"]["num_3"]]
    ok(children and all(ids[r["data"]["num_3"]]["data"]["num_3"] == 0 for r in children), "children name a parent")
    ok(all(r["updateTime"] >= r["addTime"] for r in everything), "updateTime is not before addTime")
    ok(len({r["data"]["serialNo"] for r in everything}) == 730, "serial numbers are unique")
    ok(isinstance(json.loads(everything[0]["data"]["ownerId"]), list), "owners are an array in a string")
    ok(any("text_4" not in r["data"] for r in everything) and any(r["data"].get("text_4") == "" for r in everything),
       "unset text is empty or absent")
    ok(any(len(m[1]) > 17 for m in re.finditer(r'"num_1":([0-9.]+)', "\n".join(lines))), "prices beyond a double")
    for order, sign, by in (("update-asc", 1, "updateTime"), ("id-asc", 1, "dataId"), ("id-desc", -1, "dataId"),
                            ("add-desc", -1, "addTime")):
        ctl("c1", "set", order=order)
        values = [sign * r[by] for r in probe.rows(pageSize=100)]
        ok(values == sorted(values), "order " + order)
    ctl("c1", "set", order="update-desc")
    return everything
