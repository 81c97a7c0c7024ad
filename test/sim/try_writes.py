"""Selftest: records that are written."""
import time


def try_writes(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "w1"
    ctl("w1", "create", products="5", width="30")
    added = probe.call("product/add", dataList={"text_1": "角磨机", "num_1": 268.5, "text_8": "箱", "ownerId": ["u-0001"]})
    number = added["result"]["dataId"]
    ok(added["code"] == 1 and added["result"]["code"] == 1 and number == 51200006, "add", added)
    row = next(r for r in probe.rows() if r["dataId"] == number)
    ok((row["data"]["text_1"], row["data"]["num_1"], row["data"]["text_8"], row["data"]["ownerId"])
       == ("角磨机", 268.5, "2", '["u-0001"]'), "is read with values instead of labels", row)
    probe.call("product/add", dataList={"text_1": "角磨机"})
    ok(ctl("w1", "total") == "7", "add makes another each time")
    edited = probe.call("product/edit", dataId=number, dataList={"num_1": 300})
    row = next(r for r in probe.rows() if r["dataId"] == number)
    ok(edited["result"]["dataId"] == number and (row["data"]["text_1"], row["data"]["num_1"]) == ("角磨机", 300), "edit", row)
    for data, msg in (({"num_1": 1}, "产品名称为必填字段"), ({"text_1": "x", "text_8": "桶"}, "单位: 选项不存在"),
                      ({"text_1": "x", "num_1": "1"}, "售价: 字段数据格式错误"),
                      ({"text_1": "x", "serialNo": row["data"]["serialNo"]}, "产品编号不能重复")):
        got = probe.call("product/add", dataList=data)
        ok(got["code"] == 1 and got["result"]["code"] != 1 and got["result"]["msg"] == msg, "add: " + msg, got)
    ok(probe.call("product/add", dataList={"text_1": "x", "ownerId": "u-0001"})["code"] == 701020, "an owner that is no array")
    ok(probe.call("product/del", dataId=1)["result"]["errorDataMemo"] == "数据不存在", "del says it in errorDataMemo")
    ok(probe.call("product/del", dataId=number)["result"]["errorDataMemo"] == "" and ctl("w1", "total") == "6", "del")
    ctl("w1", "form", form_id="5300900", records="0")
    attr = ctl("w1", "field", '{"fieldType":1}', form_id="5300900", attr="text_1") or "text_1"
    got = probe.call("paas/add", formId=5300900, dataList={attr: "甲"})
    ok(got["result"]["code"] == 1 and probe.rows(name="paas/list", formId=5300900)[0]["data"]["text_1"] == "甲", "a form's record", got)
    ctl("w1", "clock", freeze="on")
    totals = []
    for _ in range(2):
        probe.call("product/add", dataList={"text_1": "静"})
        totals.append(probe.total())
    ctl("w1", "clock", freeze="off")
    ok(totals == [7, 8], "where time stands still, too", totals)
    ctl("w1", "fault", what="close")
    probe.breaks(name="product/add", dataList={"text_1": "y"})
    ok(ctl("w1", "total") == "9" and probe.call()["code"] == 1, "close strikes after it is done", ctl("w1", "total"))
    ctl("w1", "set", limit_write="2")
    time.sleep(1.05)
    codes = [probe.call("product/edit", dataId=51200001, dataList={"num_1": n})["code"] for n in range(3)]
    ok(codes == [1, 1, 100429] and probe.call()["code"] == 1, "2 writes a second", codes)
