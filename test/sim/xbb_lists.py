"""Lists, page by page."""
from collections import OrderedDict

from .exact_json import decimal
from .names import Table
from .wire import Response
from .xbb_answer import BadRequest, list_result, whole
from .xbb_call import allowed
from .xbb_condition import read_conditions
from .xbb_objects import FLAT_PATHS, FORM_REQUIRED, RECORD_MODULES, RECYCLED

endpoint = Table()


def page_asked(call):
    """(page, rows a page) of a request."""
    body, switches = call.body, call.switches
    page = max(1, whole(body, "page", 1, switches))
    size = whole(body, "pageSize", switches.page_default, switches)
    if size > switches.page_max and switches.page_over == "refuse":
        raise BadRequest(switches.code_param, f"pageSize不能大于{switches.page_max}")
    if size > switches.page_max and switches.page_over == "clamp":
        size = switches.page_max
    return page, max(1, (size if size > 0 else switches.page_default) - switches.short_pages)


def answer_rows(call, list_key, rows, total, size):
    call.entry.rows = len(rows)
    answer = call.answer(list_result(call.switches, list_key, rows, total, size))
    answer.pages, answer.list_key = -(-total // size), list_key
    return answer


@endpoint(*(module + "/list" for module in RECORD_MODULES))
def record_list(call):
    page, size = page_asked(call)
    body, switches = call.body, call.switches
    found = find(call)
    if found:
        allowed(call, found.form_id)
    conditions = read_conditions(body.get("conditions"), switches)
    if found is None or switches.rights == "empty" or str(body.get("viewApproval", 0)) == "1":
        return answer_rows(call, "list", [], 0, size)
    if str(body.get("del", 0)) == "1" and found.kind in RECYCLED:
        gone = [s for s in found.removed if not found.truth.live[s]]
        rows = found.rows(found.truth, gone[(page - 1) * size:page * size])
        return answer_rows(call, "list", rows, len(gone), size)
    if page * size > switches.depth > 0:
        if switches.depth_mode == "error":
            raise BadRequest(switches.code_condition, f"分页超过{switches.depth}条")
        page = 1 << 40
    return records(call, found, conditions, page, size)


def find(call):
    """The list of a module and form."""
    tenant, switches, module, form_id = call.tenant, call.switches, call.module, call.body.get("formId")
    if module in FORM_REQUIRED:
        if form_id is None:
            raise BadRequest(switches.code_param, "参数缺失: formId")
        found = tenant.lists.get((module, decimal(form_id)))
        if found is None:
            raise BadRequest(switches.code_form, "表单不存在")
        return found
    for (name, _), found in tenant.lists.items():
        if name == module:
            return found
    return None


def records(call, found, conditions, page, size):
    tenant, switches, entry = call.tenant, call.switches, call.entry
    replica = tenant.rng.choice(found.shown) if len(found.shown) > 1 else found.shown[0]
    asked = (id(replica), entry.cond if conditions else "", switches.order, tenant.version)
    steady = switches.bounce == "off" and not switches.missing_rows and switches.two_instants == "off"
    key = (found.key, asked, replica.version, page, size, call.gzip) if steady and not tenant.faults else None
    known = call.cache.get(key) if key else None
    if known:
        answer = Response(known[0])
        answer.compressed, answer.pages, entry.rows = known[1:]
        return answer
    chosen = selection(found, replica, conditions, switches, asked)
    if switches.bounce == "on":
        chosen = replica.shuffled(chosen, switches, tenant.rng)
    first, total = (page - 1) * size, len(chosen)
    if switches.two_instants == "count-first":
        tenant.mutate()
        chosen = replica.select(conditions, switches)
    slots = chosen[first:first + size]
    if switches.missing_rows and len(slots) == size:
        gone = set(tenant.rng.sample(range(size), min(size - 1, switches.missing_rows)))
        slots = [s for i, s in enumerate(slots) if i not in gone]
    rows = found.rows(replica, slots)
    if switches.two_instants == "list-first":
        tenant.mutate()
        total = len(replica.select(conditions, switches))
    answer = answer_rows(call, "list", rows, total, size)
    answer.key = key
    return answer


def selection(found, replica, conditions, switches, asked):
    """The matching slots in order, kept until the list changes."""
    known = found.__dict__.setdefault("selections", OrderedDict())
    stamp, slots = known.get(asked, (None, None))
    if stamp != replica.version:
        slots = replica.select(conditions, switches)
        known[asked] = replica.version, slots
        while len(known) > 64:
            known.popitem(last=False)
    return slots


@endpoint(*FLAT_PATHS)
def flat_list(call):
    page, size = page_asked(call)
    kind, body, tenant, switches = FLAT_PATHS[call.name], call.body, call.tenant, call.switches
    if kind == "label" and (body.get("formId") is None or body.get("businessType") is None):
        raise BadRequest(switches.code_param, "参数缺失: formId, businessType")
    if kind.startswith("workOrder") and body.get("dataId") is None:
        raise BadRequest(switches.code_param, "参数缺失: dataId")
    found = tenant.target({"object": kind})
    rows = [] if switches.rights == "empty" else found.select(body)
    if switches.bounce == "on":
        tenant.rng.shuffle(rows)
    total = len(rows)
    if found.paged:
        return answer_rows(call, found.list_key, rows[(page - 1) * size:page * size], total, size)
    if switches.flat_total == "on":
        return answer_rows(call, found.list_key, rows, total, max(1, total))
    call.entry.rows = total
    answer = call.answer(b'{"' + found.list_key.encode() + b'":[' + b",".join(rows) + b"]}")
    answer.list_key = found.list_key
    return answer
