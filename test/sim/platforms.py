"""What this simulator is put together from.  A platform comes in here: its object, its verbs, its faults."""
from . import target_faults, target_verbs, verbs, wire_faults, xbb_faults, xbb_form_verbs, xbb_verbs
from .control import Control
from .server import Cache, Server
from .target import Target
from .xbb import Xbb

VERBS = {**verbs.verb, **xbb_verbs.verb, **xbb_form_verbs.verb, **target_verbs.verb}
FAULTS = {**wire_faults.fault, **xbb_faults.fault, **target_faults.fault}


def make_server(loop, log_limit, cache_bytes):
    tenants, cache = {}, Cache(cache_bytes)
    server = Server(loop, tenants, [Xbb(tenants, log_limit, cache), Target(tenants, log_limit)], cache, log_limit)
    server.control = Control(server, VERBS, FAULTS)
    return server
