#!/usr/bin/env python3
"""The statements of doc/cookbook.md and its claims hold, as they stand.

Runs its sql blocks in their order in one session, against the simulator with a
list that has what the text speaks of: a value that does not fit, two records
with one serial number, parents, a category tree.  Each column of booleans must
be true.  Wants a server (PGHOST, PGDATABASE, with the extension) and the
simulator (XBB_SIM_URL, XBB_SIM).  Prints TAP.
"""
import os
import pathlib
import re
import subprocess
import sys

TEXT = (pathlib.Path(__file__).resolve().parent.parent / "doc" / "cookbook.md").read_text(encoding="utf-8")
CORPID = f"dingCookbook-{os.getpid()}"


def ctl(*words):
    subprocess.run([sys.executable, os.environ["XBB_SIM"], "ctl", CORPID, *words], check=True)


def blocks():
    """Pairs of the line where a block begins and its statements."""
    for match in re.finditer(r"^```sql\n(.*?)^```$", TEXT, re.M | re.S):
        yield TEXT.count("\n", 0, match.start()) + 2, match[1]


def main():
    ctl("create", "token=t0ken", "products=730", "--", "touch", "id=51200010", '{"num_1": "12 pieces"}', "--",
        "touch", "id=51200020", '{"num_1": -1}', "--", "touch", "id=51200030", '{"serialNo": "CP-0031"}', "--",
        "touch", "id=51200031", '{"serialNo": "CP-0031"}')
    found = list(blocks())
    script = "".join(f"\\echo block {line}\n{text}\n" for line, text in found)
    script = script.replace("http://127.0.0.1:8080", os.environ["XBB_SIM_URL"]).replace("ding_demo", CORPID)
    done = subprocess.run(["psql", "-Xqx", "-v", "ON_ERROR_STOP=1"], input=script, capture_output=True, text=True,
                          env=os.environ | {"PGOPTIONS": "-c client_min_messages=warning"})
    reached = [int(line) for line in re.findall(r"^block (\d+)$", done.stdout, re.M)]
    good = not done.stderr
    for line, _ in found:
        print(f"{'ok' if good or line in reached[:-1] else 'not ok'} - the statements from line {line}")
    claims = re.findall(r"^(complete|plausible|once|same|loaded) *\| (\S+)$", done.stdout, re.M)
    names = [name for name, _ in claims]
    print("ok" if len(names) == len(set(names)) == 5 and all(value == "t" for _, value in claims) else "not ok",
          "- what it claims:", ", ".join(f"{name} = {value}" for name, value in claims))
    kinds = re.findall(r"^kind *\| (.*)$", done.stdout, re.M)
    print("ok" if kinds[:2] == ["value", "constraint"] else "not ok", "- rejects:", ", ".join(kinds))
    print("ok" if re.search(r"^price *\| 12 pieces$", done.stdout, re.M) else "not ok", "- with what they held")
    print(done.stderr, end="", file=sys.stderr)
    ctl("remove")


main()
