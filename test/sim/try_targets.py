"""Selftest: targets: their shapes, signatures and tokens."""
import base64
import http.client
import json
import time
import urllib.parse

from .exact_json import compact
from .target_sign import base64_hex, sign_bip, sign_dingtalk, sign_feishu, sign_jushuitan, sign_k3, sign_wangdian, sign_webhook
from .target_sign import star_text

VECTOR_PATH = "/K3Cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.ExecuteBillQuery.common.kdsvc"
BATCH_SAVE = "k3cloud/Kingdee.BOS.WebApi.ServicesStub.DynamicFormService.BatchSave.common.kdsvc"
SECRET = "demo-secret-0001"


class Asker:
    """A client of one target."""

    def __init__(self, port, name, seconds=20):
        self.http = http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
        self.prefix, self.status, self.headers = f"/target/{name}/", 0, {}

    def raw(self, path, body, headers=(), method="POST"):
        self.http.request(method, self.prefix + path, body.encode() if isinstance(body, str) else body, dict(headers))
        answer = self.http.getresponse()
        self.status, self.headers = answer.status, dict(answer.getheaders())
        return answer.read()

    def ask(self, path, value, headers=(), method="POST"):
        """JSON there and back."""
        return json.loads(self.raw(path, compact(value), headers, method) or "{}")

    def form(self, path, fields):
        return json.loads(self.raw(path, urllib.parse.urlencode(fields)))

    def breaks(self, path, value):
        try:
            return self.ask(path, value)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.http.close()
            return type(error).__name__


def journal(ctl, name, *fields):
    """Columns of the journal."""
    return [tuple(line.split("\t")[f] for f in fields) for line in ctl(name, "journal").split("\n") if line]


