"""A call of XBB whose signature, limits and rights have been looked at.

An endpoint is a function of a Call that makes the Response, or raises
BadRequest for a business error; its path is in the table of its file.
"""
from .wire import Response
from .xbb_answer import BadRequest, envelope


class Call:
    __slots__ = ("tenant", "switches", "entry", "name", "body", "gzip", "cache")

    def __init__(self, tenant, entry, name, body, gzip, cache):
        self.tenant, self.switches, self.entry, self.name = tenant, tenant.switches, entry, name
        self.body, self.gzip, self.cache = body, gzip, cache

    @property
    def module(self):
        return self.name.partition("/")[0]

    def answer(self, result):
        """Success; result is bytes, or None for no such member."""
        return Response(envelope(self.switches, result))


def allowed(call, form_id):
    """The acting user may see a form, its fields and its records."""
    if str(form_id) in call.switches.denied_forms.split(","):
        raise BadRequest(call.switches.code_right, "没有权限")
