"""The envelope of XBB's answers, and the numbers of its questions."""
import json
import re


class BadRequest(Exception):
    """A business error: (code, msg)."""


def envelope(switches, result, code=1, msg="操作成功"):
    """The outer object around result (bytes or None)."""
    shown = f'"{code}"' if switches.code_type == "string" else str(code)
    head = [f'"code":{shown},"msg":{json.dumps(msg, ensure_ascii=False)}'.encode()]
    success = "true" if code == 1 else "false"
    tail = [f'"success":"{success}"' if switches.success == "string" else f'"success":{success}']
    tail = [] if switches.success == "missing" else [tail[0].encode()]
    middle = [] if result is None else [b'"result":' + result]
    parts = middle + tail + head if switches.key_order == "code-last" else head + middle + tail
    return b"{" + b",".join(parts) + b"}"


def list_result(switches, list_key, rows, total, size):
    """The member result of a list answer."""
    if not total and switches.empty == "no-result":
        return None
    shown = total + switches.total_add
    if switches.total_cap:
        shown = min(shown, switches.total_cap)
    pages = -(-shown // size) or switches.empty_total_page
    totals = []
    for name, mode, number in (("totalCount", switches.total, shown), ("totalPage", switches.total_page, pages)):
        if mode != "missing":
            text = {"number": str(number), "string": f'"{number}"', "null": "null"}[mode]
            totals.append(f'"{name}":{text}'.encode())
    if switches.echo_page_size == "on":
        totals.append(b'"pageSize":%d' % size)
    parts = [b'"' + list_key.encode() + b'":[' + b",".join(rows) + b"]"]
    if not total and switches.empty == "no-list":
        parts = []
    return b"{" + b",".join(totals + parts if switches.key_order == "totals-first" else parts + totals) + b"}"


def whole(body, name, default, switches):
    """A whole number of the request, digits in a string too."""
    value = body.get(name, default)
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,9}", str(value)):
        raise BadRequest(switches.code_param, f"参数错误: {name}")
    return int(value)