def try_signatures(tap):
    """Values published by vendors and in public tests, and one of our own computation for each of the others."""
    tap.ok(sign_k3("123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4", "test-app-secret-value", VECTOR_PATH, "1700000000", "1700000000",
                   "dcid-1,user-1,2052,100") ==
           ("MjNhMzg5MmZiMWE1MTQ1ZGE5NWFkYmZiZWYxYzhlY2NjNzcwM2ZjNDJlZTczMzBhNzkxOTk1ODhjNDZkMTEzYw==",
            "NjI5MzRiZGVhNGJhOWY2N2Y2YzQ2MzQ5ODA3N2JiZTRiMDRmOTUwNjI3YWIzODU1ODBkZDdhNzgwMzdmMDgxMg=="), "K3 signs as its own client")
    tap.ok(sign_dingtalk("notification-secret", "1700000000") == "+r7lauFLFFkeu1m2mek6/Wgq8oItasy3LU3SM3rJgmE=", "钉钉 signs")
    tap.ok(sign_feishu("notification-secret", "1700000000") == "lNusHzXQ9tsu8QByULVKsXR7CJ2yQGitnd4DfVypDdk=", "飞书 signs")
    tap.ok(sign_webhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", '{"test": 2432232314}')
           == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", "a webhook signs")
    tap.ok(sign_wangdian("12345", {"appkey": "test2-xx", "page_no": "0", "end_time": "2016-08-01 13:00:00", "sid": "test2",
                                   "start_time": "2016-08-01 12:00:00", "page_size": "40", "timestamp": "1470042310"})
           == "ad4e6fe037ea6e3ba4768317be9d1309", "旺店通 signs")


def try_shapes(tap, ctl, port):
    """Each platform takes what is signed, refuses what is not, and says both in its shape."""
    ok, now = tap.ok, str(int(time.time()))
    app_id = "123456_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"
    ctl("k3", "create-target", app_id=app_id, app_secret=SECRET)
    asker = Asker(port, "k3")
    body = {"formid": "BD_MATERIAL", "data": {"Model": [{"FBillNo": "A1", "version": 1}, {"FBillNo": "A2", "version": 1}]}}
    path = "/target/k3/" + BATCH_SAVE
    api, kd = sign_k3(app_id, SECRET, path, now, now, "dc,u,2052,100")
    headers = {"X-Api-ClientID": "123456", "X-Api-Timestamp": now, "X-Api-Nonce": now, "X-Api-Signature": api, "X-Kd-Appkey": app_id,
               "X-Kd-Appdata": base64.b64encode(b"dc,u,2052,100").decode(), "X-Kd-Signature": kd}
    ctl("k3", "refuse", "A2", message="物料不存在")
    status = asker.ask(BATCH_SAVE, body, headers)["Result"]["ResponseStatus"]
    ok([e["Number"] for e in status["SuccessEntitys"]] == ["A1"] and status["Errors"][0]["DIndex"] == 1, "K3 by DIndex", status)
    status = asker.ask(BATCH_SAVE, body, {**headers, "X-Kd-Signature": "x"})["Result"]["ResponseStatus"]
    ok(status["IsSuccess"] is False and "签名" in status["Errors"][0]["Message"], "K3 refuses a wrong signature", status)
    for how, check in {"result-array": lambda d: isinstance(d["Result"], list), "status-null": lambda d: d["Result"]["ResponseStatus"] is None,
                       "status-top": lambda d: "ResponseStatus" in d, "errors-null": lambda d: d["Result"]["ResponseStatus"]["Errors"] is None,
                       "errors-strings": lambda d: isinstance(d["Result"]["ResponseStatus"]["Errors"][0], str)}.items():
        ctl("k3", "fault", what="odd", how=how)
        ok(check(asker.ask(BATCH_SAVE, body, headers)), "K3 is odd: " + how)
    ctl("k3", "fault", what="odd", how="response-error")
    ok(asker.raw(BATCH_SAVE, compact(body), headers).startswith(b"response_error:{"), "K3 is odd: response-error")
    ctl("k3", "create-target", app_id="i", app_secret=SECRET, app_key="account", user="u", password="p")
    login = BATCH_SAVE.replace("DynamicFormService.BatchSave", "AuthService.LoginByAppSecret")
    account = {"acctID": "account", "username": "u", "appId": "i", "lcid": 2052}
    got = [asker.ask(login, {**account, "appSecret": secret})["LoginResultType"] for secret in ("x", SECRET)]
    session = asker.ask(login.replace("LoginByAppSecret", "ValidateUser"), {**account, "password": "p"})["KDSVCSessionId"]
    saved = [asker.ask(BATCH_SAVE, body, {"kdservice-sessionid": text})["Result"]["ResponseStatus"] for text in ("x", session)]
    ok(got == [0, 1] and "会话信息已丢失" in saved[0]["Errors"][0]["Message"] and saved[1]["IsSuccess"], "K3 by the session of a login", saved)
    ctl("jst", "create-target", app_key="k", app_secret=SECRET, token="t")
    asker = Asker(port, "jst")
    fields = {"app_key": "k", "access_token": "t", "timestamp": now, "charset": "utf-8", "version": "2",
              "biz": '[{"so_id":"S1"},{"so_id":"S2"}]'}
    fields["sign"] = sign_jushuitan(SECRET, fields)
    got = asker.form("open/jushuitan/orders/upload", fields)
    ok(got["code"] == 0 and [d["so_id"] for d in got["data"]["datas"] if d["issuccess"]] == ["S1", "S2"], "聚水潭", got)
    ok(asker.form("open/jushuitan/orders/upload", {**fields, "sign": "0"})["code"] == 10, "聚水潭 refuses a wrong signature")
    wrong = {k: v for k, v in fields.items() if k != "sign"} | {"access_token": "old"}
    ok(asker.form("open/jushuitan/orders/upload", {**wrong, "sign": sign_jushuitan(SECRET, wrong)})["code"] == 100, "聚水潭: token expired")
    ctl("wdt", "create-target", app_id="sid", app_key="k", app_secret=SECRET)
    fields = {"sid": "sid", "appkey": "k", "timestamp": now, "shop_no": "01", "trade_list": '[{"tid":"旗1"},{"tid":"旗2"}]'}
    got = Asker(port, "wdt").form("openapi2/trade_push.php", {**fields, "sign": sign_wangdian(SECRET, fields)})
    ok(got == {"code": 0, "message": "ok", "new_count": 2, "chg_count": 0}, "旺店通 tells counts only", got)
    ctl("bip", "create-target", app_key="k", app_secret=SECRET)
    asker, ms = Asker(port, "bip"), now + "000"
    query = urllib.parse.urlencode({"appKey": "k", "timestamp": ms, "signature": sign_bip("k", SECRET, ms)})
    token = asker.ask("iuap-api-auth/open-auth/selfAppAuth/getAccessToken?" + query, {}, method="GET")["data"]["access_token"]
    for executed in ("new", "replayed"):
        got = asker.ask(f"yonbip/digitalModel/product/save?access_token={token}", {"data": {"code": "P1", "resubmitCheckKey": "r1"}})
        ok(got["code"] == "200" and got["data"]["sucessCount"] == 1 and journal(ctl, "bip", 8)[-1] == (executed,),
           f"BIP by resubmitCheckKey: {executed}", got)
    ok(asker.ask("yonbip/digitalModel/product/save?access_token=x", {"data": {"code": "P1"}})["code"] == "310008", "BIP: token expired")
    try_more_shapes(tap, ctl, port, now)


def try_more_shapes(tap, ctl, port, now):
    ok = tap.ok
    ctl("star", "create-target", app_key="k", app_secret=SECRET, token="t")
    path, ms = "/target/star/jdy/v2/bd/material", now + "000"
    headers = {"X-Api-Timestamp": ms, "X-Api-Nonce": "1", "app-token": "t",
               "X-Api-Signature": base64_hex(SECRET, star_text("POST", path, "a=1", "1", ms))}
    got = Asker(port, "star").ask("jdy/v2/bd/material?a=1", {"number": "N1"}, headers)
    ok(got["errcode"] == 0 and len(got["data"]["ids"]) == 1, "星辰", got)
    ctl("cos", "create-target", app_id="a", app_secret=SECRET)
    asker = Asker(port, "cos")
    token = asker.ask("kapi/oauth2/getToken", {"client_id": "a", "client_secret": SECRET})["data"]["access_token"]
    ctl("cos", "refuse", "N2")
    got = asker.ask("kapi/sys/bd_material/save", {"datas": [{"number": "N1"}, {"number": "N2"}]}, {"accessToken": token})
    ok(got["data"]["billNos"] == ["N1"] and got["data"]["validateResult"]["errorDataIndexs"] == [1], "苍穹", got)
    ctl("tp", "create-target", token="t")
    ok(Asker(port, "tp").raw("tplus/api/v2/SaleOrder/Create", '{"dto":{"ExternalCode":"E1"}}', {"openToken": "t"}) == b"null", "T+ says null")
    ctl("robot", "create-target", token="r", app_secret=SECRET, limit_minute="4", block="600", token_life="60")
    asker = Asker(port, "robot")
    query = urllib.parse.urlencode({"access_token": "r", "timestamp": now + "000", "sign": sign_dingtalk(SECRET, now + "000")})
    text = {"msgtype": "text", "text": {"content": "早上好"}}
    ok(asker.ask("robot/send?" + query, text)["errcode"] == 0, "钉钉")
    ok(asker.ask("robot/send?access_token=r", text)["errcode"] == 310000, "钉钉 refuses what is not signed")
    ok(asker.ask("cgi-bin/webhook/send?key=r", text)["errcode"] == 0, "企业微信")
    got = asker.ask("open-apis/bot/v2/hook/r", {"timestamp": now, "sign": sign_feishu(SECRET, now), "msg_type": "text", "content": {"text": "早上好"}})
    ok(got["code"] == 0 and ctl("robot", "documents").split("\t")[2] == "3", "飞书, and no robot knows what it has said", got)
    ok(asker.ask("robot/send?" + query, text)["errcode"] == 130101, "a robot is blocked")
    ctl("hook", "create-target", app_secret="whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", idempotency="required")
    asker, body = Asker(port, "hook"), '{"id":1}'
    headers = {"webhook-id": "m1", "webhook-timestamp": now, "webhook-signature": sign_webhook(
        "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3", "m1", now, body)}
    asker.raw("webhook", body, headers)
    first = asker.status
    asker.raw("webhook", body, {**headers, "webhook-signature": "v1,x"})
    ok((first, asker.status) == (204, 401), "a webhook", first, asker.status)


def try_tokens(tap, ctl, port):
    """Tokens that end, and refresh tokens that are good once."""
    ok, now = tap.ok, str(int(time.time()))
    ctl("tok", "create-target", app_key="k", app_secret=SECRET, refresh_token="r0", token_uses="2")
    asker = Asker(port, "tok")

    def renew(refresh):
        fields = {"app_key": "k", "timestamp": now, "charset": "utf-8", "grant_type": "refresh_token", "refresh_token": refresh}
        return asker.form("openWeb/auth/refreshToken", {**fields, "sign": sign_jushuitan(SECRET, fields)})

    def upload(token):
        fields = {"app_key": "k", "access_token": token, "timestamp": now, "biz": '[{"so_id":"S1"}]'}
        return asker.form("open/orders/upload", {**fields, "sign": sign_jushuitan(SECRET, fields)})["code"]
    given = renew("r0")["data"]
    token = given["access_token"]
    ok([upload(token) for _ in range(3)] == [0, 0, 100], "a token is good for two calls")
    newer = renew(given["refresh_token"])["data"]
    ok(upload(token) == 100 and upload(newer["access_token"]) == 0, "a new token ends the old one")
    ok(renew("r0")["code"] == 10 and "locked=on" in ctl("tok", "tokens"), "an old refresh token locks the account")
    ok(renew(newer["refresh_token"])["code"] == 10, "and then no refresh token is good")
    ctl("tok", "tokens", unlock="on")
    ok(renew(newer["refresh_token"])["code"] == 0, "until somebody unlocks it")
    ctl("tok", "set", token_uses="0")
