"""XBB as a platform: whose a call is, whether it may be answered, and by which endpoint."""
from . import xbb_detail, xbb_forms, xbb_lists, xbb_write
from .exact_json import BODY_PARSER, compact
from .wire import Response, retry_after
from .xbb_answer import BadRequest, envelope
from .xbb_call import Call
from .xbb_company import Company
from .xbb_objects import PREFIX, USER_REQUIRED

LIMITS = {"day": "请求频率超过每日调用上限{}次", "minute": "请求频率超过{}次/分钟", "second": "请求频率过高,超过{}次/秒"}
ENDPOINTS = {**xbb_lists.endpoint, **xbb_detail.endpoint, **xbb_forms.endpoint, **xbb_write.endpoint}


class Xbb:
    """As server describes a platform."""
    prefix, in_turn = PREFIX, False

    def __init__(self, tenants, log_limit, cache):
        self.tenants, self.nobody, self.cache = tenants, Company("-", log_limit), cache

    @staticmethod
    def claims(name, home):
        return name.startswith(PREFIX)

    @staticmethod
    def answered(tenant, entry, body, answer):
        """Nothing is written down."""

    def identify(self, method, path, raw, home):
        """(company, body, an error Response or None)."""
        name = path.partition("?")[0]
        def wrong(code, msg, status=200):
            return Response(envelope(self.nobody.switches, None, code, msg), status, str(code if status == 200 else status))
        if method != "POST":
            return self.nobody, {}, wrong(405, "Method Not Allowed", 405)
        if not name.startswith(PREFIX):
            return self.nobody, {}, wrong(404, "接口不存在", 404)
        try:
            body = BODY_PARSER.decode(raw.decode())
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return self.nobody, {}, wrong(100003, "参数错误: JSON")
        tenant = self.tenants.get(str(body.get("corpid")))
        if tenant is None:
            return self.nobody, body, wrong(100002, "公司不存在")
        return tenant, body, None

    @staticmethod
    def note(entry, body):
        entry.page, entry.size = (compact(body[k]) if k in body else "-" for k in ("page", "pageSize"))
        if "conditions" in body:
            entry.cond = compact(body["conditions"])
        entry.user = str(body.get("userId", "-"))
        rest = {k: v for k, v in body.items() if k not in ("corpid", "userId", "page", "pageSize", "conditions")}
        entry.params = compact(rest) if rest else "-"

    def call(self, tenant, entry, raw, body, headers, gzip):
        """Answers a call.  The world has moved already."""
        switches, name = tenant.switches, entry.path
        try:
            refusal = tenant.over_limit()
            if refusal:
                return self.refused(tenant, *refusal)
            if not tenant.signed(raw, headers.get("sign", "")):
                raise BadRequest(switches.code_sign, "签名验证失败")
            if switches.personal == "on" and tenant.token.startswith("user_") and not headers.get("userid"):
                raise BadRequest(switches.code_param, "参数缺失: header userId")
            if not body.get("userId") and (switches.user_id == "required" or name.partition("/")[0] in USER_REQUIRED):
                raise BadRequest(switches.code_param, "参数缺失: userId")
            if switches.rights == "error":
                raise BadRequest(switches.code_right, "没有权限")
            handler = ENDPOINTS.get(name)
            if handler is None:
                return Response('{"code":404,"msg":"接口不存在","success":false}'.encode(), 404, "404")
            return handler(Call(tenant, entry, name, body, gzip, self.cache))
        except BadRequest as error:
            code, msg = error.args
            return Response(envelope(switches, None, code, msg), result=str(code))

    @staticmethod
    def refused(tenant, limit, calls):
        switches = tenant.switches
        status = {"body": 200, "429": 429, "503": 503}[switches.limit_mode]
        words = switches.limit_msg or LIMITS[limit].format(calls)
        answer = Response(envelope(switches, None, switches.code_limit, words), status,
                          str(switches.code_limit) if status == 200 else str(status))
        if switches.retry_after:
            answer.headers.append(("Retry-After", retry_after(tenant, switches.retry_after)))
        return answer
