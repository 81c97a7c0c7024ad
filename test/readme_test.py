#!/usr/bin/env python3
"""The option tables of the READMEs say what xbb.options() says.

The table rows that begin with an option's name in backquotes must hold its
default and the ends of its range as they are; every option has such a row, and
every such row of the chapter is an option.  Wants a server (PGHOST, PGDATABASE,
with the extension).  Prints TAP.
"""
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHAPTERS = {"README.md": "Options", "README.zh-CN.md": "选项"}


def options():
    """name -> the texts that its row must hold."""
    rows = subprocess.run(
        ["psql", "-XqAt", "-F", "\t", "-c",
         """SELECT name, "default", min, max FROM xbb.options()"""],
        check=True, capture_output=True, text=True).stdout
    found = {}
    for row in rows.splitlines():
        name, *texts = row.split("\t")
        found.setdefault(name, set()).update(text for text in texts if text)
    return found


def documented(text, chapter):
    """name -> the words of its rows, from the tables of the chapter."""
    parts = re.split(r"^##(?=[^#])", text, flags=re.M)
    found = {}
    for part in parts:
        if not part.splitlines()[0].strip().startswith(chapter):
            continue
        for name, rest in re.findall(r"^\|\s*`([a-z_]+)`\s*\|(.*)\|\s*$", part, flags=re.M):
            found.setdefault(name, set()).update(re.split(r"[\s|`',;()–]+", rest))
    return found


def compare(name, chapter):
    data = options()
    rows = documented((ROOT / name).read_text(encoding="utf-8"), chapter)
    wrong = [f"{name} has no row for option {option}" for option in data if option not in rows]
    wrong += [f"{name} has a row for {option}, which is no option" for option in rows if option not in data]
    for option, texts in data.items():
        wrong += [f"{name}: no row of {option} has {text}" for text in sorted(texts)
                  if option in rows and text not in rows[option]]
    return wrong


def main():
    failed = False
    print(f"1..{len(CHAPTERS)}")
    for number, (name, chapter) in enumerate(CHAPTERS.items(), 1):
        if not (ROOT / name).exists():
            print(f"ok {number} # SKIP there is no {name}")
            continue
        wrong = compare(name, chapter)
        failed = failed or bool(wrong)
        print(f"{'not ok' if wrong else 'ok'} {number} - the options of {name}")
        for line in wrong:
            print(f"# {line}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
