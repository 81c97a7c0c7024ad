"""Which mutants are drawn, what is known of them, and the report of it."""
import collections
import glob
import hashlib
import json
import os
import re

from generate import OPERATORS, Source

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
# their files in folders of src/
MODULES = {"plan": "plan*.c", "scan": "scan*.c", "condition": "condition*.c", "reader": "read*.c"}
CAUGHT, SURVIVED = "caught", "survived"
# results of mutants that do not count, and others are drawn for
UNCOUNTED = {
    "no build": "do not build",
    "no load": "do not load, or do not plan SELECT *",
    "same code": "compile to the code of the unchanged source",
    "twin": "compile to the code of another mutant",
}


def read_mutants(tree, operators=OPERATORS):
    """Module: its mutants by name."""
    found = {}
    for module, names in MODULES.items():
        found[module] = {}
        for path in sorted(glob.glob(f"{tree}/src/*/{names}")):
            with open(path, encoding="utf-8") as file:
                source = Source(os.path.relpath(path, tree), file.read())
            found[module].update((mutant.name, mutant) for mutant in source.mutants if mutant.operator in operators)
    return found


def read_explained():
    explained = {}
    path = f"{TREE}/test/mutants.explained"
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.strip() and not line.startswith("#"):
                    name, _, sentence = line.strip().partition(" ")
                    explained[name] = sentence.strip()
    return explained


class Results:
    """What is known of mutants: lines of JSON, the last one of a name counts."""

    def __init__(self, descriptor):
        self.descriptor = descriptor
        self.known = {}
        os.lseek(descriptor, 0, os.SEEK_SET)
        with os.fdopen(os.dup(descriptor), encoding="utf-8") as file:
            for line in file:
                try:
                    self.keep(json.loads(line))
                except ValueError:
                    pass        # the run was interrupted while writing it

    def keep(self, result):
        if result["result"] == "forgotten":
            self.known.pop(result["name"], None)
        else:
            self.known[result["name"]] = result

    def add(self, **result):
        """Appends a line at once, so that several runs may share the file."""
        self.keep(result)
        os.write(self.descriptor, f"{json.dumps(result)}\n".encode())

    def of(self, mutant):
        return self.known.get(mutant.name, {}).get("result")


class Draw:
    """The order in which a seed draws, and how many of each module."""

    def __init__(self, mutants, seed, count):
        self.each = -(-count // len(MODULES))
        self.order = {module: sorted(of_module.values(), key=lambda mutant: self.lot(seed, mutant))
                      for module, of_module in mutants.items()}

    @staticmethod
    def lot(seed, mutant):
        """An edit elsewhere does not change a mutant's place in the draw."""
        return hashlib.sha256(f"{seed}:{mutant.name}".encode()).digest()

    def drawn(self, module, results):
        """The mutants of a module so far: those that do not count, too, and others instead."""
        counted = 0
        for mutant in self.order[module]:
            if counted == self.each:
                return
            counted += results.of(mutant) not in UNCOUNTED
            yield mutant


def share(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "-"


def show_list(draw, modules, results):
    for module in modules:
        for mutant in draw.drawn(module, results):
            known = results.known.get(mutant.name, {})
            print(f"{mutant.name:55} {known.get('result', ''):9} {known.get('by', '')}")


def report(draw, modules, results):
    """Prints the totals; true if all is run and all survivors are explained."""
    explained = read_explained()
    rows = collections.defaultdict(collections.Counter)
    uncounted, by, survivors = collections.Counter(), collections.Counter(), []
    for module in modules:
        for mutant in draw.drawn(module, results):
            result = results.of(mutant)
            if result in UNCOUNTED:
                uncounted[result] += 1
                continue
            if result == SURVIVED:
                survivors.append(mutant)
                result = "explained" if mutant.name in explained else SURVIVED
            if result == CAUGHT:
                # not by which file of sql/
                by[re.sub(r"^sql [^ ]+", "sql", results.known[mutant.name]["by"])] += 1
            for key in (module, mutant.operator, "all"):
                rows[key][result or "left"] += 1
    columns = (CAUGHT, SURVIVED, "explained", "left")
    print(f"{'':12}{'counted':>10}" + "".join(f"{column:>10}" for column in columns))
    for key in (*modules, *sorted(set(rows) & set(OPERATORS)), "all"):
        print(f"{key:12}{sum(rows[key].values()):10}" + "".join(f"{rows[key][column]:10}" for column in columns))
    print("\ncaught by: " + ", ".join(f"{what} {n}" for what, n in by.most_common()))
    print("not counted: " + "; ".join(f"{n} {UNCOUNTED[what]}" for what, n in uncounted.most_common()))
    for mutant in survivors:
        print(f"\n{mutant.name}\n{explained.get(mutant.name, 'NOT EXPLAINED')}\n{mutant.diff()}", end="")
    for name in explained:
        if results.known.get(name, {}).get("result") == CAUGHT:
            print(f"\n{name} is explained, but caught")
    total = rows["all"]
    counted = sum(total.values())
    print(f"\ncaught {total[CAUGHT]} of {counted}: {share(total[CAUGHT], counted)}; without those explained, "
          f"of {counted - total['explained']}: {share(total[CAUGHT], counted - total['explained'])}")
    return not total["left"] and not total[SURVIVED]
