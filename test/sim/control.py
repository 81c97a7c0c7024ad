"""Orders from outside: one verb a company at a time."""
import json

from .names import NotYet, Refused, nearest


class Control:
    """Carries out orders.  verbs: name -> function(control, tenant, args, rest) that takes out of args what it knows
    and returns what there is to say; faults: those that can be set."""

    def __init__(self, server, verbs, faults):
        self.server, self.verbs, self.faults = server, verbs, faults

    def answer(self, raw, waited):
        """The reply as JSON; None while it is not known, after so many seconds."""
        try:
            order = json.loads(raw)
            args = {k: str(v) for k, v in order.get("args", {}).items()}
            reply = {"ok": True, "text": self.run(str(order.get("corpid", "-")), order["verb"], args, order.get("rest", []))}
        except NotYet as error:
            if waited < error.args[0]:
                return None
            reply = {"ok": False, "text": error.args[1]}
        except Refused as error:
            reply = {"ok": False, "text": str(error)}
        except (KeyError, ValueError, TypeError, AttributeError, OSError) as error:
            reply = {"ok": False, "text": f"{type(error).__name__}: {error}"}
        return json.dumps(reply).encode()

    def run(self, corpid, verb, args, rest):
        function = self.verbs.get(verb.replace("_", "-"))
        if function is None:
            raise Refused(f"unknown verb {verb}{nearest(verb, self.verbs)}")
        args = dict(args)
        makes = verb.startswith("create")
        if makes:
            tenant = self.server.tenants.get(corpid)
        elif corpid == "-":
            tenant = self.server.nobody
        elif corpid not in self.server.tenants:
            raise Refused(f"no company {corpid}: create it first")
        else:
            tenant = self.server.tenants[corpid]
        text = function(self, corpid if makes else tenant, args, rest)
        if args:
            raise Refused(f"{verb} knows no {', '.join(args)}")
        return text or ""
