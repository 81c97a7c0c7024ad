"""The list of an object or form: its records, and how they change."""
import random
from array import array
from collections import deque
from decimal import Decimal

from .clock import EPOCH
from .exact_json import Num, dump, parse
from .names import Refused
from .xbb_condition import ITEM_ATTRS
from .xbb_form import FormRenderer
from .xbb_objects import list_numbers
from .xbb_render import Renderer
from .xbb_replica import SLOT_BITS, SLOT_MASK, Replica


class RecordList:
    """The records of one object or form: the truth, and what its copies show of it yet."""
    def __init__(self, tenant, kind, form_id, args, form=None):
        self.key, self.tenant, self.kind, self.form_id = next(list_numbers), tenant, kind, form_id
        count, seed = int(args.pop("records", 730)), int(args.pop("seed", 1))
        self.first_id = int(args.pop("first_id", 51_200_001))
        self.form = form                # or None: the shape that all lists without one have
        self.renderer = FormRenderer(form, seed, self.first_id, tenant.switches) if form else Renderer(
            kind, form_id, seed, self.first_id, int(args.pop("width", 40)), args.pop("odd", "0") in ("1", "on"),
            tenant.switches)
        self.ids = array("q", range(self.first_id, self.first_id + count))
        self.others, self.bodies, self.cache = {}, {}, {}
        self.removed, self.pending = [], deque()
        self.always, self.ever, self.versions = set(), set(), []
        self.marked = False
        self.truth = Replica(self)
        self.truth.load(self.times(count, random.Random(seed), args))
        self.shown = [self.truth]

    def times(self, count, rng, args):
        """(add, update) in ms for each slot."""
        end = int(args.pop("end", int(self.tenant.clock.now()) - 60))
        start = int(args.pop("start", end - 400 * 86400))
        step, shape = args.pop("step", None), args.pop("shape", "even")
        by, span = args.pop("shape_on", "add"), args.pop("touch_span", None)
        no_times = int(args.pop("no_times", 0))
        if shape not in ("even", "random", "burst", "hour", "zipf") or by not in ("add", "update"):
            raise Refused("shape is even, random, burst, hour or zipf; shape_on is add or update")
        if start > end:
            raise Refused("start is after end")
        burst, length = rng.randint(start, end), max(1, end - start)
        if shape == "zipf":
            days = max(1, length // 86400)
            weights = [1 / (1 + d) for d in rng.sample(range(days), days)]
            starts = rng.choices(range(days), weights, k=count)
        pairs = []
        fraction = 700 if self.tenant.switches.fractions != "off" else 0
        for n in range(count):
            if step is not None:
                t = start + n * int(step)
            elif shape == "even":
                t = start + n * length // max(1, count)
            elif shape == "burst" and rng.random() < .3:
                t = burst
            elif shape == "hour" and rng.random() < .9:
                t = burst + rng.randrange(3600)
            elif shape == "zipf":
                t = end - 86400 * (1 + starts[n]) + rng.randrange(32400)
            else:
                t = rng.randint(start, end)
            if by == "update":
                a, u = t - rng.randrange(10_000_000), t
            else:
                most = max(0, end - t) if span is None else int(span)
                a, u = t, t + (rng.randint(0, most) if n % 5 else 0)
            if no_times and n % no_times == 0:
                a = u = 0
            pairs.append((a * 1000 + fraction * (a > 0), u * 1000 + fraction * (u > 0)))
        return pairs

    # ids and bytes

    def slot_of(self, data_id):
        slot = data_id - self.first_id
        if 0 <= slot < len(self.ids) and self.ids[slot] == data_id:
            return slot
        return self.others.get(data_id)

    def serial_slots(self, values):
        """Where these serial numbers can be: a generated one says its slot."""
        tails = {str(v).rpartition(".")[2] for v in values}
        return {int(t) - 1 for t in tails if t.isdecimal()} | {slot for slot, _ in self.bodies}

    def row(self, replica, slot):
        """A record's bytes as a copy shows it."""
        revision = replica.revision[slot]
        known = self.cache.get(slot)
        if known and known[0] == revision:
            return known[1]
        body = self.bodies.get((slot, revision))
        if body is None:
            body = self.renderer.render(slot, revision, replica.add[slot], replica.update[slot])
        if len(self.cache) >= 60_000:
            self.cache.clear()
        self.cache[slot] = revision, body
        return body

    def rows(self, replica, slots):
        return [self.row(replica, s) for s in slots]

    def item(self, replica, slot):
        """A record parsed, {} if its bytes are no JSON."""
        try:
            item = parse(self.row(replica, slot))
        except ValueError:
            return {}
        return item if isinstance(item, dict) else {}

    def value(self, replica, slot, attr):
        if attr == "serialNo" and (slot, replica.revision[slot]) not in self.bodies:
            return self.renderer.serial(slot, (replica.add[slot] or EPOCH * 1000) // 1000)
        if attr == "num_3" and not self.form and (slot, replica.revision[slot]) not in self.bodies:
            return Num(self.renderer.parent_id(slot))
        if attr in ("addTime", "updateTime"):
            ms = (replica.add if attr == "addTime" else replica.update)[slot]
            return Num(Decimal(ms) / 1000) if ms else None
        item = self.item(replica, slot)
        data = item.get("data")
        return item.get(attr) if attr in ITEM_ATTRS else data.get(attr) if isinstance(data, dict) else None

    # changes

    def stamp(self):
        return int(self.tenant.clock.now()) * 1000 + (700 if self.tenant.switches.fractions != "off" else 0)

    def change(self, slot, add, update, body=None):
        """A new state of a slot, in the truth now and in the copies when it is due."""
        truth = self.truth
        revision = truth.revision[slot] + 1 if slot < len(truth.revision) else 0
        if body is not None:
            self.bodies[slot, revision] = body
        truth.put(slot, add, update, revision)
        if self.shown[0] is not truth:
            now, switches = self.tenant.clock.now(), self.tenant.switches
            for replica in self.shown:
                jitter = switches.lag_jitter == "on" or len(self.shown) > 1
                due = now + switches.lag * (self.tenant.rng.random() if jitter else 1)
                self.pending.append((due, replica, slot, add, update, revision))
        data_id = self.ids[slot]
        if self.marked and add is None:
            self.always.discard(data_id)
        elif self.marked:
            self.ever.add(data_id)
            self.versions.append((data_id, update // 1000))

    def settle(self):
        """Copies show what is due."""
        if not self.pending:
            return
        now, later = self.tenant.clock.now(), deque()
        for entry in self.pending:
            due, replica, slot, add, update, revision = entry
            if due > now:
                later.append(entry)
            elif slot >= len(replica.revision) or replica.revision[slot] < revision:
                replica.put(slot, add, update, revision)
        self.pending = later

    def reshow(self):
        """After a change of the switches that say who shows what when, or how."""
        switches = self.tenant.switches
        self.pending.clear()
        copies = switches.replicas if switches.replicas > 1 or switches.lag > 0 else 0
        self.shown = [self.truth.twin() for _ in range(copies)] or [self.truth]
        self.redraw()

    def redraw(self):
        self.cache.clear()
        for replica in {id(r): r for r in [self.truth, *self.shown]}.values():
            replica.columns.clear()
            replica.version += 1

    def shift_fractions(self, on):
        truth = self.truth
        for name in ("add", "update"):
            times = getattr(truth, name)
            for slot, ms in enumerate(times):
                if ms:
                    times[slot] = ms // 1000 * 1000 + (700 if on else 0)
        for index, times in (("by_add", truth.add), ("by_update", truth.update)):
            setattr(truth, index, array("q", sorted(times[k & SLOT_MASK] << SLOT_BITS | k & SLOT_MASK
                                                    for k in getattr(truth, index))))

    def insert(self, data_id, add, update, body=None):
        """A new record; data_id None takes the next one."""
        slot = len(self.ids)
        if slot > SLOT_MASK:
            raise Refused("the list is full")
        if data_id is None:
            data_id = self.first_id + slot
        self.ids.append(data_id)
        if data_id != self.first_id + slot:
            self.others[data_id] = slot
        self.change(slot, add, update, body)
        return data_id

    def touch(self, slot, at=None, add=None, fields=None):
        """An edit: updateTime moves to now (or at, ms), and something in the record changes."""
        update = self.stamp() if at is None else at
        truth, body = self.truth, None
        add = truth.add[slot] if add is None else add
        if fields is not None or (slot, truth.revision[slot]) in self.bodies:
            item = self.item(truth, slot)
            if item:
                item["addTime"], item["updateTime"] = (parse(self.renderer.time(t)) for t in (add, update))
                if isinstance(item.get("data"), dict):
                    item["data"].update(fields or {})
                body = dump(item).encode()
            else:
                body = self.row(truth, slot)
        self.change(slot, add, update, body)

    def drop(self, slot):
        self.removed.append(slot)
        self.change(slot, None, None)

    def mutate(self, kind, rng, spread):
        """One change of a kind by chance."""
        slots = self.truth.by_id
        if kind == "add":
            now = self.stamp()
            self.insert(None, now, now)
        elif slots:
            slot = slots[rng.randrange(len(slots))]
            if kind == "drop":
                self.drop(slot)
            else:
                self.touch(slot, self.stamp() - (rng.randrange(spread) * 1000 if kind == "back-date" else 0))

    def pick(self, what):
        """Slots by id=."""
        slots = self.truth.by_id
        if what == "all":
            return list(slots)
        if what in ("first", "last", "random"):
            if not slots:
                raise Refused("the list is empty")
            return [{"first": slots[0], "last": slots[-1]}.get(what, self.tenant.rng.choice(slots))]
        found = []
        for part in str(what).split(","):
            slot = self.slot_of(int(part))
            if slot is None or not self.truth.live[slot]:
                raise Refused(f"no record {part}")
            found.append(slot)
        return found

    def mark(self):
        self.marked = True
        truth = self.truth
        self.always = {self.ids[s] for s in truth.by_id}
        self.ever = set(self.always)
        self.versions = [(self.ids[s], truth.update[s] // 1000) for s in truth.by_id]

    def everything(self):
        return [self.row(self.truth, s) for s in self.truth.by_id]

    def __len__(self):
        return len(self.truth.by_id)
