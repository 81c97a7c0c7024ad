"""Endpoints that issue tokens."""
from .target_call import Endpoints, Manner, Refusal, reply, same
from .target_erp import bip_says, cosmic_says, star_says
from .target_plain import webhook_says
from .target_shop import jushuitan_says
from .target_sign import base64_hex, check_jushuitan, fresh, sign_bip

endpoint = Endpoints()


def issue(call, old_refresh=None):
    call.fate = "issue"
    issued = call.world.issue(old_refresh)
    if issued is None:
        call.fate = "locked"
        raise Refusal("sign", "refresh_token 已失效，账号已锁定")
    return issued


def nobody(call):
    return []


@endpoint("openWeb/auth/(?:refreshToken|getInitToken|accessToken)", Manner("-", jushuitan_says, check_jushuitan, nobody))
def jushuitan_token(call, manner):
    fields = call.form()
    refresh = fields.get("refresh_token", "") if fields.get("grant_type") == "refresh_token" else None
    if refresh is None and len(fields.get("code", "")) != 6:
        raise Refusal("param", "code 错误")
    token, seconds, refresh = issue(call, refresh)
    return reply({"code": 0, "msg": "执行成功", "data": {
        "access_token": token, "expires_in": seconds, "refresh_token": refresh, "scope": "all"}})


def bip_signed(call):
    key, secret, timestamp = call.secrets.get("app_key", ""), call.secrets.get("app_secret", ""), call.query("timestamp")
    same(call.query("appKey"), key)
    fresh(timestamp, 600, 1000)
    same(call.query("signature"), sign_bip(key, secret, timestamp))


@endpoint("(?:iuap-api-auth/)?open-auth/selfAppAuth/getAccessToken", Manner("-", bip_says, bip_signed, nobody))
def bip_token(call, manner):
    token, seconds, _ = issue(call)
    return reply({"code": "00000", "message": "成功！", "data": {"access_token": token, "expire": seconds}})


def star_app(call):
    same(call.query("app_key"), call.secrets.get("app_key"))
    same(call.query("app_signature"), base64_hex(call.secrets.get("app_secret", ""), call.query("app_key") or ""))


@endpoint("jdyconnector/app_management/kingdee_auth_token", Manner("-", star_says, star_app, nobody))
def star_token(call, manner):
    token, seconds, _ = issue(call)
    return reply({"errcode": 0, "description": "成功", "data": {
        "app-token": token, "access_token": token, "expires": seconds * 1000}})


def cosmic_client(call):
    body = call.json(kinds=dict)
    same((body.get("client_id"), body.get("client_secret")), (call.secrets.get("app_id"), call.secrets.get("app_secret")))


@endpoint("kapi/oauth2/getToken", Manner("-", cosmic_says, cosmic_client, nobody))
def cosmic_token(call, manner):
    token, seconds, _ = issue(call)
    return reply({"status": True, "errorCode": "0", "message": None, "data": {"access_token": token, "expires_in": seconds}})


def oauth_client(call):
    """The client's name and secret as basic authorization, in a form, or in JSON."""
    fields = call.json(kinds=dict) if call.raw[:1] == b"{" else call.form()
    given = call.basic() or (fields.get("client_id"), fields.get("client_secret"))
    same(given, (call.secrets.get("app_id"), call.secrets.get("app_secret")))


@endpoint("oauth2(?:\\.0)?/token", Manner("-", webhook_says, oauth_client, nobody))
def oauth_token(call, manner):
    fields = call.json(kinds=dict) if call.raw[:1] == b"{" else call.form()
    refresh = fields.get("refresh_token", "") if fields.get("grant_type") == "refresh_token" else None
    token, seconds, refresh = issue(call, refresh)
    return reply({"access_token": token, "token_type": "bearer", "expires_in": seconds, "refresh_token": refresh})


def k3_login_says(kind, message):
    return 200, {"Message": message, "MessageCode": "CheckPasswordPolicy", "LoginResultType": 0, "KDSVCSessionId": None}


def k3_client(call):
    body, secrets = call.json(kinds=dict), call.secrets
    same(body.get("acctID"), secrets.get("app_key"))
    same(body.get("username"), secrets.get("user"))
    if call.path.endswith("ValidateUser.common.kdsvc"):
        same(body.get("password"), secrets.get("password"))
    else:
        same((body.get("appId"), body.get("appSecret")), (secrets.get("app_id"), secrets.get("app_secret")))


@endpoint("(?i:k3cloud/)?Kingdee\\.BOS\\.WebApi\\.ServicesStub\\.AuthService\\.(?:LoginByAppSecret|ValidateUser)\\.common\\.kdsvc",
          Manner("-", k3_login_says, k3_client, nobody))
def k3_login(call, manner):
    session, _, _ = issue(call)
    return reply({"Message": None, "MessageCode": "CheckPasswordPolicy", "LoginResultType": 1, "KDSVCSessionId": session,
                  "Context": {"SessionId": "asp-net"}, "IsSuccessByAPI": True})
