"""Which requests a fault strikes or a hold keeps."""
import random

from .names import Refused, nearest


class Place:
    """Which requests are meant, by what they ask for."""

    def __init__(self, args):
        self.path, self.page, self.has = args.pop("path", None), args.pop("page", None), args.pop("has", None)
        self.seen = 0

    def matches(self, entry):
        """Counts the request if it is meant."""
        if self.path and entry.path != self.path or self.page and str(entry.page) != self.page \
                or self.has and f'"{self.has}"' not in entry.cond:
            return False
        self.seen += 1
        return True


class Hold(Place):
    """Requests that wait until they are released, before anybody looks at them."""

    def __init__(self, args):
        super().__init__(args)
        self.name, self.at = args.pop("name", "hold"), args.pop("at", "first")
        self.until, self.waiting = int(args.pop("until", 0)), {}
        self.times = int(args.pop("times", 0 if self.at == "every" else self.until or 1))
        if self.at not in ("first", "every") and not self.at.isdecimal():
            raise Refused("a request is held at=first, at=every or at=N")

    def takes(self, entry):
        first = int(self.at) if self.at.isdecimal() else 1
        return self.matches(entry) and self.seen >= first and not 0 < self.times <= self.seen - first


class Fault(Place):
    """One fault that waits for its request."""

    def __init__(self, args, faults):
        super().__init__(args)
        self.what = args.pop("what", None)
        if self.what not in faults:
            raise Refused(f"unknown fault {self.what}{nearest(str(self.what), faults)}")
        self.bend = faults[self.what]
        self.early = hasattr(self.bend, "early")
        self.at, self.of = args.pop("at", "first"), int(args.pop("of", 0))
        self.probability = float(args.pop("prob", 0))
        self.seed = int(args.pop("seed", 1))
        self.rng = random.Random(self.seed)
        self.times = int(args.pop("times", 0 if self.at == "every" or self.probability else 1))
        self.args, self.fired = args, 0
        if self.at not in ("first", "middle", "last", "every") and not self.at.isdecimal():
            raise Refused("at is first, middle, last, every or a number")

    def by_page(self):
        return self.at in ("middle", "last") and not self.of

    def due(self, entry):
        """Counts a request; is it struck?  Where the place is a page, strikes_page decides later."""
        if not self.matches(entry) or self.times and self.fired >= self.times:
            return False
        if self.probability:
            return self.draw(entry) < self.probability
        first = {"first": 1, "every": 1, "middle": (self.of + 1) // 2, "last": self.of}.get(self.at)
        return self.by_page() or self.seen >= (int(self.at) if first is None else first)

    def draw(self, entry):
        """By chance, but in an order that the seed fixes; or by what is asked, where that has a name of its own."""
        if entry.identity == "-":
            return self.rng.random()
        return random.Random(f"{self.seed} {self.what} {entry.identity}").random()

    def strikes_page(self, entry, pages):
        if not self.by_page():
            return True
        page = int(entry.page) if str(entry.page).isdecimal() else 1
        return page == max(1, (pages + 1) // 2) if self.at == "middle" else page >= max(1, pages)


def argument(f, name, default):
    return type(default)(f.args.get(name, default))


def early(bend):
    """Marks a fault that bends the question, not the answer."""
    bend.early = True
    return bend
