"""The fieldTypes of forms (section 7): what form/get says of a field, and its value in lists and in details.

A Kind is a row of the table: a prefix of attrs, or a whole attr, and a function (field, h, slot) that makes the
list's value as JSON text in Python's types, ABSENT for no member.  Details follow from the list's value.
"""
from decimal import Decimal

from .clock import SHANGHAI
from .exact_json import Num, compact
from .xbb_render import CITIES, COLOURS, KINDS, WORDS

ABSENT = object()
DAY = "yyyy-MM-dd"
MINUTE = "yyyy-MM-dd HH:mm"


def number(field, h, slot):
    if slot % 11 == 4:
        return 0
    if field.get("integerOnly"):
        return h % 100_000 - 500
    digits = int(field.get("accuracy") or 0)
    return Num(f"{Decimal(h % 10 ** 9 - 1000).scaleb(-digits):f}") if digits else h % 10_000


def text(field, h, slot):
    return (ABSENT, "", f"{WORDS[h & 7]}{KINDS[h % 12]}{slot}", f"{WORDS[h >> 3 & 7]} \"{h % 97}\" \\")[slot % 4]


def moment(field, h, slot):
    if slot % 5 == 1:
        return (0, ABSENT)[slot % 2]
    stamp = 1_600_000_000 + h % 150_000_000
    return stamp // 86400 * 86400 - SHANGHAI if field.get("dateType") == DAY else stamp // 60 * 60


def whole(field, h, slot):
    return h % 10 ** 9 if slot % 6 else 0


def small(field, h, slot):
    return h % 6


def pick(field, h, slot):
    """An option's value; now and then one that has been deleted since, or none."""
    values = [item["value"] for item in field.get("items") or [{"value": "1"}]]
    return "" if slot % 9 == 3 else f"old-{h % 3}" if slot % 9 == 5 else values[h % len(values)]


def picks(field, h, slot):
    return list(dict.fromkeys(v for i in range(h % 4) if (v := pick(field, h >> 5 * i, slot + i)) != ""))


def user(field, h, slot):
    return f"u-{h % 60:04d}" if slot % 7 else ""


def users(field, h, slot):
    return [f"u-{(h >> 5 * i) % 60:04d}" for i in range(h % 3)]


def department(field, h, slot):
    return 1 + h % 9 if slot % 8 else ""


def departments(field, h, slot):
    return [1 + (h >> 4 * i) % 9 for i in range(h % 3)]


def linked(field, h, slot):
    data_id = 51_200_001 + h % 50
    return ("", data_id, str(data_id))[slot % 3]


def many_linked(field, h, slot):
    return [51_200_001 + (h >> 6 * i) % 50 for i in range(h % 3)]


def pictures(field, h, slot):
    return [f"https://cdn.example/f/{slot}-{i}.jpg?{1767229200000 + h % 999}" for i in range(h % 3)]


def attachments(field, h, slot):
    return [{"filename": f"{WORDS[h >> i & 7]}.pdf", "attachIndex": f"a/{slot}/{i}", "ext": "pdf", "size": h % 9999,
             "uid": f"f-{h % 999}-{i}"} for i in range(h % 3)]


def address(field, h, slot):
    province, city, district = CITIES[h % 4]
    found = {"province": province, "city": city, "district": district, "address": ""}
    return {**found, "location": {"lon": Num("120.25"), "lat": Num("30.5")}} if slot % 4 == 2 else found


def birthday(field, h, slot):
    return {"birthday": 500_000_000 + h % 9999 * 86400, "birthdayFlag": h & 1} if slot % 3 else ""


def hyperlink(field, h, slot):
    return [{"name": WORDS[h & 7], "url": f"https://shop.example/{slot}"}] if slot % 2 else []


def lines(field, h, slot):
    """Rows of a sub-form, by the fields that it has."""
    return [{"subDataId": 9000 + 4 * slot + i,
             **{sub["attr"]: value for sub in sub_fields(field)
                if (value := KIND[sub["fieldType"]].make(sub, h >> 3 * i, slot + i)) is not ABSENT}}
            for i in range(h % 3)]


def phones(field, h, slot):
    return [{"text_1": str(1 + h % 3), "text_2": f"138{h % 10 ** 8:08d}"}] if slot % 3 else []


