"""Selftest: forms, their fields, their records in both encodings."""
import json
import os
import tempfile

from .exact_json import compact
from .xbb_fields import KIND


def try_forms(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "c7"
    ctl("c7", "create", products="5", freeze="on")
    ctl("c7", "forms")
    forms = [f for mark in (1, 2) for f in probe.call("form/list", saasMark=mark)["result"]["formList"]]
    ok(len(forms) == 60 and len({f["formId"] for f in forms}) == 60, "60 forms", len(forms))
    explained = {f["formId"]: probe.call("form/get", formId=f["formId"])["result"]["explainList"] for f in forms}
    every = next(f["formId"] for f in forms if f["name"] == "全部字段")
    ok({f["fieldType"] for f in explained[every]} == set(KIND) and len(KIND) > 150, "one has every fieldType", len(KIND))
    ok(all(len({f["attr"] for f in fields if f["attr"]}) == sum(f["attr"] != "" for f in fields)
           for fields in explained.values()), "attrs are unique in a form")
    rows = probe.call("paas/list", formId=every, pageSize=100)["result"]["list"]
    known = {f["attr"] for f in explained[every]}
    ok(len(rows) == 12 and all(set(r["data"]) <= known for r in rows), "records have their form's attrs")
    seen = {a for r in rows for a in [*r["data"], *r]}
    stored = {f["attr"] for f in explained[every] if KIND[f["fieldType"]].make.__name__ != "never"}
    hidden = {f["attr"] for f in explained[every] if f["fieldType"] == 20004}
    ok(stored - hidden <= seen, "and all of them", sorted(stored - hidden - seen))
    detail = probe.call("paas/detail", dataId=rows[0]["dataId"])["result"]["data"]
    of = {f["fieldType"]: f["attr"] for f in explained[every]}
    ok(isinstance(rows[0]["data"]["ownerId"], str) and all(set(u) == {"id", "name", "avatar"} for u in detail["ownerId"]),
       "owners are a string in lists, objects in details")
    ok(of[20004] not in rows[0]["data"] and detail[of[20004]][0]["num_1"], "product lines are in details only")
    ok(any(r["data"].get(of[3], "").startswith("old-") for r in rows if isinstance(r["data"].get(of[3]), str))
       and len({i["text"] for i in probe_items(explained[every], of[3])}) == 3, "options: retired ones, doubled labels")
    try_doubts(tap, ctl, probe, every, of)
    try_changes_of_forms(tap, ctl, probe, forms, every)


def probe_items(fields, attr):
    return next(f["items"] for f in fields if f["attr"] == attr)


def try_doubts(tap, ctl, probe, every, of):
    ok = tap.ok

    def row():
        return probe.call("paas/list", formId=every, pageSize=100)["result"]["list"]
    ctl("c7", "set", lines="reduced", multi="objects", computed="text", sub_key="subForm", link_detail="name")
    data = [r["data"] for r in row()]
    ok(set(data[0][of[20004]][0]) == {"subDataId", "text_1"} and data[0][of[10007]] == "查询结果", "reduced lines, computed")
    ok(any(isinstance(v, dict) for d in data for v in d[of[10010]]), "users as objects in lists")
    fields = probe.call("form/get", formId=every)["result"]["explainList"]
    ok(any("subForm" in f for f in fields) and not any("subFieldList" in f for f in fields), "the other name of sub-fields")
    details = [probe.call("paas/detail", dataId=r["dataId"])["result"]["data"] for r in row()]
    ok(any(set(d[of[10008]]) == {"id", "name"} for d in details if d[of[10008]]), "linked records by name")
    ctl("c7", "set", lines="missing", multi="values", computed="absent", sub_key="subFieldList", denied_forms=str(every))
    ok(probe.call("form/get", formId=every)["code"] == 100005 == probe.call("paas/list", formId=every)["code"]
       and any(f["formId"] == every for f in probe.call("form/list", saasMark=2)["result"]["formList"]), "a form denied")
    ctl("c7", "set", denied_forms="")


def try_changes_of_forms(tap, ctl, probe, forms, every):
    ok = tap.ok
    answer = {"code": 1, "result": {"explainList": [
        {"attr": "text_1", "attrName": "名", "fieldType": 1}, {"attr": "num_9", "attrName": "新", "fieldType": 777777}]}}
    with tempfile.TemporaryDirectory() as place:
        name = os.path.join(place, "form.json")
        with open(name, "w", encoding="utf-8") as out:
            out.write(json.dumps(answer))
        ctl("c7", "form", form_id="42", name="来自文件", file=name, records="3")
    ok(probe.call("form/get", formId=42)["result"]["explainList"] == answer["result"]["explainList"]
       and len(probe.call("paas/list", formId=42)["result"]["list"]) == 3, "a form from a file")
    ctl("c7", "field", compact({"attrName": "改名", "fieldType": 7}), form_id="42", attr="text_1")
    ctl("c7", "field", "null", form_id="42", attr="num_9")
    ctl("c7", "field", '{"attrName": "日期", "fieldType": 4, "dateType": "yyyy-MM-dd"}', form_id="42", attr="date_1")
    fields = probe.call("form/get", formId=42)["result"]["explainList"]
    ok([(f["attr"], f["attrName"], f["fieldType"]) for f in fields] == [("text_1", "改名", 7), ("date_1", "日期", 4)],
       "a field renamed, one gone, one new", fields)
    ok(any("date_1" in r["data"] for r in probe.call("paas/list", formId=42)["result"]["list"]), "and records follow")
    ctl("c7", "form", form_id="42", name="新名")
    names = {f["formId"]: f["name"] for f in probe.call("form/list", saasMark=2)["result"]["formList"]}
    ctl("c7", "form", form_id="42", gone="on")
    ok(names[42] == "新名" and probe.call("form/get", formId=42)["code"] == 100004, "a form renamed, and gone")
