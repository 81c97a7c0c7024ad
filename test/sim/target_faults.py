"""Faults in what a target does and says."""
from .names import Refused, Table
from .place import argument, early
from .wire import retry_after

fault = Table()

KINDS = ("throttled", "token", "busy", "batch", "sign")
ODD = ("result-array", "status-null", "status-top", "errors-null", "errors-strings", "response-error")


@fault("says")
@early
def fault_says(f, tenant, call):
    "kind=throttled | token | busy | batch | sign, in the platform's words; executed=on: after executing all; retry_after=N"
    kind = argument(f, "kind", "throttled")
    if kind not in KINDS:
        raise Refused(f"kind is {', '.join(KINDS)}")
    told = kind, f.args.get("retry_after")
    if f.args.get("executed") == "on":
        call.afterwards = told
        return
    if kind == "token":
        tenant.expire()
    call.instead = told


@fault("lost")
@early
def fault_lost(f, tenant, call):
    "the connection is closed, and nothing was executed"
    call.instead = "lost", None


@fault("later")
@early
def fault_later(f, tenant, call):
    "no byte comes; all is executed ms=3000 later"
    call.later = argument(f, "ms", 3000.0)


@fault("half-told")
@early
def fault_half_told(f, tenant, call):
    "all is executed, but share=0.5 of the records is left out of the answer"
    call.mention = 1 - argument(f, "share", 0.5)


@fault("refuse-one")
@early
def fault_refuse_one(f, tenant, call):
    "one record of the batch is refused"
    call.refuse_one = True


@fault("odd")
@early
def fault_odd(f, tenant, call):
    "K3 says how=result-array | status-null | status-top | errors-null | errors-strings | response-error"
    call.odd = argument(f, "how", "result-array")
    if call.odd not in ODD:
        raise Refused(f"how is {', '.join(ODD)}")


@fault("null")
def fault_null(f, tenant, answer):
    "the answer is null"
    answer.body = b"null"


def waits(tenant, answer, text):
    if text is not None:
        answer.headers.append(("Retry-After", retry_after(tenant, text)))
    return answer
