"""Targets as a platform: whose a call is, whether it may be answered, and by which endpoint."""
import asyncio
import time

from . import target_erp, target_plain, target_robot, target_shop, target_token
from .target_call import Call, Refusal
from .target_faults import waits
from .target_world import World
from .wire import Response

PREFIX = "/target/"
ENDPOINTS = [*target_plain.endpoint, *target_erp.endpoint, *target_shop.endpoint, *target_robot.endpoint, *target_token.endpoint]


class Target:
    """As server describes a platform.  A target is asked at /target/NAME/..., or at its own port."""
    prefix, in_turn = PREFIX, True

    def __init__(self, tenants, log_limit):
        self.tenants, self.nobody, self.known = tenants, World("-", log_limit, {}), {}

    @staticmethod
    def claims(name, home):
        return isinstance(home, World) or name.startswith(PREFIX)

    def identify(self, method, path, raw, home):
        """(target, call, an error Response or None)."""
        name, _, query = path.partition("?")
        if isinstance(home, World):
            world, rest = home, name.lstrip("/")
        else:
            corpid, _, rest = name.removeprefix(PREFIX).partition("/")
            world = self.tenants.get(corpid)
        found = isinstance(world, World)
        call = Call(world if found else self.nobody, method, rest, name, query, raw)
        return call.world, call, None if found else Response(b'{"message":"no such target"}', 404, "404")

    def note(self, entry, call):
        """Names the request by what it begins with and how often that came before."""
        entry.path = call.name
        endpoint = self.endpoint(call.name)
        call.manner = endpoint and endpoint[1]
        try:
            first = call.records(call.manner)[0]
            key = call.named(call.manner, first)[0] if isinstance(first, dict) else "-"
        except (Refusal, TypeError, IndexError, AttributeError):
            key = "-"
        seen = call.world.seen
        seen[key] = seen.get(key, 0) + 1
        entry.identity = f"{call.name} {key} {seen[key]}"
        entry.params = key

    def endpoint(self, name):
        if name not in self.known:
            self.known[name] = next((row for row in ENDPOINTS if row[0].match(name)), None)
        return self.known[name]

    def call(self, world, entry, raw, call, headers, gzip):
        """Answers a call."""
        call.headers = headers
        endpoint = self.endpoint(call.name)
        if endpoint is None:
            return Response(b'{"message":"not found"}', 404, "404")
        _, manner, function = endpoint
        if call.instead and call.instead[0] == "lost":
            return self.lost(call)
        try:
            answer = self.ask(world, entry, call, manner, function)
        except Refusal as refusal:
            kind, message = refusal.args
            call.fate = kind
            answer = manner.refuse(kind, message)
        entry.rows = len(call.journal)
        if self.slow(world, call, manner):
            answer.delay += world.switches.slow_ms
        return answer

    def ask(self, world, entry, call, manner, function):
        """The answer of the endpoint, or of an earlier request with the same key."""
        if world.throttled():
            return waits(world, self.refused(call, manner, "throttled"), world.switches.retry_after or None)
        if call.instead:
            return waits(world, self.refused(call, manner, call.instead[0]), call.instead[1])
        if world.switches.signed == "on":
            manner.signed(call)
        self.find_repeated(world, call, manner)
        if call.known is not None:
            return function(call, manner)
        if self.slow(world, call, manner) and world.switches.slow_executes == "off":
            call.fate = "slow"
            return Response(b"", 504, "504:slow")
        if call.later is not None:
            return self.later(world, call, manner, function)
        answer = function(call, manner)
        self.remember(world, call, float("inf"))
        if call.afterwards:
            call.silent = True
            if call.afterwards[0] == "token":
                world.expire()
            return waits(world, manner.refuse(call.afterwards[0], "请稍后再试"), call.afterwards[1])
        return answer

    @staticmethod
    def refused(call, manner, kind):
        call.fate = kind
        return manner.refuse(kind, "请稍后再试")

    @staticmethod
    def find_repeated(world, call, manner):
        """What a request with a key that came before is told."""
        key = manner.repeat_key(call) if manner.repeat_key else None
        by_header = manner.repeat_key is target_plain.header_key
        if by_header and world.switches.idempotency == "off":
            return
        if key is None:
            if by_header and world.switches.idempotency == "required":
                raise Refusal("key", "Idempotency-Key is missing")
            return
        call.repeat_key = key
        if key not in world.answers:
            return
        body, verdicts, end = world.answers[key]
        if by_header and body != call.body_hash:
            raise Refusal("other", "Idempotency-Key is of another body")
        if (by_header or verdicts is None) and time.monotonic() < end:
            raise Refusal("running", "the first request still runs")
        call.known = verdicts

    @staticmethod
    def remember(world, call, end):
        """What a repeat is told, from the end on; no verdicts: they are not known yet."""
        if call.repeat_key:
            world.answers[call.repeat_key] = [call.body_hash, call.known, end]

    def later(self, world, call, manner, function):
        """There is no answer, but what was asked is executed when nobody reckons with it any more."""
        self.remember(world, call, float("inf"))
        call.fate = "later"

        def execute():
            if world.gone:
                return
            try:
                function(call, manner)
                self.remember(world, call, 0.0)
            except Refusal as refusal:
                call.fate = refusal.args[0]
                world.answers.pop(call.repeat_key, None)
            call.silent = True
            world.journal.write(time.time(), call, "later", False)
        asyncio.get_running_loop().call_later(call.later / 1000, execute)
        answer = Response(b"", 200, "later")
        answer.status_line, answer.after = b"", "hang"
        return answer

    @staticmethod
    def lost(call):
        call.fate = "lost"
        answer = Response(b"", 200, "lost")
        answer.status_line, answer.after = b"", "close"
        return answer

    @staticmethod
    def slow(world, call, manner):
        """Is it a batch that is too great?"""
        if not world.switches.slow_above:
            return False
        try:
            return len(call.records(manner)) > world.switches.slow_above
        except Refusal:
            return False

    @staticmethod
    def answered(world, entry, call, answer):
        known = world.answers.get(call.repeat_key)
        if known and known[1] and known[2] == float("inf"):
            known[2] = time.monotonic() + (answer.delay + world.switches.latency) / 1000
        world.journal.write(call.start, call, answer.result, answer.delay > 0)
        # counted from the request's arrival
        answer.delay -= min(world.switches.latency, (time.monotonic() - entry.start) * 1000)
