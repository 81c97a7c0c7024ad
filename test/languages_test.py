#!/usr/bin/env python3
"""The pages hang together, and the Chinese ones say what the English ones say.

Links lead somewhere, headings included; README.md is short.  Of each pair of
pages: the same headings by level, the same tables by rows and columns with the
same code in each row, the same statements and outputs (comments aside).  The
punctuation of Chinese text is Chinese.  Prints TAP.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAIRS = [("README.md", "README.zh-CN.md"),
         *((f"doc/{name}.md", f"doc/zh/{name}.md") for name in ("sync", "operations", "cookbook", "targets", "push", "alerts", "monitoring", "from-qeasy"))]
LINES = 200             # of README.md
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
COMMENT = re.compile(r"\s*(?:--|#) .*$", re.M)
CHINESE = r"[\u3400-\u9fff]"
HALF = re.compile(rf"{CHINESE}\s?[,;:!?()]|[,;:!?()]\s?{CHINESE}")


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def without_code(text):
    return FENCE.sub("", text)


def headings(text):
    return re.findall(r"^(#+) (.*)$", without_code(text), re.M)


def anchors(text):
    """How a heading is named in links, as GitHub does it."""
    names = [re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for _, title in headings(text)]
    return set(names)


def tables(text):
    """Lists of rows, a row being its cells."""
    found, before = [], ""
    for line in without_code(text).splitlines():
        if line.startswith("|"):
            if not before.startswith("|"):
                found.append([])
            found[-1].append(re.split(r"(?<!\\)\|", line.strip().strip("|")))
        before = line
    return found


def code(row):
    return sorted(re.findall(r"`([^`]+)`", "|".join(row)))


def statements(text):
    """Of all blocks, but drawings and files: the language, or "output" right below statements, and the words."""
    found, end = [], 0
    for match in FENCE.finditer(text):
        language = match[1] or ("output" if end and not text[end:match.start()].strip() else "")
        if language:
            found.append((language, COMMENT.sub("", match[2]).split()))
        end = match.end()
    return found


def links(name):
    for label, target in re.findall(r"\[([^\]]*)\]\(([^)\s]+)\)", without_code(read(name))):
        if re.match(r"[a-z]+:", target):
            continue
        page, _, anchor = target.partition("#")
        path = (ROOT / name).parent / page if page else ROOT / name
        if not path.exists():
            yield f"[{label}]: there is no {target}"
        elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text(encoding="utf-8")):
            yield f"[{label}]: there is no heading {target}"


def compare(english, chinese):
    one, two = read(english), read(chinese)
    levels = [[level for level, _ in headings(text)] for text in (one, two)]
    if levels[0] != levels[1]:
        yield f"headings: {' '.join(levels[0])} and {' '.join(levels[1])}"
    rows = [tables(text) for text in (one, two)]
    if [len(table) for table in rows[0]] != [len(table) for table in rows[1]]:
        yield f"rows of tables: {[len(table) for table in rows[0]]} and {[len(table) for table in rows[1]]}"
    else:
        for here, there in zip(sum(rows[0], []), sum(rows[1], [])):
            if len(here) != len(there) or code(here) != code(there):
                yield f"table: |{'|'.join(here)}| and |{'|'.join(there)}|"
    blocks = [statements(text) for text in (one, two)]
    if len(blocks[0]) != len(blocks[1]):
        yield f"{len(blocks[0])} and {len(blocks[1])} blocks"
    for here, there in zip(*blocks):
        if here != there:
            yield f"block: {' '.join(here[1])} and {' '.join(there[1])}"


def punctuation(name):
    text = re.sub(r"`[^`]*`|\]\([^)]*\)", "", without_code(read(name)))
    for line in text.splitlines():
        for match in HALF.finditer(line):
            yield f"half width: {line[max(0, match.start() - 10):match.end() + 10]}"


def report(what, problems):
    problems = list(problems)
    print(f"{'not ok' if problems else 'ok'} - {what}")
    for problem in problems:
        print("#", problem)
    return bool(problems)


def main():
    pages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "src/pager/README.md",
             *(str(path.relative_to(ROOT)) for path in sorted(ROOT.glob("doc/*.md")))]
    pages += [chinese for _, chinese in PAIRS]
    failed = False
    for name in pages:
        if (ROOT / name).exists():
            failed = report(f"links of {name}", links(name)) or failed
    lines = read("README.md").count("\n")
    failed = report(f"README.md has at most {LINES} lines", [str(lines)] if lines > LINES else []) or failed
    for english, chinese in PAIRS:
        if (ROOT / chinese).exists():
            failed = report(f"{chinese} says what {english} says", compare(english, chinese)) or failed
            failed = report(f"punctuation of {chinese}", punctuation(chinese)) or failed
    sys.exit(failed)


if __name__ == "__main__":
    main()
