"""Endpoints of nobody in particular: the case study's /api/execute with its query, and a plain webhook."""
from .target_call import Endpoints, Manner, good, reply
from .target_sign import check_plain, check_webhook
from .wire import Response

endpoint = Endpoints()


def array(call):
    return call.json(kinds=list)


def execute_says(kind, message):
    status = {"throttled": 429, "busy": 503, "token": 401, "sign": 401, "key": 400, "other": 422, "running": 409}.get(kind, 200)
    return status, {"code": status if status != 200 else 1, "message": message}


def header_key(call):
    return call.headers.get("idempotency-key") or call.headers.get("webhook-id")


EXECUTE = Manner("id", execute_says, check_plain, array, header_key)


@endpoint("api/execute", EXECUTE)
def execute(call, manner):
    """A verdict a record, by its id."""
    member = call.switches.key_member or manner.key
    verdicts = [v for v in call.write(manner, call.records(manner)) if v]
    return reply({"code": 0, "message": "成功", "data": [
        {member: v[1], "success": good(v), "code": {"refused": 1, "duplicate": 2}.get(v[2], 0), "message": v[4],
         "docId": v[3], "status": v[2]} for v in verdicts]})


@endpoint("api/query", EXECUTE)
def query(call, manner):
    """{"id": key, or an array of keys}: what is there."""
    keys = call.json(kinds=dict).get(call.switches.key_member or manner.key)
    call.fate = "query"
    return reply({"code": 0, "data": [{"id": key, "docId": str(d.id), "version": d.version}
                                       for key in (keys if isinstance(keys, list) else [str(keys)])
                                       for d in call.world.documents.get(key, ())]})


def webhook_says(kind, message):
    return {"throttled": 429, "busy": 503, "token": 401, "sign": 401, "key": 400, "other": 422, "running": 409,
            "param": 400}.get(kind, 422), {"error": message}


def anything(call):
    value = call.json()
    return value if isinstance(value, list) else [value]


@endpoint("webhook(?:/.*)?", Manner("id", webhook_says, check_webhook, anything, header_key))
def webhook(call, manner):
    """204 without a body; one refused record refuses the request."""
    verdicts = call.write(manner, call.records(manner))
    bad = [v for v in verdicts if v and v[2] == "refused"]
    if any(v and v[2] == "duplicate" for v in verdicts) and not bad:
        return Response(b'{"error":"duplicate"}', 409, "409:duplicate")
    return manner.refuse("refused", bad[0][4]) if bad else Response(b"", 204, "204")
