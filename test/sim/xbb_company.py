"""A company of XBB: its lists, how they move, and its signature."""
import hashlib
import random
import re
from collections import deque

from .names import Refused
from .tenant import Tenant
from .xbb_flat import FlatList
from .xbb_objects import FLAT
from .xbb_records import RecordList

RENDERING = {"times", "numbers", "fractions", "arrays_in_strings", "escape", "multi", "lines", "computed"}


class Mutator:
    """Changes a list between two requests, by chance but in an order that its seed fixes."""

    def __init__(self, tenant, target, args):
        self.tenant, self.target = tenant, target
        self.rate, self.per_second = float(args.pop("rate", 0)), float(args.pop("per_second", 0))
        self.kinds = args.pop("kinds", "touch").split(",")
        self.rng = random.Random(int(args.pop("seed", 1)))
        self.left = int(args.pop("limit", -1))
        self.spread = int(args.pop("spread", 900))
        self.since, self.changes = tenant.clock.now(), 0
        unknown = set(self.kinds) - {"touch", "drop", "add", "back-date"}
        if unknown or self.rate >= 1:
            raise Refused("kinds are touch, drop, add and back-date; rate is below 1")

    def between_requests(self):
        for _ in range(6):
            if self.rng.random() >= self.rate:
                break
            self.one()
        if self.per_second:
            while self.since + 1 / self.per_second <= self.tenant.clock.now():
                self.since += 1 / self.per_second
                self.one()

    def one(self):
        if self.left:
            self.left -= 1
            self.changes += 1
            self.target.mutate(self.rng.choice(self.kinds), self.rng, self.spread)


class Company(Tenant):
    """A tenant of XBB: lists by object and form, flat lists by kind."""

    def __init__(self, corpid, log_limit):
        super().__init__(corpid, log_limit)
        self.lists, self.flats, self.mutators = {}, {}, []
        self.writes = deque()           # when, of the last second
        self.bare_forms = {}            # by form id: forms without a list

    def target(self, args):
        """The list that a control command means."""
        kind, form_id = args.pop("object", "product"), args.pop("form_id", None)
        if kind in FLAT:
            if kind not in self.flats:
                self.flats[kind] = FlatList(self, kind, {})
            return self.flats[kind]
        for (name, form), found in self.lists.items():
            if name == kind and form_id in (None, str(form)):
                return found
        raise Refused(f"no list of {kind}{'' if form_id is None else ' with form_id ' + form_id}")

    def every_list(self):
        return [*self.lists.values(), *self.flats.values()]

    def set(self, name, text):
        before = getattr(self.switches, name, None)
        super().set(name, text)
        value = getattr(self.switches, name)
        for target in self.every_list():
            if name == "fractions" and isinstance(target, RecordList) and (before == "off") != (value == "off"):
                target.shift_fractions(value != "off")
            if name in ("lag", "lag_jitter", "replicas", "fractions"):
                target.reshow()
            elif name in RENDERING or name == "zero":
                target.redraw()

    def before_request(self):
        """The world moves, too."""
        super().before_request()
        self.mutate()

    def mutate(self):
        for mutator in self.mutators:
            mutator.between_requests()
        self.settle()

    def settle(self):
        for target in self.lists.values():
            target.settle()

    def still(self):
        s = self.switches
        return super().still() and not (self.mutators or s.lag or s.replicas > 1 or s.missing_rows or s.bounce == "on"
                                        or s.two_instants != "off")

    def signed(self, raw, sign):
        mode = self.switches.sign
        if mode == "off":
            return True
        bodies = [raw] * (mode in ("raw", "both")) + [re.sub(rb"\s", b"", raw)] * (mode in ("stripped", "both"))
        return any(sign == hashlib.sha256(b + self.token.encode()).hexdigest() for b in bodies)
