"""Faults in what XBB says: its envelope, its lists, its records."""
import functools
import zlib

from .exact_json import Num, dump, parse
from .names import Refused, Table
from .place import argument, early
from .xbb_answer import envelope, whole

fault = Table()


def reshape(answer, change):
    """Changes the answer as parsed JSON."""
    document = parse(answer.body)
    change(document)
    answer.body = dump(document).encode()


@fault("endless")
def fault_endless(f, tenant, answer):
    "a list that never ends; fill=blanks: blanks that never end; mb=N: ends after N MB"
    blanks = f.args.get("fill") == "blanks"
    rows = answer.body[answer.body.find(b"[") + 1:answer.body.rfind(b"]")]
    chunk = b" " * 65536 if blanks or not rows else (rows + b",") * max(1, 65536 // (len(rows) + 1))
    limit = argument(f, "mb", 0.0) * 1e6 or float("inf")

    def stream():
        yield b'{"code":1,"msg":"","success":true,"result":{"list":['
        sent = 0
        while sent < limit:
            sent += len(chunk)
            yield chunk
    answer.stream, answer.framing = stream(), "chunked"


def filler(shape, size):
    """A JSON value of some size."""
    if shape == "deep":
        return b"[" + b",".join([b"[" * 60 + b"]" * 60] * (size // 121)) + b"]"
    if shape == "members":
        return b"{" + b",".join(b'"%x":1' % i for i in range(size // (5 + len(f"{size // 10:x}")))) + b"}"
    if shape == "elements":
        return b"[" + b",".join([b"1"] * (size // 2)) + b"]"
    if shape == "escapes":
        return b'"' + b"\\u4e2d" * (size // 6) + b'"'
    if shape == "blanks":
        return b" " * size + b"1"
    if shape == "string":
        return b'"' + b"x" * size + b'"'
    raise Refused(f"no shape {shape}")


@functools.lru_cache(1)
def bulk(head, shape, where, size, records):
    if where == "record":
        value = filler(shape, size // records)
        rows = (b'{"dataId":%d,"addTime":1760000000,"updateTime":1760000000,"formId":1,"data":{"text_1":%s}}' % (i, value)
                for i in range(1, records + 1))
        return head + b'"result":{"totalCount":%d,"list":[' % records + b",".join(rows) + b"]}}"
    name = {"result": b'"result":{"totalCount":0,"list":[],"x":%s}}', "msg": b'"result":{"totalCount":0,"list":[]},"msg":%s}',
            "no-list": b'"result":{"totalCount":1,"x":%s}}'}[where]
    return head + name % filler(shape, size)


@fault("bulk")
def fault_bulk(f, tenant, answer):
    "mb=60 of shape=string (default) | escapes | members | elements | deep | blanks; in=result (default) | no-list | msg | record (of n=8)"
    where = argument(f, "in", "result")
    answer.body = bulk(b'{"code":%d,"success":true,' % (0 if where == "msg" else 1), argument(f, "shape", "string"), where,
                       int(argument(f, "mb", 60.0) * 1e6), argument(f, "n", 8))


@fault("gzip-bomb")
def fault_gzip_bomb(f, tenant, answer):
    "mb=4096 of blanks inside a valid JSON, compressed"
    size = argument(f, "mb", 4096)

    def stream():
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield squeeze.compress(b'{"code":1,"success":true,"msg":"","result":{"totalCount":0,"list":[')
        block = b" " * 1_000_000
        for _ in range(size):
            yield squeeze.compress(block)
        yield squeeze.compress(b"]}}") + squeeze.flush()
    answer.stream, answer.framing = stream(), "chunked"
    answer.headers.append(("Content-Encoding", "gzip"))


@fault("bad-utf8")
def fault_bad_utf8(f, tenant, answer):
    "a byte that is no UTF-8, within the first text_1 (or msg)"
    mark = b'"text_1":"' if b'"text_1":"' in answer.body else b'"msg":"'
    answer.body = answer.body.replace(mark, mark + b"\xe4\xb8\xff", 1)


@fault("nul")
def fault_nul(f, tenant, answer):
    "a NUL byte within the first text_1 (or msg); how=escape: \\u0000 instead"
    mark = b'"text_1":"' if b'"text_1":"' in answer.body else b'"msg":"'
    answer.body = answer.body.replace(mark, mark + (b"\\u0000" if f.args.get("how") == "escape" else b"\0"), 1)


@fault("long")
def fault_long(f, tenant, answer):
    "bytes=10000000 more in the first text_1 (or msg)"
    mark = b'"text_1":"' if b'"text_1":"' in answer.body else b'"msg":"'
    answer.body = answer.body.replace(mark, mark + b"x" * argument(f, "bytes", 10_000_000), 1)


@fault("dup-keys")
def fault_dup_keys(f, tenant, answer):
    "a key comes twice with two values; field=total (default) | code | list | record"
    field = argument(f, "field", "total")
    old, new = {"total": (b'"totalCount":', b'"totalCount":7,"totalCount":'), "code": (b'"code":', b'"code":0,"code":'),
                "list": (b'"list":[', b'"list":[],"list":['),
                "record": (b'{"dataId":', b'{"dataId":1,"dataId":')}[field]
    answer.body = answer.body.replace(old, new)


@fault("no-result")
def fault_no_result(f, tenant, answer):
    "result is missing"
    reshape(answer, lambda d: d.pop("result", None))


@fault("no-list")
def fault_no_list(f, tenant, answer):
    "the list is missing"
    reshape(answer, lambda d: d["result"].pop(answer.list_key, None))


@fault("no-total")
def fault_no_total(f, tenant, answer):
    "totalCount and totalPage are missing"
    reshape(answer, lambda d: (d["result"].pop("totalCount", None), d["result"].pop("totalPage", None)))


@fault("wrong-type")
def fault_wrong_type(f, tenant, answer):
    "field=list (default) | result | total | code | row | data | id | time has the wrong type"
    field = argument(f, "field", "list")

    def change(d):
        rows = d["result"][answer.list_key]
        if field in ("result", "code"):
            d[field] = "错误" if field == "result" else {}
        elif field == "list":
            d["result"][answer.list_key] = {"0": rows}
        elif field == "total":
            d["result"]["totalCount"] = [Num(len(rows))]
        elif rows and field == "row":
            rows[0] = Num(42)
        elif rows and field in ("data", "id", "time"):
            key = {"data": "data", "id": "dataId", "time": "updateTime"}[field]
            rows[0][key] = [] if field == "data" else {"a": Num(1)}
        else:
            raise Refused(f"no field {field}")
    reshape(answer, change)


@fault("deep")
def fault_deep(f, tenant, answer):
    "n=100000 nested arrays as a member of the first record (or of the answer)"
    n = argument(f, "n", 100_000)
    mark = b'"data":{' if b'"data":{' in answer.body else b"{"
    answer.body = answer.body.replace(mark, mark + b'"array_99":' + b"[" * n + b"]" * n + b",", 1)


@fault("code")
def fault_code(f, tenant, answer):
    "a business error: code=1 would be success, msg=TEXT"
    code = argument(f, "code", 100000)
    answer.body, answer.result = envelope(tenant.switches, None, code, argument(f, "msg", "未知错误")), str(code)


@fault("busy")
def fault_busy(f, tenant, answer):
    "a business error that is transient: msg=系统繁忙 (default), code=100000"
    code = argument(f, "code", 100000)
    answer.body = envelope(tenant.switches, None, code, argument(f, "msg", "系统繁忙,请稍后再试"))
    answer.result = str(code)


@fault("success-false")
def fault_success_false(f, tenant, answer):
    "code 1, but success is false"
    reshape(answer, lambda d: d.update(success=False))


@fault("ignore")
@early
def fault_ignore(f, tenant, body):
    "all conditions of the request are ignored"
    body["conditions"] = []


@fault("wrong-page")
@early
def fault_wrong_page(f, tenant, body):
    "page + delta=1 is answered"
    body["page"] = max(1, whole(body, "page", 1, tenant.switches) + argument(f, "delta", 1))
