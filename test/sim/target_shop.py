"""Endpoints of shop systems, which take forms: 聚水潭, 旺店通."""
import hashlib

from .target_call import Endpoints, Manner, Refusal, good, reply
from .target_sign import check_jushuitan, check_wangdian

endpoint = Endpoints()


def field_records(name):
    """Records of a form's field that holds them as JSON text."""
    def records(call):
        text = call.form().get(name)
        if text is None:
            raise Refusal("param", f"缺少参数 {name}")
        call.body_hash = hashlib.sha256(text.encode()).hexdigest()
        value = call.json(text)
        return value if isinstance(value, list) else [value]
    return records


def jushuitan_says(kind, message):
    return 200, {"code": {"token": 100, "throttled": 199, "sign": 10, "param": 130}.get(kind, 140), "msg": message, "data": None}


@endpoint("open/(?:jushuitan/)?(?:orders|itemsku|inventory|purchase|afterSale)\\w*/(?:upload|v2/upload)",
          Manner("so_id", jushuitan_says, check_jushuitan, field_records("biz")))
def jushuitan_upload(call, manner):
    """A verdict a record, by so_id (or the member that is the key)."""
    member = call.switches.key_member or manner.key
    verdicts = [v for v in call.write(manner, call.records(manner)) if v]
    return reply({"code": 0, "msg": "执行成功", "data": {"datas": [
        {member: v[1], "o_id": v[3], "issuccess": good(v), "msg": v[4]} for v in verdicts]}})


def wangdian_says(kind, message):
    return 200, {"code": {"throttled": 1012, "sign": 1004, "param": 1010}.get(kind, 1100), "message": message}


@endpoint("openapi2/\\w+_push\\.php", Manner("tid", wangdian_says, check_wangdian, field_records("trade_list")))
def wangdian_push(call, manner):
    """Counts only: of what is new, and of what changed."""
    verdicts = [v for v in call.write(manner, call.records(manner)) if v]
    return reply({"code": 0, "message": "ok", "new_count": sum(v[2] in ("new", "double") for v in verdicts),
                   "chg_count": sum(v[2] in ("again", "update", "stale") for v in verdicts)})
