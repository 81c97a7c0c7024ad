"""The runner: counts, keeps a state, shrinks and prints what differs."""
import collections
import json
import multiprocessing
import os
import time

from .compare import Sides
from .schema import relations
from .shrink import shrink
from .statement import make

CHUNK = 25
EXPLAINED = 4                           # one query in so many tells its plans
CONSTRUCTS = ["inner join", "left join", "full join", "semi join", "anti join", "lateral", "select in targets", "select in where",
              "select in having", "in", "exists", "union all", "partitioned", "inheritance", "cte", "window", "distinct on",
              "limit below", "computed", "set-returning", "group outer", "barrier", "function", "prepared", "cursor", "matview",
              "merge", "update", "aggregate", "group by", "count", "great limit", "whole row", "recursive", "constant", "not in", "row comparison",
              "self join", "set operation", "grouping sets", "array_agg", "limit parameter", "count by times", "held cursor"]


class Worker:
    """Runs chunks of queries in a process of its own."""

    def __init__(self, seed):
        self.seed, self.rels, self.sides = seed, relations(), Sides()

    def query(self, number):
        return make(self.seed, number, self.rels)

    def chunk(self, numbers, until):
        """(Counter, differences) of a chunk of numbers; with until, it ends with the first difference."""
        counts, wrong = collections.Counter(), []
        for number in numbers:
            query = self.query(number)
            explain = number % EXPLAINED == 0
            outcome = self.sides.outcome(query, explain)
            counts["queries"] += 1
            counts.update("has " + tag for tag in query.tags)
            if outcome.failed:
                counts["failed"] += 1
                counts["failed " + outcome.failed] += 1
            counts["rows"] += outcome.rows
            counts["slow"] += outcome.slow
            if outcome.plans:
                counts["explained"] += 1
                for name in ("scans", "sent", "rescanned"):
                    counts[name] += outcome.plans[name]
                counts.update("node " + name for name in outcome.plans["nodes"])
            if outcome.kind:
                wrong.append([number, outcome.kind])
                if until:
                    break
        return counts, wrong


worker = None


def begin(seed):
    global worker
    worker = Worker(seed)


def work(order):
    return worker.chunk(*order)


class State:
    """What has been done; in a file if there is one."""

    def __init__(self, path, seed, first):
        self.path, self.seed, self.first = path, seed, first
        self.done, self.counts, self.wrong = 0, collections.Counter(), []
        if path and os.path.exists(path):
            with open(path, encoding="utf-8") as file:
                kept = json.load(file)
            if (kept["seed"], kept["first"]) != (seed, first):
                raise ValueError(f"{path} is of seed {kept['seed']} from query {kept['first']} on")
            self.done, self.wrong = kept["done"], kept["differences"]
            self.counts.update(kept["counts"])

    def save(self):
        if not self.path:
            return
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            json.dump({"seed": self.seed, "first": self.first, "done": self.done, "counts": dict(self.counts),
                       "differences": self.wrong}, file)
        os.replace(self.path + ".new", self.path)


def run(state, queries, most, processes=3):
    """Runs queries up to the number wanted, or until so many differ."""
    if len(state.wrong) >= most:
        return
    start, saved = time.monotonic(), time.monotonic()
    numbers = range(state.first + state.done, state.first + queries)
    orders = [(list(numbers[n:n + CHUNK]), most == 1) for n in range(0, len(numbers), CHUNK)]
    with multiprocessing.get_context("fork").Pool(processes, begin, (state.seed,)) as pool:
        for counts, wrong in pool.imap(work, orders):
            state.done += counts["queries"]
            state.counts.update(counts)
            state.wrong += wrong
            if time.monotonic() - saved > 5:
                state.save()
                saved = time.monotonic()
            if len(state.wrong) >= most:
                pool.terminate()
                break
    state.counts["seconds"] += round(time.monotonic() - start)
    state.save()


def script(query):
    """What to paste into psql, in the database of a run."""
    lines = ["RESET ALL;", *(f"{each};" for each in query.common()), *(f"{each};" for each in query.own())]
    if query.way in ("merge", "update", "write"):
        lines.append("CREATE TEMP TABLE scratch AS TABLE shared.scratch;")
    for side in ("here", "there"):
        lines.append(f"SET search_path = {side}, shared, public;")
        lines += [f"{each};" for each in query.statements()]
    return lines


def tell(state, number, kind, small=True):
    """Prints a difference, shrunk."""
    one = Worker(state.seed)
    query = one.query(number)
    whole = one.sides.outcome(query)
    print(f"# --- query {number} of seed {state.seed}: {kind}"
          f"{'' if whole.kind else ' (alone, it does not differ: what ran before it matters)'}")
    if whole.kind and small:
        query = shrink(query, lambda each: one.sides.outcome(each).kind == whole.kind)
        whole = one.sides.outcome(query)
    for line in [*script(query), *whole.details]:
        print("#   " + line.replace("\n", "\n#   "), flush=True)


class Tap:
    def __init__(self):
        self.number, self.bad = 0, 0

    def ok(self, good, text):
        self.number += 1
        self.bad += not good
        print(f"{'ok' if good else 'not ok'} {self.number} - {text}", flush=True)


def report(state, tap):
    """The shares; as tests, where there are enough queries for them and all agree."""
    counts = state.counts
    tested = counts["queries"] >= 1000 and not state.wrong
    total, explained = max(1, counts["queries"]), max(1, counts["explained"])
    shares = [("return rows", counts["rows"] / total, 0.70), ("send a condition", counts["sent"] / explained, 0.60),
              ("rescan a foreign table three times or more", counts["rescanned"] / explained, 0.20)]
    for text, share, least in shares:
        line = f"{100 * share:.1f} % of the queries {text}, at least {100 * least:.0f} are wanted"
        if tested:
            tap.ok(share >= least, line)
        else:
            print("# " + line)
    for tag in CONSTRUCTS:
        share = counts["has " + tag] / total
        if tested:
            tap.ok(share >= 0.01, f"{100 * share:.1f} % have: {tag}")
        else:
            print(f"# {100 * share:.1f} % have: {tag}")
    print(f"# {counts['failed']} queries fail on both sides: " +
          ", ".join(f"{name[7:]} {n}" for name, n in sorted(counts.items()) if name.startswith("failed ")))
    print(f"# {counts['slow']} took more than 20 s; {total / max(1, counts['seconds']):.0f} queries a second")
    print("# plan nodes: " + ", ".join(f"{name[5:]} {100 * n / explained:.1f} %" for name, n in counts.most_common()
                                       if name.startswith("node ")))
