"""What a copy of a list shows, and in which order."""
import bisect
import copy
from array import array

from .xbb_condition import TIME_MAX

SLOT_BITS = 22                  # a list holds at most 4 million records
SLOT_MASK = (1 << SLOT_BITS) - 1


class Replica:
    """What one copy of a list shows: which slots live, their times and revisions, and indexes by time and id."""

    def __init__(self, store):
        self.store = store
        self.add, self.update, self.revision = array("q"), array("q"), array("l")
        self.by_add, self.by_update, self.by_id = array("q"), array("q"), array("q")
        self.live = bytearray()
        self.version, self.columns = 0, {}

    def load(self, times):
        """Fills an empty copy with slots 0 to n."""
        n = len(times)
        self.add = array("q", (a for a, _ in times))
        self.update = array("q", (u for _, u in times))
        self.revision, self.live = array("l", bytes(8 * n)), bytearray(b"\1" * n)
        self.by_add = array("q", sorted(a << SLOT_BITS | s for s, a in enumerate(self.add)))
        self.by_update = array("q", sorted(u << SLOT_BITS | s for s, u in enumerate(self.update)))
        self.by_id = array("q", range(n))

    def twin(self):
        other = copy.copy(self)
        for name in ("add", "update", "revision", "by_add", "by_update", "by_id", "live"):
            setattr(other, name, copy.copy(getattr(self, name)))
        other.columns = {}
        return other

    def put(self, slot, add, update, revision):
        """Makes a slot show this state; None for add removes it."""
        ids = self.store.ids
        while len(self.live) <= slot:
            for part, empty in ((self.live, 0), (self.add, 0), (self.update, 0), (self.revision, -1)):
                part.append(empty)
        if self.live[slot]:
            self.take(self.by_add, self.add[slot] << SLOT_BITS | slot)
            self.take(self.by_update, self.update[slot] << SLOT_BITS | slot)
            self.live[slot] = 0
            if add is None:
                del self.by_id[bisect.bisect_left(self.by_id, ids[slot], key=ids.__getitem__)]
        elif add is not None:
            bisect.insort(self.by_id, slot, key=ids.__getitem__)
        self.revision[slot] = revision
        if add is not None:
            add, update = (min(max(t, 0), TIME_MAX) for t in (add, update))
            self.add[slot], self.update[slot], self.live[slot] = add, update, 1
            bisect.insort(self.by_add, add << SLOT_BITS | slot)
            bisect.insort(self.by_update, update << SLOT_BITS | slot)
        self.version += 1
        for column in self.columns.values():
            column.pop(slot, None)

    @staticmethod
    def take(index, key):
        del index[bisect.bisect_left(index, key)]

    def value(self, slot, condition):
        """The value that a condition looks at, remembered by column."""
        column = self.columns.setdefault(condition.attr, {})
        if slot not in column:
            column[slot] = self.store.value(self, slot, condition.attr)
        return column[slot]

    def select(self, conditions, switches):
        """The slots that match, in the list's order: an object with a length and slices."""
        windows, rest, slots = {"addTime": (0, TIME_MAX), "updateTime": (0, TIME_MAX)}, [], None
        for condition in conditions:
            if condition.compares_time() and not condition.never \
                    and (condition.symbol not in ("equal", "in") or len(condition.values) == 1):
                low, high = windows[condition.attr]
                other = condition.window(switches)
                windows[condition.attr] = max(low, other[0]), min(high, other[1])
            elif condition.attr == "dataId" and condition.symbol in ("equal", "in") and not condition.never \
                    and slots is None:
                slots = {self.store.slot_of(int(n)) for n in condition.numbers if n is not None and n == int(n)}
                slots = self.living(slots)
            else:
                if condition.attr == "serialNo" and condition.symbol in ("equal", "in") and slots is None \
                        and switches.text_case == "exact" and switches.types == "loose":
                    slots = self.living(self.store.serial_slots(condition.values))
                rest.append(condition)
        by, _, way = switches.order.partition("-")
        index = {"add": self.by_add, "update": self.by_update}.get(by)
        if not rest and slots is None:
            ranges = {"add": self.span(self.by_add, windows["addTime"]),
                      "update": self.span(self.by_update, windows["updateTime"])}
            whole = [k for k, r in ranges.items() if r == (0, len(self.by_add))]
            if by in ranges and ("add" if by == "update" else "update") in whole:
                return Span(index, *ranges[by], way == "desc")
            if by == "id" and len(whole) == 2:
                return Span(self.by_id, 0, len(self.by_id), way == "desc")
        chosen = self.candidates(slots, windows)
        for condition in rest:
            chosen = [s for s in chosen if condition.matches(self.value(s, condition), switches)]
        if by == "id":
            chosen.sort(key=self.store.ids.__getitem__, reverse=way == "desc")
        else:
            times = self.add if by == "add" else self.update
            chosen.sort(key=lambda s: times[s] << SLOT_BITS | s, reverse=way == "desc")
        return chosen

    def living(self, slots):
        return [s for s in slots if s is not None and 0 <= s < len(self.live) and self.live[s]]

    @staticmethod
    def span(index, window):
        low, high = window
        if low > high:
            return 0, 0
        start = bisect.bisect_left(index, low << SLOT_BITS)
        end = len(index) if high >= TIME_MAX else bisect.bisect_left(index, (high + 1) << SLOT_BITS)
        return start, max(start, end)

    def candidates(self, slots, windows):
        """Slots within both windows, from the narrower index."""
        (a1, a2), (u1, u2) = windows["addTime"], windows["updateTime"]
        if slots is None:
            spans = [(index, *self.span(index, w)) for index, w in ((self.by_add, (a1, a2)), (self.by_update, (u1, u2)))]
            index, start, end = min(spans, key=lambda s: s[2] - s[1])
            slots = [k & SLOT_MASK for k in index[start:end]]
        add, update = self.add, self.update
        return [s for s in slots if a1 <= add[s] <= a2 and u1 <= update[s] <= u2]

    def shuffled(self, slots, switches, rng):
        """The same order with ties in a random one."""
        by, _, way = switches.order.partition("-")
        if by == "id":
            return slots
        times = self.add if by == "add" else self.update
        sign = -1 if way == "desc" else 1
        return sorted(slots, key=lambda s: (sign * times[s], rng.random()))


class Span:
    """A stretch of an index, read in one direction, without a copy."""
    __slots__ = ("index", "start", "end", "backwards")

    def __init__(self, index, start, end, backwards):
        self.index, self.start, self.end, self.backwards = index, start, end, backwards

    def __len__(self):
        return self.end - self.start

    def __getitem__(self, part):
        first, last, _ = part.indices(len(self))
        if self.backwards:
            first, last = len(self) - last, len(self) - first
        slots = [k & SLOT_MASK for k in self.index[self.start + first:self.start + max(first, last)]]
        return slots[::-1] if self.backwards else slots

    def __iter__(self):
        return iter(self[0:len(self)])
