"""Endpoints of ERPs: 金蝶云星空 (K3), 星辰, 苍穹, 用友 BIP and T+."""
import hashlib

from .exact_json import compact
from .target_call import Endpoints, Manner, Refusal, good, reply
from .target_sign import check_k3, check_star, token
from .wire import Response

endpoint = Endpoints()


def hash_of(value):
    return hashlib.sha256(compact(value).encode()).hexdigest()


def listed(value):
    return value if isinstance(value, list) else [value]


# 金蝶云星空

K3 = "(?i:k3cloud/)?Kingdee\\.BOS\\.WebApi\\.ServicesStub\\.DynamicFormService\\."


def k3_status(errors, entities, code=None):
    status = {"IsSuccess": not errors, "Errors": errors, "SuccessEntitys": entities, "SuccessMessages": [], "MsgCode": 0}
    return {"Result": {"ResponseStatus": {"ErrorCode": code or 500, **status} if errors else status, "Id": "", "Number": "",
                       "NeedReturnData": [{}] * len(entities)}}


def k3_says(kind, message):
    if kind == "throttled":
        return 519, b"<html><body>519</body></html>"
    if kind == "token":
        message = "会话信息已丢失，请重新登录"
    return 200, k3_status([{"FieldName": None, "Message": message, "DIndex": 0}], [], 500)


def k3_data(call):
    data = call.json(kinds=dict).get("data")
    return call.json(data, dict) if isinstance(data, str) else data or {}


def k3_records(call):
    model = k3_data(call).get("Model")
    call.body_hash = hash_of(model)
    if not isinstance(model, (dict, list)):
        raise Refusal("param", "Model 不能为空")
    return listed(model)


K3_MANNER = Manner("FBillNo", k3_says, check_k3, k3_records)


@endpoint(K3 + "(?:Batch)?Save\\.common\\.kdsvc", K3_MANNER)
def k3_save(call, manner):
    verdicts = [v for v in call.write(manner, call.records(manner)) if v]
    errors = [{"FieldName": "FBillNo", "Message": f"{v[4]}:{v[1]}", "DIndex": v[0]} for v in verdicts if not good(v)]
    entities = [{"Id": int(v[3]), "Number": v[1], "DIndex": v[0]} for v in verdicts if good(v)]
    result, how = k3_status(errors, entities), call.odd
    if how == "result-array":
        result["Result"] = [result["Result"]]
    elif how == "status-null":
        result["Result"]["ResponseStatus"] = None
    elif how == "status-top":
        result = result["Result"]
    elif how == "errors-null":
        result["Result"]["ResponseStatus"]["Errors"] = None
    elif how == "errors-strings":
        result["Result"]["ResponseStatus"]["Errors"] = [e["Message"] for e in errors]
    elif how == "response-error":
        return Response(b"response_error:" + compact(result).encode())
    return reply(result)


@endpoint(K3 + "(?:Submit|Audit)\\.common\\.kdsvc", K3_MANNER)
def k3_step(call, manner):
    """Submit and Audit: by Numbers or Ids of documents that are there; a step more than once is refused by nobody."""
    data = k3_data(call)
    wanted = listed(data.get("Numbers") or [i for i in str(data.get("Ids", "")).split(",") if i])
    known = {str(d.id): key for key, documents in call.world.documents.items() for d in documents}
    errors, entities = [], []
    for index, one in enumerate(wanted):
        key = known.get(str(one), str(one))
        documents = call.world.documents.get(key)
        call.journal.append((key, "-", hash_of(str(one)), "step" if documents else "refused", "ok" if documents else "refused"))
        if documents:
            entities.append({"Id": documents[0].id, "Number": key, "DIndex": index})
        else:
            errors.append({"FieldName": "FBillNo", "Message": f"单据不存在:{one}", "DIndex": index})
    return reply(k3_status(errors, entities))


@endpoint(K3 + "ExecuteBillQuery\\.common\\.kdsvc", K3_MANNER)
def k3_query(call, manner):
    """Rows [id, number] of FilterString "FBillNo = 'x'"."""
    text = str(k3_data(call).get("FilterString", ""))
    key = text.partition("'")[2].rpartition("'")[0]
    call.fate = "query"
    return reply([[d.id, key] for d in call.world.documents.get(key, ())])


