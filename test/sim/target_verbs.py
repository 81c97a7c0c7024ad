"""Verbs that make and ask targets.  A docstring is its verb's line in the help."""
from .names import Refused, Table
from .switches import SWITCHES
from .target_world import World

verb = Table()

SECRETS = ("app_id", "app_key", "app_secret", "token", "refresh_token", "user", "password")


def world_of(tenant):
    if not isinstance(tenant, World):
        raise Refused("this is no target: make one with create-target")
    return tenant


@verb("create-target")
def do_create_target(control, corpid, args, rest):
    """create-target [SECRET=value ...] [journal=FILE] [SWITCH=value ...]
    A target, empty, asked at /target/NAME/... or at its own port (see port), in the shapes of many platforms, which
    are told by the path.  Secrets: app_id, app_key, app_secret, token, refresh_token, user, password.  The journal
    is kept in FILE, or in memory."""
    secrets = {name: args.pop(name) for name in SECRETS if name in args}
    old = control.server.tenants.get(corpid)
    if old:
        old.abandon()
    world = World(corpid, control.server.log_limit, secrets, args.pop("journal", None))
    if "refresh_token" in secrets:
        world.refresh[secrets["refresh_token"]] = True
    for name in [n for n in args if n in SWITCHES]:
        world.set(name, args.pop(name))
    control.server.tenants[corpid] = world


@verb("journal")
def do_journal(control, tenant, args, rest):
    """journal: a line a record of what a target was asked, written before it answered, its fields between tabs: time,
    request, path, repeat_key, body (SHA-256), key, version, record (SHA-256), executed (new, again, update, stale,
    double; refused, duplicate, skipped, replayed or another word: not), told (ok, refused, duplicate, -), result"""
    return world_of(tenant).journal.text()


@verb("documents")
def do_documents(control, tenant, args, rest):
    """documents: key, version, how many of it there are and the first one's id, of what a target holds; sorted"""
    world = world_of(tenant)
    return "\n".join(f"{key}\t{found[-1].version}\t{len(found)}\t{found[0].id}" for key, found in sorted(world.documents.items()))


@verb("refuse")
def do_refuse(control, tenant, args, rest):
    """refuse [message=TEXT] KEY ... | keys=KEY,KEY: a target refuses records of these keys from now on"""
    message, keys = args.pop("message", "物料不存在"), args.pop("keys", "").split(",")
    world_of(tenant).refusing.update({key: message for key in [*rest, *filter(None, keys)]})


@verb("accept")
def do_accept(control, tenant, args, rest):
    """accept [KEY ...]: a target refuses them no longer; without a key, none"""
    world = world_of(tenant)
    for key in rest or list(world.refusing):
        world.refusing.pop(key, None)


@verb("tokens")
def do_tokens(control, tenant, args, rest):
    """tokens [expire=on] [unlock=on]: how many a target has issued, how many are known, is it locked?"""
    world = world_of(tenant)
    if args.pop("expire", None):
        world.expire()
    if args.pop("unlock", None):
        world.locked = False
    return f"issued={world.issued} known={len(world.tokens)} locked={'on' if world.locked else 'off'}"