def goods(field, h, slot):
    """Product lines, whole; what lists show of them is a switch."""
    return [{"subDataId": 7000 + 4 * slot + i, "text_1": 51_200_001 + (h >> 4 * i) % 50, "num_1": Num(f"{Decimal(h % 99_999).scaleb(-2):f}"),
             "num_3": 1 + (h >> i) % 20, "num_5": h % 100, "text_2": WORDS[h >> i & 7]} for i in range(1 + h % 3)]


def specification(field, h, slot):
    return compact([{"name": "颜色", "value": COLOURS[h % 4]}])


def ids_in_text(field, h, slot):
    return compact(users(field, h, slot))


def cascade(field, h, slot):
    province, city, _ = CITIES[h % 4]
    return [province, city] if slot % 3 else []


def label_ids(field, h, slot):
    return [4400 + (h >> 4 * i) % 16 for i in range(h % 4)]


def never(field, h, slot):
    return ABSENT


def sub_fields(field):
    return field.get("subFieldList") or field.get("subForm") or []


class Kind:
    __slots__ = ("attr", "make", "label", "shape")

    def __init__(self, attr, make, label, shape="same"):
        self.attr, self.make, self.label, self.shape = attr, make, label, shape


# fieldType -> attr (with % where it is a prefix), value in lists, label, how details show it
KIND = {
    1: Kind("text_%", text, "单行文本"), 2: Kind("num_%", number, "数字"), 3: Kind("text_%", pick, "下拉框", "option"),
    4: Kind("date_%", moment, "日期"), 5: Kind("long_%", whole, "长整型"), 50: Kind("sys_long_%", whole, "系统长整型"),
    6: Kind("file_%", pictures, "图片"), 7: Kind("text_%", text, "多行文本"), 8: Kind("file_%", attachments, "附件"),
    9: Kind("array_%", picks, "复选框组", "options"), 10: Kind("num_%", small, "星级"),
    12: Kind("address_%", address, "地址"), 0: Kind("num_%", whole, "编号"), 13: Kind("num_%", whole, "数据编号"),
    14: Kind("file_%", attachments, "音视频"), 15: Kind("num_%", small, "开关"), 16: Kind("text_%", user, "员工选择"),
    17: Kind("num_%", small, "逻辑选择"), 18: Kind("num_%", small, "流程状态"), 19: Kind("num_%", small, "逻辑下拉"),
    20: Kind("num_%", small, "计数"), 37: Kind("text_%", birthday, "生日"),
    10000: Kind("text_%", pick, "单选按钮", "option"), 10001: Kind("array_%", picks, "下拉复选", "options"),
    10002: Kind("", never, "分割线"), 10003: Kind("geo_%", address, "定位"), 10004: Kind("", never, "说明文字"),
    10005: Kind("file_%", hyperlink, "超链接"), 10006: Kind("subForm_%", lines, "子表单", "lines"),
    10007: Kind("text_%", never, "查询关联"), 10008: Kind("text_%", linked, "关联数据", "link"),
    10009: Kind("text_%", user, "成员单选", "user"), 10010: Kind("array_%", users, "成员多选", "users"),
    10011: Kind("text_%", department, "部门单选", "department"),
    10012: Kind("array_%", departments, "部门多选", "departments"), 10013: Kind("creatorId", user, "创建人", "user"),
    10014: Kind("addTime", never, "创建时间"), 10015: Kind("updateTime", never, "更新时间"),
    10016: Kind("departmentId", department, "所属部门", "department"),
    10017: Kind("ownerId", users, "负责人", "users"), 10018: Kind("coUserId", users, "协同人", "users"),
    10019: Kind("serialNo", text, "编号"), 10020: Kind("num_%", whole, "仓库"), 10021: Kind("num_%", whole, "库存预警"),
    10022: Kind("num_%", whole, "保质期"), 10023: Kind("num_%", whole, "产品分类"),
    10024: Kind("text_%", ids_in_text, "团队成员"), 10025: Kind("text_%", ids_in_text, "抄送人"),
    10026: Kind("date_%", moment, "完成时间"), 10027: Kind("date_%", moment, "关闭时间"),
    10028: Kind("text_%", ids_in_text, "抄送"), 10029: Kind("num_%", number, "附加费用"),
    10030: Kind("text_%", pick, "销售阶段", "option"), 10031: Kind("long_%", number, "阶段比例"),
    20001: Kind("text_%", linked, "关联业务", "link"), 20002: Kind("array_%", many_linked, "关联业务多选", "links"),
    20003: Kind("subForm_%", phones, "电话", "phones"), 20004: Kind("array_%", goods, "关联产品", "goods"),
    20008: Kind("text_%", specification, "规格"), 20009: Kind("num_%", number, "库存"),
    20011: Kind("text_%", text, "富文本"), 20013: Kind("array_%", many_linked, "关联表单", "links"),
    20014: Kind("subForm_%", lines, "独立子表单", "lines"), 20030: Kind("array_%", cascade, "级联"),
    20031: Kind("array_%", many_linked, "批次", "links"), 60001: Kind("alone", small, "独立"),
    60002: Kind("uuid", user, "唯一标识"), 700002: Kind("text_%", text, "账期"), 700003: Kind("num_%", small, "应收来源"),
    800000: Kind("array_%", label_ids, "标签", "labels"),
    **{n: Kind("text_%", text, f"组合控件{n}") for n in (20005, 20010)},
    **{n: Kind("num_%", number, f"组合数值{n}") for n in (20006, 20012)},
    20007: Kind("subForm_%", lines, "组合子表单", "lines"),
    **{n: Kind("text_%" if n % 2 else "num_%", text if n % 2 else small, f"工单字段{n}") for n in range(20015, 20030)},
    **{n: Kind("option_%", never, f"列表按钮{n}") for n in range(30000, 30016)},
    **{n: (Kind("num_%", number, f"库存字段{n}"), Kind("subForm_%", lines, f"库存明细{n}", "lines"),
           Kind("date_%", moment, f"库存日期{n}"))[n % 3] for n in range(40001, 40018)},
    **{n: Kind("array_%" if n % 4 == 0 else "text_%", cascade if n % 4 == 0 else text, f"经销商字段{n}")
       for n in (850000, *range(900001, 900055))},
}
STORED_BESIDE = {10014, 10015}          # in the record itself, whose times are the list's


