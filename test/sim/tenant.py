"""A company of whatever platform: clock, switches, log, limits, faults and holds."""
import copy
import random
import time
from collections import deque

from .clock import Clock, shanghai_day
from .switches import Switches, switch_value


class Entry:
    """A line of the request log."""
    __slots__ = ("start", "path", "page", "size", "cond", "result", "rows", "bytes", "user", "params", "headers",
                 "body", "clock", "identity")

    def __init__(self, path):
        self.start, self.path, self.page, self.size, self.cond, self.result = time.monotonic(), path, "-", "-", "-", "-"
        self.rows, self.bytes, self.user, self.params, self.headers, self.body, self.clock = 0, 0, "-", "-", "-", "-", 0
        self.identity = "-"

    def again(self):
        """The line of the same request, now."""
        other = copy.copy(self)
        other.start = time.monotonic()
        return other


class Tenant:
    """A company: a world of its own.  A platform adds what it keeps for one."""

    def __init__(self, corpid, log_limit):
        self.corpid, self.token = corpid, "t0ken"
        self.switches, self.version = Switches(), 0
        self.clock, self.rng = Clock(), random.Random(1)
        self.log, self.requests = deque(maxlen=log_limit), 0
        self.running, self.peak, self.connections = 0, 0, set()
        self.faults, self.scheduled, self.holds = [], [], {}
        self.second, self.minute, self.day, self.today = deque(), deque(), 0, ""
        self.port = None

    def set(self, name, text):
        setattr(self.switches, name, switch_value(name, text))
        self.version += 1

    def settle(self):
        """What is due by the clock shows."""

    def before_request(self):
        """Time passes between two requests."""
        self.requests += 1
        if self.switches.pace:
            self.clock.base += self.switches.pace

    def still(self):
        """Does the same request get the same answer until the next order?"""
        s = self.switches
        return self.clock.frozen and not (self.scheduled or self.faults or self.holds or s.pace or s.latency
                                          or s.limit_second or s.limit_minute or s.limit_day)

    def held(self, connection, entry, go_on):
        """Keeps a request where a hold wants it."""
        takers = [hold for hold in self.holds.values() if hold.takes(entry)]
        if not takers:
            return False
        connection.hold = takers[0]
        takers[0].waiting[connection] = go_on
        if takers[0].until == len(takers[0].waiting):
            self.release(takers[0])
        return True

    def release(self, *holds):
        """The holds are no more, and what waited there goes on in the order of its coming."""
        for hold in holds:
            self.holds.pop(hold.name, None)
        for hold in holds:
            while hold.waiting:
                connection = next(iter(hold.waiting))
                connection.hold = None
                hold.waiting.pop(connection)()

    def over_limit(self):
        """The limit that refuses a call, (its name, calls), or None; counts the call."""
        switches, now, refusal = self.switches, time.monotonic(), None
        today = shanghai_day(self.clock.now())
        if today != self.today:
            self.today, self.day = today, 0
        for calls, length in ((self.second, 1.0), (self.minute, 60.0)):
            while calls and calls[0] <= now - length:
                calls.popleft()
        if 0 < switches.limit_day <= self.day:
            refusal = "day", switches.limit_day
        elif 0 < switches.limit_minute <= len(self.minute):
            refusal = "minute", switches.limit_minute
        elif 0 < switches.limit_second <= len(self.second):
            refusal = "second", switches.limit_second
        if not refusal or switches.refused_counts == "on":
            self.second.append(now)
            self.minute.append(now)
            self.day += 1
        return refusal

    def abandon(self):
        """What is done for a company before it is forgotten."""
        self.release(*self.holds.values())
        if self.port:
            self.port.close()
