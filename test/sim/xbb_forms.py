"""Forms and their fields."""
from .exact_json import compact, decimal
from .names import Table
from .xbb_answer import BadRequest
from .xbb_call import allowed
from .xbb_form import Form
from .xbb_objects import NAMES

endpoint = Table()


@endpoint("form/list")
def form_list(call):
    switches, body, mark = call.switches, call.body, str(call.body.get("saasMark"))
    if mark not in ("1", "2"):
        raise BadRequest(switches.code_param, "参数缺失: saasMark")
    forms = []
    for form in every_form(call.tenant):
        if form.mark == mark and str(body.get("businessType") or form.business) == str(form.business) \
                and str(body.get("name") or "") in form.name:
            forms.append({"formId": form.form_id, "name": form.name, "appId": 1, "menuId": form.form_id + 1,
                          "businessType": form.business, "isProcessForm": form.process})
    return call.answer(compact({"formList": forms}).encode())


@endpoint("form/get")
def form_get(call):
    form_id = decimal(call.body.get("formId"))
    allowed(call, form_id)
    for form in every_form(call.tenant):
        if form.form_id == form_id:
            return call.answer(compact({"formId": form.form_id, "explainList": form.explain(call.switches)}).encode())
    raise BadRequest(call.switches.code_form, "表单不存在")


def every_form(tenant):
    """The forms of lists, then those whose records no list shows."""
    for found in tenant.lists.values():
        yield found.form or Form(found.kind, found.form_id, NAMES.get(found.kind, found.kind), explain_list(found.kind))
    yield from tenant.bare_forms.values()


def explain_list(kind):
    """The fields of a list that is no form's, as form/get tells them (section 7)."""
    product = kind == "product"
    fields = [("text_1", "产品名称" if product else "名称", 1), ("serialNo", "产品编号" if product else "编号", 10019),
              ("num_1", "售价" if product else "金额", 2), ("num_2", "成本", 2), ("num_3", "父产品", 2),
              ("num_13", "产品分类", 10023), ("text_8", "单位", 3), ("text_4", "简称", 1), ("date_5", "上市日期", 4),
              ("file_1", "图片", 6), ("array_31", "标签", 800000), ("creatorId", "创建人", 10013),
              ("ownerId", "负责人", 10017), ("coUserId", "协同人", 10018), ("addTime", "创建时间", 10014),
              ("updateTime", "更新时间", 10015), ("address_1", "产地", 12), ("subForm_2", "备件", 10006),
              ("text_10", "规格", 20008), ("text_5", "条码", 1), ("text_6", "备注", 7), ("num_7", "重量", 2),
              ("departmentId", "所属部门", 10016), ("num_40", "上架", 15)]
    explain = []
    for attr, label, kind in fields:
        field = {"attr": attr, "attrName": label, "fieldType": kind, "required": int(attr == "text_1"),
                 "noRepeat": int(attr == "serialNo"), "showType": 0, "multiple": 0,
                 "dateType": "yyyy-MM-dd" if attr == "date_5" else "yyyy-MM-dd HH:mm"}
        if attr == "text_8":
            field["items"] = [{"text": t, "value": str(i), "checked": False, "isOther": 0, "color": "#646566",
                               "noEdit": 0, "noDel": 0, "fieldMap": []} for i, t in ((1, "个"), (2, "箱"), (3, "台"), (4, "件"))]
        if kind == 2:
            field.update(integerOnly=int(attr == "num_3"), accuracy=4, amountFlag=int(attr in ("num_1", "num_2")))
        if kind == 10006:
            field["subFieldList"] = [{"attr": "text_1", "attrName": "名称", "fieldType": 1},
                                     {"attr": "num_1", "attrName": "数量", "fieldType": 2},
                                     {"attr": "date_1", "attrName": "日期", "fieldType": 4}]
        explain.append(field)
    return explain