def as_option(field, value):
    found = next((i for i in field.get("items") or [] if str(i["value"]) == str(value)), None)
    return {"text": found["text"] if found else "", "value": value, "checked": True, "color": "#646566"}


def as_user(value):
    return {"id": value, "name": "用户" + str(value)[-4:], "avatar": ""}


def as_department(value):
    return {"id": value, "name": f"部门{value}", "property": "dept"}


def as_link(value, switches):
    if switches.link_detail == "name":
        return {"id": int(value), "name": f"数据{value}"}
    return {"dataId": int(value), "data": {"text_1": f"数据{value}"}}


def in_detail(field, value, switches):
    """A list's value in the encoding of details."""
    shape = KIND[field["fieldType"]].shape if field["fieldType"] in KIND else "same"
    if value is ABSENT or value == "":
        return value
    one = {"option": lambda v: as_option(field, v), "user": as_user, "department": as_department,
           "link": lambda v: as_link(v, switches)}
    if shape in one:
        return one[shape](value)
    if shape == "labels" and switches.label_detail == "ids":
        return value
    if shape.endswith("s") and shape[:-1] in one:
        return [one[shape[:-1]](v) for v in value]
    if shape == "labels":
        return [{"id": v, "name": WORDS[v % 8], "color": "#ff0000"} for v in value]
    if shape == "phones":
        return [{**line, "text_1": {"text": "手机", "value": line["text_1"]}} for line in value]
    if shape == "goods":
        return [{**line, "text_1": as_link(line["text_1"], switches)} for line in value]
    if shape == "lines":
        subs = {sub["attr"]: sub for sub in sub_fields(field)}
        return [{a: in_detail(subs[a], v, switches) if a in subs else v for a, v in line.items()} for line in value]
    return value


def in_list(field, value, switches):
    """A whole value as lists show it: they may leave lines out, and write arrays in other ways."""
    kind = field["fieldType"]
    if kind == 20004 and switches.lines != "whole":
        return ABSENT if switches.lines == "missing" else [{k: v for k, v in line.items() if k in ("subDataId", "text_1")}
                                                           for line in value]
    if kind == 10007 and switches.computed == "text":
        return "查询结果"
    if kind in (10017, 10018) and switches.arrays_in_strings != "off":
        return compact(value)
    if isinstance(value, list) and kind in (9, 10001, 10010, 10012, 20002, 800000):
        if switches.multi == "objects" and kind in (9, 10001, 10010, 10012):
            return in_detail(field, value, switches)
        if switches.arrays_in_strings == "all":
            return compact(value)
    if switches.numbers == "string" and isinstance(value, (int, Num)) and field["attr"].startswith("num_"):
        return str(value)
    return value