# 金蝶云星辰

def star_says(kind, message):
    code = {"token": 1010301, "sign": 1010300, "throttled": 1010429}.get(kind, 2000013)
    return (429 if kind == "throttled" else 200), {"errcode": code, "description": message, "data": None}


def star_signed(call):
    check_star(call)
    token(call, call.headers.get("app-token"))


def star_records(call):
    body = call.json(kinds=dict)
    return listed(body.get("list", body))


@endpoint("jdy/v2/(?!.*_query).+", Manner("number", star_says, star_signed, star_records))
def star_save(call, manner):
    """One record a call: its refusal is the call's; of a list, ids of what went in."""
    verdicts = [v for v in call.write(manner, call.records(manner)) if v]
    bad = [v for v in verdicts if not good(v)]
    if bad and len(verdicts) == 1:
        return reply({"errcode": 2000013, "description": f"{bad[0][4]}:{bad[0][1]}", "data": None})
    return reply({"errcode": 0, "description": "成功", "data": {
        "ids": [v[3] for v in verdicts if good(v)], "list": [{"number": v[1], "id": v[3], "success": good(v), "message": v[4]}
                                                             for v in verdicts]}})


# 金蝶云苍穹, 星瀚

def cosmic_says(kind, message):
    return (401 if kind == "token" else 200), {"success": False, "status": False, "message": message, "data": None, "errorCode": {
        "token": "401", "throttled": "611", "sign": "401"}.get(kind, "GAI9999")}


def cosmic_records(call):
    body = call.json(kinds=dict)
    return listed(body.get("datas", body.get("data")))


@endpoint("kapi/(?:sys|v2)/.+/(?:save|batchAdd)", Manner("number", cosmic_says, lambda call: token(
    call, call.headers.get("accesstoken") or call.query("access_token")), cosmic_records))
def cosmic_save(call, manner):
    verdicts = [v for v in call.write(manner, call.records(manner)) if v]
    bad = [v for v in verdicts if not good(v)]
    return reply({"success": not bad, "status": not bad, "errorCode": "GAI0001" if bad else "", "message": bad[0][4] if bad else "",
                   "data": {"successPkIds": [v[3] for v in verdicts if good(v)], "billNos": [v[1] for v in verdicts if good(v)],
                            "validateResult": {"errorPkIds": [], "errorDataIndexs": [v[0] for v in bad]}}})


# 用友 BIP, YonSuite

def bip_says(kind, message):
    return 200, {"code": {"token": "310008", "throttled": "310046", "sign": "310036"}.get(kind, "999"), "message": message}


def bip_records(call):
    return listed(call.json(kinds=dict).get("data"))


def bip_key(call):
    """resubmitCheckKey of the only record."""
    records = bip_records(call)
    return records[0].get("resubmitCheckKey") if len(records) == 1 and isinstance(records[0], dict) else None


@endpoint("(?:iuap-api-gateway/)?yonbip/.+", Manner(
    "code", bip_says, lambda call: token(call, call.query("access_token")), bip_records, bip_key))
def bip_save(call, manner):
    verdicts = [v for v in call.write(manner, call.records(manner)) if v]
    bad = [v for v in verdicts if not good(v)]
    return reply({"code": "200", "message": "操作成功", "data": {
        "count": len(verdicts), "sucessCount": len(verdicts) - len(bad), "failCount": len(bad),
        "messages": [f"{v[4]}:{v[1]}" for v in bad], "infos": [{"id": v[3], "code": v[1]} for v in verdicts if good(v)]}})


# 用友 T+

def tplus_says(kind, message):
    code = {"token": "EXTO0001", "throttled": "EXFL0001"}.get(kind, "EXSV0009")
    return 200, {"code": code, "message": message, "data": None}


@endpoint("tplus/api/v2/.+/Create", Manner("ExternalCode", tplus_says, lambda call: token(call, call.headers.get("opentoken")),
                                           lambda call: [call.json(kinds=dict).get("dto")]))
def tplus_create(call, manner):
    """Success is null."""
    verdict = call.write(manner, call.records(manner))[0]
    bad = verdict and not good(verdict)
    return reply({"code": "EXSV0009", "message": f"{verdict[4]}:{verdict[1]}", "data": None} if bad else None)
