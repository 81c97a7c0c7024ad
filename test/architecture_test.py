#!/usr/bin/env python3
"""doc/architecture.md is true: drawing, list of arrows, call tree of the sync, names and files.

The drawing has each module once, and all arrows of test/check_includes lead
downwards in it.  The call tree has every function of script/xbb_etl, and whoever
stands above another one calls it.  Every file in code type exists, and every
name in code type of "Where to change what" and of "The way of one row" is in the
sources, in a file that its row names if that names one.  Some numbers of the
documents are those of the sources.  Prints TAP.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = (ROOT / "doc" / "architecture.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```\n(.*?)^```$", TEXT, re.M | re.S)
DRAWING, GRAPH, TREE = BLOCKS
TREES = ("src", "script", "test")
# numbers of the documents: page, what stands around the number, file of the source, its name there
NUMBERS = (
    ("doc/architecture.md", r"needs it no more: at most (\d+) of them", "src/reader/reader_state.h", "MAX_PAGES"),
    ("doc/guarantees.md", r"A scan holds at most (\d+) pages", "src/reader/reader_state.h", "MAX_PAGES"),
    ("doc/reference.md", r"Up to (\d+) pages are held", "src/reader/reader_state.h", "MAX_PAGES"),
    ("test/unit/pager_drive.h", r"UNDELIVERED_PAGES\s+(\d+)", "src/reader/reader_state.h", "MAX_PAGES"),
    ("doc/reference.md", r"budgets for (\d+) accounts", "src/limiter/limiter_data.h", "LIMITER_ACCOUNTS"),
    ("doc/reference.md", r"counters for (\d+) rows", "src/limiter/limiter_data.h", "LIMITER_ROWS_KEPT"),
    ("doc/architecture.md", r"one condition takes \((\d+),", "src/base/limits.h", "API_CONDITION_VALUES"),
)
# words that are no names of ours
WORDS = {"LIKE", "xbb", "form_id", "user_id", "dataId", "work_mem"}


def arrows():
    done = subprocess.run([sys.executable, str(ROOT / "test" / "check_includes"), "--graph"], check=True,
                          capture_output=True, text=True)
    return done.stdout


def check_drawing():
    rows = {}
    for row, line in enumerate(DRAWING.splitlines()):
        for box in re.findall(r"│ +([a-z_.]+) +(?=│)", line):
            name = box.removesuffix(".c")
            if name in rows:
                yield f"{name} stands twice in the drawing"
            rows[name] = row
    for line in arrows().splitlines():
        module, _, below = line.partition(" -> ")
        if module not in rows:
            yield f"{module} is not in the drawing"
        for other in below.split():
            if other in rows and module in rows and rows[other] <= rows[module]:
                yield f"{module} may include {other}, which is not below it"


def check_graph():
    if GRAPH != arrows():
        yield from (f"not the same: {line}" for line in sorted(set(GRAPH.splitlines()) ^ set(arrows().splitlines())))


def bodies():
    """The text of each function of the sync's scripts, by its name."""
    found = {}
    for path in sorted((ROOT / "script" / "xbb_etl").glob("*.sql")):
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(r"^CREATE (?:FUNCTION|PROCEDURE) xbb\.(\w+)(.*?)(?=^CREATE |\Z)", text, re.M | re.S):
            found[match[1]] = match[2]
    return found


def check_tree():
    functions, stack, told = bodies(), [], set()
    text = re.sub(r"^used all over.*", lambda match: "\n".join(re.findall(r"\w+", match[0].removeprefix("used all over"))),
                  TREE, flags=re.M | re.S)
    for line in text.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        names = re.findall(r"\w+", re.split(r"\s{2,}", line.strip())[0])
        del stack[depth:]
        for name in names:
            told.add(name)
            if name not in functions:
                yield f"there is no function {name}"
            for above in stack[-1] if stack else []:
                if not re.search(rf"xbb\.{name}\b", functions.get(above, "")):
                    yield f"{above} does not call {name}"
        stack.append(names)
    yield from (f"{name} is not in the tree" for name in functions if name not in told)


def check_names():
    sources = {path: path.read_text(encoding="utf-8", errors="replace") for tree in TREES
               for path in (ROOT / tree).rglob("*") if path.is_file() and path.suffix in (".c", ".h", ".sql", ".py", ".sh", "")}
    sources[ROOT / "xbb_fdw.c"] = (ROOT / "xbb_fdw.c").read_text(encoding="utf-8")
    everything = "\n".join(sources.values())
    for place in re.findall(r"`((?:src|script|test|doc|sql)/[\w./]*)`", TEXT):
        if not (ROOT / place).exists():
            yield f"there is no {place}"
    for name in re.findall(r"`(\w+\.(?:c|h|sql|py))`", TEXT):
        if name != "xbb_fdw.c" and not any(path.name == name for path in sources):
            yield f"there is no file {name}"
    rows = [line for line in TEXT.split("## Where to change what")[1].splitlines() if line.startswith("|")]
    for row in rows + [TEXT.split("## The way of one row")[1].split("## Memory")[0]]:
        files = [text for path, text in sources.items() if f"`{path.relative_to(ROOT)}`" in row]
        for name in set(re.findall(r"`([A-Za-z_]\w+)`", row)) - WORDS:
            if not re.search(rf"\b{name}\b", everything):
                yield f"no source has {name}"
            elif files and row.startswith("|") and not any(re.search(rf"\b{name}\b", text) for text in files):
                yield f"none of the files of its row has {name}"


def check_numbers():
    for page, around, source, name in NUMBERS:
        said = re.findall(around, (ROOT / page).read_text(encoding="utf-8"))
        meant = re.findall(rf"^#define {name}\s+(\d+)", (ROOT / source).read_text(encoding="utf-8"), re.M)
        if len(said) != 1 or said != meant:
            yield f"{page} says {said} where {name} in {source} is {meant}"


def main():
    failed = False
    checks = (check_drawing, check_graph, check_tree, check_names, check_numbers)
    print(f"1..{len(checks)}")
    for number, check in enumerate(checks, 1):
        wrong = list(check())
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - the {check.__name__.removeprefix('check_')} of doc/architecture.md")
        for line in wrong:
            print("#", line)
    sys.exit(failed)


if __name__ == "__main__":
    main()
