"""A form as data: its definition, and the records that follow from it.  A catalogue of forms with every fieldType."""
import random

from .clock import EPOCH
from .exact_json import ascii_only, dump
from .xbb_fields import ABSENT, DAY, KIND, MINUTE, STORED_BESIDE, in_detail, in_list
from .xbb_objects import BUSINESS
from .xbb_render import Renderer, mix

# Fields of the record itself.
BESIDE = STORED_BESIDE | {60001, 60002}


class Form:
    """What form/list and form/get say; fields are as form/get shows them."""

    def __init__(self, kind, form_id, name, fields, business=None, process=0):
        self.kind, self.form_id, self.name, self.fields = kind, form_id, name, fields
        self.business, self.process = BUSINESS.get(kind) if business is None else business, process

    @property
    def mark(self):
        return "2" if self.kind == "paas" else "1"

    def field(self, attr):
        return next((f for f in self.fields if f.get("attr") == attr), None)

    def change(self, attr, members):
        """A field merged with members, or new; gone with None."""
        found = self.field(attr)
        if members is None:
            self.fields.remove(found)
        elif found:
            found.update(members)
        else:
            self.fields.append({**make_field(int(members.get("fieldType", 1)), attr, len(self.fields)), **members})

    def explain(self, switches):
        """explainList: the members of a sub-form have one of two names."""
        return [{switches.sub_key if name in ("subFieldList", "subForm") else name: value for name, value in f.items()}
                for f in self.fields]

    def values(self, slot, h):
        for n, field in enumerate(self.fields):
            kind = KIND.get(field.get("fieldType"))
            if kind and field.get("attr"):
                yield field, kind.make(field, mix(h + n), slot)


