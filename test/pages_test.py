#!/usr/bin/env python3
"""What the pages of the documents say to type does what they say.

Every sql block of a page runs, in its order and in one session, on a server of
this test's own; where an output is printed, that is what comes (times with
fractions of a second aside), and nothing else is an error or a warning.  Of the
sh blocks those run that need neither root nor a build.  All pages but README.md
begin where README.md ends, and so does each paragraph and each row of a table with
statements in it, those that end in a semicolon.  Wants PostgreSQL's programs with
the extensions and the simulator (XBB_SIM_URL, XBB_SIM).  Prints TAP.

    test/pages_test.py [page ...]
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from pages.page import CRON, PROBLEM, ROOT, Block, Reader, blocks, wrong
from pages.server import Server
from pages import token

START = "README.md"
# statements in its running text are a superuser's, elsewhere etl's
ADMINISTRATION = ("doc/operations.md",)
PAGES = (START, "doc/sync.md", "doc/operations.md", "doc/reference.md", "doc/errors.md", "doc/cookbook.md", "doc/targets.md",
         "doc/push.md", "doc/alerts.md", "doc/monitoring.md", "doc/from-qeasy.md")
CONTRACT = """[{"attr": "serialNo", "attrName": "编号", "fieldType": 10019},
  {"attr": "array_4", "attrName": "产品", "fieldType": 20004}]"""
# sh blocks with one of these are run
SHELL = ("pg_dump", "create-target", "xbb_sim.py ctl ding_demo touch", "xbb_sim.py ctl ding_demo drop", "psql -Xq -U etl", "token.sql |")


def ctl(corpid, *words):
    subprocess.run([sys.executable, os.environ["XBB_SIM"], "ctl", corpid, *words], check=True)


def is_run(block):
    return block.language == "sql" or any(word in block.text for word in SHELL)


def parts(found):
    """Rows of blocks of one language."""
    row = []
    for block in found:
        if row and (block.language != row[-1].language or block.language == "sh"):
            yield row
            row = []
        row.append(block)
    if row:
        yield row


def type_page(reader, page):
    """Pairs of a block and what is wrong with it."""
    for row in parts([block for block in blocks(page) if is_run(block)]):
        if row[0].language == "sh":
            yield row[0], wrong(row[0], reader.shell(row[0]))
        else:
            yield from ((block, wrong(block, output)) for block, output in reader.psql(row))


def phrases(page):
    """Statements in the running text and in tables: pairs of what they stand in, and they; those of a row or a
    paragraph belong together."""
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.M | re.S)
    for paragraph in re.split(r"\n\n|\n(?=[|-])", text):
        typed = [" ".join(span.replace("\\|", "|").split()) for span in re.findall(r"`([^`]*;)`", paragraph)]
        typed = [span for span in typed if "..." not in span]
        if typed:
            yield " ".join(paragraph.split())[:40], typed


def type_phrases(reader, page):
    """Pairs of a phrase and what is wrong with its statements, each phrase on its own; a sync that is still there runs."""
    reader.server.sql("GRANT CREATE ON DATABASE crm TO etl; CREATE SCHEMA shop AUTHORIZATION etl;" + CRON, "crm")
    for what, typed in phrases(page):
        script = ["BEGIN;", *typed, "SELECT FROM xbb.sync_definition WHERE name = 'product' AND owner::text = current_user;",
                  "\\if :ROW_COUNT", "CALL xbb.sync('product');", "\\endif", "ROLLBACK;"]
        [(_, output)] = reader.psql([Block(0, "sql", "\n".join(script))])
        yield what, output if PROBLEM.search(output) else ""


def open_book(server, corpid, home, begun):
    """A reader who has typed nothing yet, or (begun) all of README.md but the schedule."""
    ctl(corpid, "create", "token=t0ken", "products=730", "--", "create", "object=customer", "form_id=5300201", "records=50",
        "--", "form", "form_id=5300601", "object=contract", "name=合同订单", "records=30", CONTRACT)
    server.empty()
    reader = Reader(server, corpid, home)
    if begun:
        found = [block for block in blocks(START) if block.language == "sql" and "cron" not in block.text]
        bad = [output for block, output in reader.psql(found) if wrong(block, output)]
        if bad:
            raise RuntimeError(f"{START}: {bad}")
        reader.user = "etl"
    return reader


def report(what, problem):
    print(f"{'not ok' if problem else 'ok'} - {what}")
    for line in problem.splitlines():
        print("#", line)
    return bool(problem)


def main():
    pages = [page for page in sys.argv[1:] or PAGES if (ROOT / page).exists()]
    failed = False
    for path in sorted((ROOT / "doc").glob("*.md")):
        if f"doc/{path.name}" not in PAGES and "```sql" in path.read_text(encoding="utf-8"):
            failed = report(f"doc/{path.name}", "has statements, and is not in PAGES") or failed
    with Server() as server, tempfile.TemporaryDirectory() as home:
        for name, text in (("xbb.token", "t0ken\n"), ("south.token", "t0ken\n"), ("token.sql", token.recipe())):
            (pathlib.Path(home) / name).write_text(text)
        for page in pages:
            corpid = f"dingPages-{os.getpid()}-{pathlib.Path(page).stem}"
            reader = open_book(server, corpid, home, page != START)
            for block, problem in type_page(reader, page):
                failed = report(f"{page}, the block from line {block.line}", problem) or failed
            if any(phrases(page)):
                ctl(corpid, "remove")
                reader = open_book(server, corpid, home, True)
                reader.user = "postgres" if page in ADMINISTRATION else "etl"
                for what, problem in type_phrases(reader, page):
                    failed = report(f"{page}, the statements of: {what}", problem) or failed
            ctl(corpid, "remove")
        if START in pages:
            for what, problem in token.check(server, pathlib.Path(home)):
                failed = report(what, problem) or failed
    sys.exit(failed)


if __name__ == "__main__":
    main()
