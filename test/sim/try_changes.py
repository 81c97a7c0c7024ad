"""Selftest: a world that changes, and the other lists."""
import re

from .exact_json import compact


def try_changes(tap, ctl, probe):
    ok = tap.ok
    ctl("c2", "create", products="5", freeze="on", step="10", start="1769000000", touch_span="0")
    probe.corpid = "c2"
    ctl("c2", "touch", '{"num_1":12345678901234567.8901}', id="51200001")
    top = probe.raw("product/list", compact({"corpid": "c2", "pageSize": 1}).encode())
    ok(b'"num_1":12345678901234567.8901' in top and b'"updateTime":1770000000' in top, "a touched record is on top", top)
    ctl("c2", "put", '{"dataId":7,"addTime":1,"updateTime":1770000005,"data":{"num_1":1.50}}')
    ok(b'"num_1":1.50}' in probe.raw("product/list", b'{"corpid":"c2","pageSize":1}'), "put keeps its spelling")
    ctl("c2", "putraw", r'{"dataId":8,"data":{"text_1":"\xff"}}', esc="on", update="1770000006")
    ok(b'"text_1":"\xff"' in probe.raw("product/list", b'{"corpid":"c2","pageSize":1}'), "putraw puts any byte")
    ctl("c2", "drop", id="8")
    ctl("c2", "drop", id="last")
    ok(probe.call()["result"]["totalCount"] == 5 and ctl("c2", "total") == "5", "drop")
    ok(probe.total(("updateTime", "greaterequal", 1770000000)) == 2 and probe.total(("addTime", "lessequal", 1)) == 1,
       "the indexes follow")
    ctl("c2", "set", lag="3")
    ctl("c2", "add")
    before = probe.call()["result"]["totalCount"]
    ctl("c2", "clock", advance="3")
    ok((before, probe.call()["result"]["totalCount"]) == (5, 6), "lag: a change shows later")
    ctl("c2", "set", lag="0", times="ms-string", numbers="string", total="string", escape="ascii")
    text = probe.raw("product/list", b'{"corpid":"c2"}')
    ok(b'"addTime":"1769000010000"' in text and b'"totalCount":"6"' in text and not re.search(rb"[^\0-\x7f]",
       text[text.index(b"51200002"):text.index(b"51200002") + 300]), "how values are written", text)
    ctl("c3", "create", products="50", clock="1770000000", freeze="on")
    probe.corpid = "c3"
    same = [probe.raw("product/list", b'{"corpid":"c3","pageSize":2}') for _ in range(3)]
    ok(same[0] == same[1] == same[2] and (ctl("c3", "count"), ctl("c3", "stats")[:10]) == ("3", "requests=3"),
       "where nothing moves, an answer is given again and counted")
    ctl("c3", "touch", '{"text_1":"new"}', id="first")
    ok(b'"text_1":"new"' in probe.raw("product/list", b'{"corpid":"c3","pageSize":2}'), "and not after an order")
    ctl("c3", "create", products="50", clock="1770000000", freeze="on")
    ctl("c3", "mark")
    ctl("c3", "mutate", rate="0.5", kinds="touch,drop,add", limit="20")
    probe.corpid = "c3"
    for _ in range(60):
        probe.call()
    always, ever = (len(ctl("c3", v).split()) for v in ("always", "ever"))
    ok(ctl("c3", "mutate") == "20" and 50 > always >= 30 and ever > 50
       and always <= int(ctl("c3", "total")) <= ever, "live mutation", always, ever)
    ctl("c3", "mutate", off="1")
    ctl("c3", "at", n="2", do="drop", id="all")
    ok((probe.call()["result"]["totalCount"] > 0, probe.call()["result"]["totalCount"]) == (True, 0), "at n=2")


def try_other_lists(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "c1"
    users = probe.call("user/list", page=1, pageSize=20)["result"]
    ok(len(users["userList"]) == 20 and users["totalCount"] == 57, "users, without those who left")
    ok(len(probe.call("department/list")["result"]["depList"]) == 9, "departments")
    ok(len(probe.call("role/list")["result"]["roleList"]) == 5, "roles")
    ok(len(probe.call("signIn/list", pageSize=100)["result"]["signInList"]) == 40, "sign-ins")
    ok(probe.call("product/categoryList")["result"]["list"][0]["childList"], "categories are a tree")
    ok(len(probe.call("workOrder/productList", dataId=51200002)["result"]["list"]) == 4
       and probe.call("workOrderV2/dynamic/list")["code"] == 100003, "what a work order has beside it wants its id")
    ok(probe.call("label/allList")["code"] == 100003, "labels want formId")
    ok(probe.call("customer/list")["code"] == 100003 and probe.call("customer/list", formId=1)["code"] == 100004,
       "customers want a formId that exists")
    ctl("c1", "create", object="customer", form_id="5300201", records="30")
    ok(probe.call("customer/list", formId=5300201)["result"]["totalCount"] == 30, "a list of customers")
    item = probe.call("product/detail", dataId=51200001)["result"]
    ok(item["dataId"] == 51200001 and isinstance(item["data"]["ownerId"], list), "detail has its own encoding")
    ok(probe.call("form/list", saasMark=1)["result"]["formList"][0]["formId"] == 5300127
       and probe.call("form/get", formId=5300127)["result"]["explainList"], "forms")