class FormRenderer(Renderer):
    """Records of a form, in the encoding of lists."""

    def __init__(self, form, seed, first_id, switches):
        super().__init__(form.kind, form.form_id, seed, first_id, 0, False, switches)
        self.form = form

    def parent(self, slot):
        return None

    def render(self, slot, revision, add, update):
        data, beside = {}, {}
        for field, value in self.form.values(slot, mix(self.seed + slot)):
            if field["fieldType"] == 10019:
                value = self.serial(slot, (add or EPOCH * 1000) // 1000)
            elif field["fieldType"] in (1, 7) and revision and value is not ABSENT:
                value += f"改{revision}"
            value = in_list(field, value, self.switches)
            if value is not ABSENT:
                (beside if field["fieldType"] in BESIDE else data)[field["attr"]] = value
        times = f'"addTime":{self.time(add)},"updateTime":{self.time(update)},' if add else ""
        more = "".join(f'"{name}":{dump(value)},' for name, value in beside.items())
        text = f'{{"dataId":{self.first_id + slot},"formId":{self.form_id},{times}{more}"data":{dump(data)}}}'
        if self.switches.escape == "ascii":
            text = ascii_only(text)
        elif self.switches.escape == "slash":
            text = text.replace("/", "\\/")
        return text.encode()

    def detail(self, slot, item):
        """The data of a record in the encoding of details, from what its list says; lines and computed ones whole."""
        data = dict(item.get("data") or {})
        for field, value in self.form.values(slot, mix(self.seed + slot)):
            attr, kind = field["attr"], field["fieldType"]
            if kind == 10007:
                value = "查询结果"
            if kind not in BESIDE and (attr in data or kind in (10007, 20004)) and kind not in (1, 7, 10019):
                data[attr] = in_detail(field, value, self.switches)
        return {**item, "data": data}


def make_field(kind, attr, n):
    """A field as form/get shows one, with an option list or sub-fields where its type has them."""
    field = {"attr": attr, "attrName": KIND[kind].label, "fieldType": kind, "required": int(n == 0),
             "noRepeat": int(kind == 10019), "showType": n % 3, "multiple": 0, "dateType": DAY if n % 2 else MINUTE}
    if KIND[kind].shape in ("option", "options"):
        field["items"] = [{"text": text, "value": value, "checked": False, "isOther": 0, "color": "#646566", "noEdit": 0,
                           "noDel": 0, "fieldMap": []} for text, value in
                          (("甲类", "1"), ("乙类", 2), ("丙类", "3f2a8c10-77d1-4c1e-9b2a-5d0c6e1f0a01"), ("乙类", "4"))]
    if KIND[kind].make.__name__ == "number":
        field.update(integerOnly=int(n % 4 == 3), accuracy=0 if n % 4 == 3 else n % 5, amountFlag=n % 2)
    if KIND[kind].make.__name__ == "lines":
        field["subFieldList"] = [{**make_field(sub, KIND[sub].attr.replace("%", "1"), i), "attrName": name}
                                 for i, (sub, name) in enumerate(((1, "名称"), (2, "数量"), (4, "日期"), (3, "类别")))]
        field["subFieldList"][3]["attr"] = "text_2"
    return field


def make_fields(kinds):
    """Fields of these types; attrs are numbered by prefix, labels doubled where a type comes twice."""
    fields, used = [], {}
    for kind in kinds:
        prefix = KIND[kind].attr
        used[prefix] = used.get(prefix, 0) + 1
        fields.append(make_field(kind, prefix.replace("%", str(used[prefix])), len(fields)))
    return fields


SYSTEM = (("customer", "客户"), ("customer", "海外客户"), ("contract", "合同订单"), ("contract", "框架合同"),
          ("opportunity", "销售机会"), ("contact", "联系人"), ("communicate", "跟进记录"), ("communicatePlan", "访客计划"),
          ("payment", "回款计划"), ("paymentSheet", "回款单"), ("refund", "退货退款"), ("clue", "线索"),
          ("marketActivity", "市场活动"), ("marketActivity", "展会"), ("workOrderV2", "工单"), ("workOrderV2", "维修工单"),
          ("contractOutstock", "销售出库"), ("workReportDaily", "日报"), ("workReportWeekly", "周报"),
          ("workReportMonthly", "月报"))
UNLISTED = ((1001, "供应商"), (1101, "采购合同"), (4700, "报价单"))    # forms whose list no public client reads
CUSTOM = ("全部字段", "费用报销", "费用报销", "order", "select", "售后服务登记与客户满意度回访及问题闭环跟踪管理总表之华东分册",
          "售后服务登记与客户满意度回访及问题闭环跟踪管理总表之华南分册", "\"引号\" '单引号' \\", "  ", "Customer", "user", "xmin")
STRANGE = ("名称", "名称", "select", "xmin", "raw", "data_id", "", "   ", "a\"b'c\\d", "SKU 编码", "2026年", "order",
           "客户在最近一个自然年度内累计下单并且完成回款的合同金额合计人民币元", "客户在最近一个自然年度内累计下单并且完成回款的合同金额合计美元",
           "名称_text_1", "换\n行", "failed")
ALWAYS = (1, 10019, 10013, 10017, 10018, 10014, 10015)


def catalogue(n, seed, first_id):
    """n forms: system ones, some that have no list, custom ones; the first custom one has every fieldType, the
    second labels that are hard to make names of."""
    rng, custom = random.Random(seed), iter(CUSTOM)
    rest = [k for k in sorted(KIND) if k not in ALWAYS]
    for i in range(n):
        kinds = [*ALWAYS, *sorted(rng.sample(rest, 12))]
        if i < len(SYSTEM):
            kind, name, business = *SYSTEM[i], None
        elif i < len(SYSTEM) + len(UNLISTED):
            kind, (business, name) = "-", UNLISTED[i - len(SYSTEM)]
        else:
            kind, business, name = "paas", None, next(custom, f"自定义表单{i}")
            kinds = [*ALWAYS, *rest] if name == CUSTOM[0] else kinds
        fields = make_fields(kinds)
        if i == len(SYSTEM) + len(UNLISTED) + 1:
            fields = [{**field, "attrName": name} for field, name in
                      zip(make_fields([1, 1, 2, 3, 4, 7, 1, 1, 1, 1, 1, 1, 2, 2, 1, 1, 1]), STRANGE)]
        yield Form(kind, first_id + i, name, fields, business, int(i % 5 == 0))
