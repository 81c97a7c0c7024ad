"""Selftest: what conditions let through."""


def try_conditions(tap, ctl, probe, everything):
    ok, some = tap.ok, everything[100]
    when = sorted(r["updateTime"] for r in everything)
    later = sum(t >= some["updateTime"] for t in when)
    ok(probe.total(("updateTime", "greaterequal", some["updateTime"])) == later, "greaterequal is inclusive")
    ok(probe.total(("updateTime", "range", when[10], when[20])) == sum(when[10] <= t <= when[20] for t in when), "range")
    ok(probe.total(("addTime", "greaterequal", some["addTime"]), ("updateTime", "lessequal", when[400])) ==
       sum(r["addTime"] >= some["addTime"] and r["updateTime"] <= when[400] for r in everything), "conditions are ANDed")
    ctl("c1", "set", bounds="exclusive")
    ok(probe.total(("updateTime", "greaterequal", some["updateTime"])) == sum(t > some["updateTime"] for t in when),
       "bounds=exclusive")
    ok(probe.total(("updateTime", "equal", some["updateTime"])) == when.count(some["updateTime"]), "... has no say in equal")
    ctl("c1", "set", bounds="inclusive", ignore="updateTime")
    ok(probe.total(("updateTime", "lessequal", 1)) == 730, "ignore=updateTime")
    ctl("c1", "set", ignore="")
    ok(probe.total(("dataId", "equal", some["dataId"])) == 1, "equal on dataId")
    ok(probe.total(("dataId", "in", *[r["dataId"] for r in everything[:7]])) == 7, "in on dataId")
    ok(probe.total(("serialNo", "equal", some["data"]["serialNo"])) == 1, "equal on serialNo")
    ok(probe.total(("num_3", "equal", 0)) == sum(r["data"]["num_3"] == 0 for r in everything), "num_3 = 0")
    ok(probe.total(("text_8", "in", "1", "2")) == sum(r["data"]["text_8"] in "12" for r in everything), "in on a select")
    ok(probe.total(("text_8", "noin", "1", "2")) == sum(r["data"]["text_8"] not in "12" for r in everything), "noin")
    ok(probe.total(("num_2", "greaterequal", 2500)) == sum(r["data"]["num_2"] >= 2500 for r in everything), "num_2 >=")
    ok(probe.total(("date_5", "greaterequal", 1)) == sum(r["data"].get("date_5", 0) > 0 for r in everything),
       "a date of 0 matches nothing")
    ok(probe.total(("date_5", "lessequal", 2 ** 40)) == sum(r["data"].get("date_5", 0) > 0 for r in everything),
       "... from either side")
    middle = sorted(r["data"].get("date_5", 0) for r in everything)[600]
    before = probe.total(("date_5", "lessequal", middle))
    ctl("c1", "set", times="ms-string")
    ok(0 < before == probe.total(("date_5", "lessequal", middle)), "... and however it is written")
    ctl("c1", "set", times="s")
    ok(probe.total(("ownerId", "equal", "u-0007")) == sum('"u-0007"' in r["data"]["ownerId"] for r in everything),
       "equal on an owner")
    ok(probe.total(("text_4", "empty", "")) == sum(not r["data"].get("text_4") for r in everything), "empty")
    ok(probe.total(("text_1", "like", "博世")) == sum("博世" in r["data"]["text_1"] for r in everything), "like")
    ok(probe.call(conditions=[{"attr": "subForm_2", "subAttr": "text_1", "symbol": "equal", "value": ["样品"]}])
       ["result"]["totalCount"] == sum(any(s["text_1"] == "样品" for s in r["data"]["subForm_2"]) for r in everything),
       "a member of a sub-form")
    ok(probe.call(conditions=[{"attr": "num_2", "symbol": "equal", "value": 5}])["code"] == 701020,
       "a value must be an array")
    ok(probe.total(("nonsense", "equal", 1)) == 701020 and probe.total(("text_1", "approx", "x")) == 701020,
       "unknown attrs and symbols are errors")
    ctl("c1", "set", unknown_attr="ignore", unknown_symbol="none")
    ok(probe.total(("nonsense", "equal", 1)) == 730 and probe.total(("text_1", "approx", "x")) == 0, "... by switch not")
    ok(probe.total(("updateTime", "lessequal", "1")) == 701020, "a time as a string is an error")


def try_comparisons(tap, ctl, probe):
    """How a condition's text or number meets what is stored in another form."""
    ok = tap.ok
    ctl("c3", "create", products="0", freeze="on")
    probe.corpid = "c3"
    for data_id, text, number in ((1, '"7"', '"12.50"'), (2, "7", "12.5"), (3, "7.0", "0.1"), (4, '" x"', "1"),
                                  (5, '"x"', "1")):
        ctl("c3", "put", f'{{"dataId":{data_id},"addTime":1,"updateTime":1,"data":{{"text_1":{text},"num_1":{number}}}}}')
    ok((probe.total(("text_1", "equal", "7")), probe.total(("text_1", "equal", 7))) == (3, 3), "types=loose")
    ctl("c3", "set", types="strict")
    ok((probe.total(("text_1", "equal", "7")), probe.total(("text_1", "equal", 7)),
        probe.total(("text_1", "in", "7", 7))) == (1, 2, 3), "types=strict")
    ok(probe.total(("num_1", "equal", 12.5)) == 2, "... for texts only")
    ctl("c3", "set", types="spelled")
    ok((probe.total(("text_1", "equal", "7")), probe.total(("text_1", "equal", "7.0"))) == (2, 1), "types=spelled")
    ok(probe.total(("text_1", "equal", " x")) == 1, "white space counts")
    ctl("c3", "set", trim="on")
    ok((probe.total(("text_1", "equal", " x")), probe.total(("text_1", "in", "x"))) == (1, 1) and
       probe.call(conditions=[{"attr": "text_1", "symbol": "equal", "value": [" x"]}])["result"]["list"][0]["dataId"] == 5,
       "trim=on: only that of the condition does not")
    ctl("c3", "set", text_limit="1")
    ok((probe.total(("text_1", "equal", "x")), probe.total(("text_1", "equal", "7.0"))) == (1, 0), "text_limit=1")
    tenth = b'{"corpid":"c3","conditions":[{"attr":"num_1","symbol":"equal","value":[0.1000000000000000001]}]}'
    ok(b'"totalCount":0' in probe.raw("product/list", tenth), "fractions are decimals")
    ctl("c3", "set", doubles="on")
    ok(b'"totalCount":1' in probe.raw("product/list", tenth), "doubles=on")
