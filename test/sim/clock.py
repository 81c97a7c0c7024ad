"""A world's clock, and how its time is written."""
import functools
import time

EPOCH = 1_770_000_000
SHANGHAI = 8 * 3600


class Clock:
    """Epoch seconds of a world."""

    def __init__(self, base=EPOCH):
        self.base, self.since, self.frozen = float(base), time.monotonic(), False

    def now(self):
        return self.base if self.frozen else self.base + time.monotonic() - self.since

    def set(self, base):
        self.base, self.since = float(base), time.monotonic()

    def freeze(self, on):
        self.set(self.now())
        self.frozen = on


@functools.lru_cache(4096)
def day_name(day):
    return time.strftime("%Y%m%d", time.gmtime(day * 86400))


def shanghai_day(seconds):
    return day_name((seconds + SHANGHAI) // 86400)


@functools.lru_cache(64)
def http_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))
