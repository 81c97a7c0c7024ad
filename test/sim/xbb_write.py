"""Writing: add, edit and del of records.  What is written has labels where lists have values (section 6)."""
import time
from decimal import Decimal

from .exact_json import Num, compact, decimal, dump
from .names import Table
from .wire import Response
from .xbb_answer import BadRequest, envelope
from .xbb_call import allowed
from .xbb_fields import KIND
from .xbb_forms import explain_list
from .xbb_objects import FORM_REQUIRED, RECORD_MODULES

endpoint = Table()


class Wrong(Exception):
    """What is wrong with a record: the outer code is 1 all the same."""


def counted(function):
    """A write counts twice: as a call, which has been done, and as a write."""
    def write(call):
        writes, now, most = call.tenant.writes, time.monotonic(), call.switches.limit_write
        while writes and writes[0] <= now - 1:
            writes.popleft()
        if 0 < most <= len(writes):
            code = call.switches.code_limit
            answer = Response(envelope(call.switches, None, code, f"请求频率过高,写接口超过{most}次/秒"), result=str(code))
            answer.moved = True         # the same request is to be asked again, not remembered
            return answer
        writes.append(now)
        answer = function(call)
        answer.moved = True
        return answer
    return write


def list_of(call):
    """The list that is written to."""
    module, form_id = call.module, decimal(call.body.get("formId"))
    if form_id is None and module in FORM_REQUIRED and call.name.endswith("/add"):
        raise BadRequest(call.switches.code_param, "参数缺失: formId")
    for (name, form), found in call.tenant.lists.items():
        if name == module and form_id in (None, form):
            allowed(call, form)
            return found
    raise BadRequest(call.switches.code_form, "表单不存在")


def slot_named(call, found):
    data_id = decimal(call.body.get("dataId"))
    slot = None if data_id is None else found.slot_of(int(data_id))
    if slot is None or not found.truth.live[slot]:
        raise Wrong("数据不存在")
    return slot


def stored(value):
    """As the list keeps it."""
    return Num(value) if isinstance(value, Decimal) else value


def option(field, value):
    """The value of an option by its label."""
    for item in field["items"]:
        if item["text"] == value:
            return item["value"]
    raise Wrong(f"{field['attrName']}: 选项不存在")


def values(found, data, whole, slot=None):
    """What of dataList is kept; whole: required fields must be there."""
    if not isinstance(data, dict):
        raise Wrong("dataList 格式错误")
    fields, kept = found.form.fields if found.form else explain_list(found.kind), {}
    for field in fields:
        attr, shape = field.get("attr"), KIND[field["fieldType"]].shape if field.get("fieldType") in KIND else None
        value = data.get(attr)
        if field.get("required") == 1 and (whole or attr in data) and value in (None, ""):
            raise Wrong(f"{field['attrName']}为必填字段")
        if attr not in data or attr in ("addTime", "updateTime"):
            continue
        if field.get("items"):
            value = [option(field, one) for one in value] if isinstance(value, list) else value and option(field, value)
        elif attr in ("ownerId", "coUserId"):
            if not isinstance(value, list):
                raise BadRequest(701020, f"{field['attrName']}: 字段数据格式错误")
            value = compact(value)
        elif attr.startswith(("num_", "date_")) and value is not None and (isinstance(value, str) or decimal(value) is None):
            raise Wrong(f"{field['attrName']}: 字段数据格式错误")
        elif shape in ("options", "users") and not isinstance(value, list):
            raise Wrong(f"{field['attrName']}: 字段数据格式错误")
        if field.get("noRepeat") == 1 and value not in (None, "") and taken(found, attr, value, slot):
            raise Wrong(f"{field['attrName']}不能重复")
        kept[attr] = stored(value)
    return kept


def taken(found, attr, value, slot):
    slots = found.serial_slots([value]) if attr == "serialNo" else found.truth.by_id
    return any(s != slot and s < len(found.truth.live) and found.truth.live[s] and found.value(found.truth, s, attr) == value
               for s in slots)


def inner(call, data_id, msg=None):
    """The outer code says that the call was understood, the inner one whether it was done."""
    result = {"code": 1 if msg is None else call.switches.code_write, "msg": "操作成功" if msg is None else msg}
    if data_id is not None:
        result["dataId"] = data_id
    return Response(envelope(call.switches, compact(result).encode()), result=f"1/{result['code']}")


@endpoint(*(module + "/add" for module in RECORD_MODULES))
@counted
def add(call):
    """A new record, each time."""
    found = list_of(call)
    try:
        data = values(found, call.body.get("dataList"), True)
    except Wrong as error:
        return inner(call, None, str(error))
    now, number = found.stamp(), found.first_id + len(found.ids)
    data.setdefault("serialNo", found.renderer.serial(len(found.ids), now // 1000))
    if found.kind == "product":
        data.setdefault("num_3", 0)
    shown = found.renderer.time(now)
    found.insert(None, now, now, f'{{"dataId":{number},"formId":{found.form_id},"addTime":{shown},"updateTime":{shown},'
                                 f'"data":{dump(data)}}}'.encode())
    return inner(call, number)


@endpoint(*(module + "/edit" for module in RECORD_MODULES))
@counted
def edit(call):
    """What is given changes, the rest stays."""
    found = list_of(call)
    try:
        slot = slot_named(call, found)
        found.touch(slot, fields=values(found, call.body.get("dataList"), False, slot))
    except Wrong as error:
        return inner(call, None, str(error))
    return inner(call, found.ids[slot])


@endpoint(*(module + "/del" for module in RECORD_MODULES))
@counted
def delete(call):
    """What is refused is in errorDataMemo, with the outer code 1."""
    found, memo = list_of(call), ""
    try:
        found.drop(slot_named(call, found))
    except Wrong as error:
        memo = str(error)
    return Response(envelope(call.switches, compact({"errorDataMemo": memo}).encode()), result="1/memo" if memo else "1")
