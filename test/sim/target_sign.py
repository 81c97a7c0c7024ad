"""Signatures as the platforms check them, each by itself; nothing here is shared with a client."""
import base64
import hashlib
import hmac
import time
import urllib.parse

from .target_call import Refusal, same

K3_SEED = b"0054f397c6234378b09ca7d3e5debce7"       # in the vendor's own client


def mac(key, text, name="sha256"):
    return hmac.new(key.encode() if isinstance(key, str) else key, text.encode(), name)


def base64_hex(key, text):
    return base64.b64encode(mac(key, text).hexdigest().encode()).decode()


def fresh(text, seconds, scale=1):
    """Raises Refusal where a timestamp is too far from now."""
    if not str(text or "").isdecimal() or abs(int(text) / scale - time.time()) > seconds:
        raise Refusal("sign", "时间戳错误")


def k3_secret(app_id):
    """The client's secret that an app id holds behind its underline."""
    part = base64.b64decode(app_id.partition("_")[2] + "===")
    return base64.b64encode(bytes(a ^ b for a, b in zip(part, K3_SEED))).decode()


def sign_k3(app_id, app_secret, path, timestamp, nonce, app_data):
    """(X-Api-Signature, X-Kd-Signature)."""
    text = f"POST\n{urllib.parse.quote(path, safe='')}\n\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"
    return base64_hex(k3_secret(app_id), text), base64_hex(app_secret, app_id + app_data)


def check_k3(call):
    """By the session of a login, or by a signature."""
    h, secrets = call.headers, call.secrets
    if "kdservice-sessionid" in h:
        token(call, h["kdservice-sessionid"])
        return
    app_id = secrets.get("app_id", "")
    fresh(h.get("x-api-timestamp"), 13 * 60)
    try:
        data = base64.b64decode(h.get("x-kd-appdata", "")).decode()
    except ValueError:
        raise Refusal("sign", "X-Kd-Appdata 错误")
    api, kd = sign_k3(app_id, secrets.get("app_secret", ""), call.path, h["x-api-timestamp"], h.get("x-api-nonce", ""), data)
    same(h.get("x-api-clientid"), app_id.partition("_")[0])
    same(h.get("x-kd-appkey"), app_id)
    same(h.get("x-api-signature"), api)
    same(h.get("x-kd-signature"), kd)


def star_text(method, path, query, nonce, timestamp):
    """What 星辰 signs: the query sorted, its values encoded twice."""
    quote = urllib.parse.quote
    pairs = "&".join(f"{quote(quote(k, safe=''), safe='')}={quote(quote(v, safe=''), safe='')}"
                     for k, v in sorted(urllib.parse.parse_qsl(query, keep_blank_values=True)))
    return f"{method}\n{quote(path, safe='')}\n{pairs}\nx-api-nonce:{nonce}\nx-api-timestamp:{timestamp}\n"


def check_star(call):
    h = call.headers
    fresh(h.get("x-api-timestamp"), 300, 1000)
    text = star_text(call.method, call.path, call.query_text, h.get("x-api-nonce", ""), h["x-api-timestamp"])
    same(h.get("x-api-signature"), base64_hex(call.secrets.get("app_secret", ""), text))


def sign_jushuitan(secret, fields):
    return hashlib.md5((secret + "".join(k + v for k, v in sorted(fields.items()) if k != "sign")).encode()).hexdigest()


def check_jushuitan(call):
    fields = call.form()
    same(fields.get("app_key"), call.secrets.get("app_key"))
    same(fields.get("sign"), sign_jushuitan(call.secrets.get("app_secret", ""), fields))
    fresh(fields.get("timestamp"), 600)
    if "access_token" in fields or "grant_type" not in fields:
        token(call, fields.get("access_token"))


def sign_wangdian(secret, fields):
    """Lengths in characters, as in the vendor's example."""
    pairs = (f"{len(k):02d}-{k}:{len(v):04d}-{v}" for k, v in sorted(fields.items()) if k != "sign")
    return hashlib.md5((";".join(pairs) + secret).encode()).hexdigest()


def check_wangdian(call):
    fields = call.form()
    same(fields.get("sid"), call.secrets.get("app_id"))
    same(fields.get("appkey"), call.secrets.get("app_key"))
    fresh(fields.get("timestamp"), 600)
    same(fields.get("sign"), sign_wangdian(call.secrets.get("app_secret", ""), fields))


def sign_bip(key, secret, timestamp):
    return base64.b64encode(mac(secret, f"appKey{key}timestamp{timestamp}").digest()).decode()


def sign_dingtalk(secret, timestamp):
    return base64.b64encode(mac(secret, f"{timestamp}\n{secret}").digest()).decode()


def check_dingtalk(call):
    secret = call.secrets.get("app_secret")
    same(call.query("access_token"), call.secrets.get("token"))
    if secret:
        fresh(call.query("timestamp"), 3600, 1000)
        same(call.query("sign"), sign_dingtalk(secret, call.query("timestamp")))


def check_wecom(call):
    same(call.query("key"), call.secrets.get("token"))


def sign_feishu(secret, timestamp):
    return base64.b64encode(mac(f"{timestamp}\n{secret}", "").digest()).decode()


def check_feishu(call):
    body, secret = call.json(kinds=dict), call.secrets.get("app_secret")
    same(call.name.rpartition("/")[2], call.secrets.get("token"))
    if secret:
        if not isinstance(body.get("timestamp"), str):
            raise Refusal("sign", "timestamp is no string")
        fresh(body["timestamp"], 3600)
        same(body.get("sign"), sign_feishu(secret, body["timestamp"]))


def sign_webhook(secret, message, timestamp, body):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    return "v1," + base64.b64encode(mac(key, f"{message}.{timestamp}.{body}").digest()).decode()


def check_webhook(call):
    h, secret = call.headers, call.secrets.get("app_secret")
    if not secret:
        check_plain(call)
        return
    fresh(h.get("webhook-timestamp"), 300)
    wanted = sign_webhook(secret, h.get("webhook-id", ""), h["webhook-timestamp"], call.raw.decode("utf-8", "replace"))
    if wanted not in h.get("webhook-signature", "").split(" "):
        raise Refusal("sign", "signature")


def token(call, text):
    """Raises Refusal where a token is not good."""
    if not call.world.accepts(text):
        raise Refusal("token", "access_token 无效或已过期")


def check_plain(call):
    """Basic, bearer, a header or a member of the query, by which secret there is."""
    h, secrets = call.headers, call.secrets
    if secrets.get("user"):
        if call.basic() != (secrets["user"], secrets.get("password", "")):
            raise Refusal("sign", "用户名或密码错误")
    elif secrets.get("token") or secrets.get("refresh_token") or secrets.get("app_secret"):
        kind, _, bearer = h.get("authorization", "").partition(" ")
        other = h.get("access-token") or h.get("x-token") or call.query("access_token")
        token(call, bearer if kind.lower() == "bearer" else other)
