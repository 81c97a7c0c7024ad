"""A single record, in the encoding of detail answers."""
from .exact_json import decimal, dump, parse
from .names import Table
from .xbb_answer import BadRequest
from .xbb_call import allowed
from .xbb_objects import RECORD_MODULES

endpoint = Table()


def detail_encoding(item):
    """Section 4: users, selects and owners become objects in a detail answer."""
    def user(name):
        return {"id": name, "name": "用户" + str(name)[-4:], "avatar": ""}
    data = dict(item.get("data") or {})
    for attr in ("ownerId", "coUserId"):
        if attr in data:
            users = parse(data[attr]) if isinstance(data[attr], str) else data[attr]
            data[attr] = [user(u) for u in users]
    if "creatorId" in data:
        data["creatorId"] = user(data["creatorId"])
    if "text_8" in data:
        data["text_8"] = {"text": "个箱台件"[int(data["text_8"]) % 4], "value": data["text_8"], "checked": True,
                          "color": "#646566"}
    return {**item, "data": data}


@endpoint(*(module + "/detail" for module in RECORD_MODULES))
def detail(call):
    switches, module, data_id = call.switches, call.module, decimal(call.body.get("dataId"))
    if data_id is None:
        raise BadRequest(switches.code_param, "参数缺失: dataId")
    lists = [found for (name, _), found in call.tenant.lists.items() if name == module]
    for found in lists:
        slot, replica = found.slot_of(int(data_id)), found.shown[0]
        if slot is None or slot >= len(replica.live) or not replica.live[slot]:
            continue
        item = found.item(replica, slot)
        if module == "product" and decimal((item.get("data") or {}).get("num_3")):
            break                       # detail wants the parent's id
        allowed(call, found.form_id)
        shown = found.renderer.detail(slot, item) if found.form else detail_encoding(item)
        return call.answer(dump(shown).encode())
    raise BadRequest(switches.code_form, "产品不存在" if module == "product" else "数据不存在")
