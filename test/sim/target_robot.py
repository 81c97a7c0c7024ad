"""Endpoints of robots: 钉钉, 企业微信, 飞书.  A message is a document whose key is its text: they know no other."""
from .exact_json import compact
from .target_call import Endpoints, Manner, Refusal, good, reply
from .target_sign import check_dingtalk, check_feishu, check_wecom

endpoint = Endpoints()


def message(call):
    """The message, and its text as the member key."""
    body = call.json(kinds=dict)
    kind = body.get("msgtype") or body.get("msg_type")
    content = body.get(kind) if body.get("msgtype") else body.get("content")
    if not isinstance(content, dict):
        raise Refusal("param", "缺少参数 msgtype")
    text = content.get("content") or content.get("text") or content.get("title") or compact(content)
    return [{**{k: v for k, v in body.items() if k not in ("sign", "timestamp")}, "text key": text}]


def send(call, manner, code):
    """At most one thing is wrong with a message."""
    verdict = call.write(manner, call.records(manner))[0]
    if verdict and not good(verdict):
        raise Refusal("refused", verdict[4])
    return reply({code: 0, "errmsg" if code == "errcode" else "msg": "ok" if code == "errcode" else "success"})


def dingtalk_says(kind, text):
    if kind == "throttled":
        return 200, {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
    if kind == "busy":
        return 200, {"status": 1111, "wait": 5, "source": "x5", "punish": "deny", "uuid": "0"}
    return 200, {"errcode": {"sign": 310000, "token": 40014}.get(kind, 400102), "errmsg": text}


@endpoint("robot/send", Manner("text key", dingtalk_says, check_dingtalk, message, twice="double"))
def dingtalk(call, manner):
    return send(call, manner, "errcode")


def wecom_says(kind, text):
    return 200, {"errcode": {"throttled": 45009, "busy": -1, "sign": 93000, "token": 42001}.get(kind, 40008), "errmsg": text}


@endpoint("cgi-bin/webhook/send", Manner("text key", wecom_says, check_wecom, message, twice="double"))
def wecom(call, manner):
    return send(call, manner, "errcode")


def feishu_says(kind, text):
    code = {"throttled": 11232, "busy": 11232, "sign": 19021, "token": 19001}.get(kind, 9499)
    return 200, {"code": code, "msg": text, "data": {}}


@endpoint("open-apis/bot/v2/hook/[^/]+", Manner("text key", feishu_says, check_feishu, message, twice="double"))
def feishu(call, manner):
    return send(call, manner, "code")
