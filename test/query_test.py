#!/usr/bin/env python3
"""Random queries give on foreign tables what they give on local copies of them.

Query K of seed S is always the same one.  A difference is shrunk and printed as a
script for psql, to be run in the database that a run has set up (--queries 0 sets
it up and runs nothing).  XBB_SEED and XBB_QUERIES are the defaults of --seed and
--queries.  --until-difference ends with the first difference, and neither shrinks
nor prints it; --all goes on, however many there are; --state keeps what was done
in a file, from which the same command goes on.

Needs a server that is up (PGHOST and its kin, a socket) with a database of its own, and the
simulator (XBB_SIM_URL).  Prints TAP.  Exit status: 0 no difference, 1 a
difference (a lost server is one), 2 it could not run.
"""
import argparse
import os
import random
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from query import run, schema, session  # noqa: E402

TOLD = 4


def arguments():
    parser = argparse.ArgumentParser(description="random queries on foreign tables and on copies")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("XBB_SEED", random.SystemRandom().randrange(2 ** 31))))
    parser.add_argument("--queries", type=int, default=int(os.environ.get("XBB_QUERIES", "3000")))
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--until-difference", action="store_true")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--state")
    return parser.parse_args()


def main():
    args = arguments()
    print(f"# XBB_SEED={args.seed}", flush=True)
    try:
        state = run.State(args.state, args.seed, args.first)
        schema.set_up(session.Session({"TimeZone": "UTC"}))
        run.run(state, args.queries, 1 if args.until_difference else 10 ** 9 if args.all else TOLD)
    except (schema.Trouble, session.Failed, session.Lost, OSError, ValueError, KeyError) as error:
        print(f"# {type(error).__name__}: {error}")
        print("not ok 1 - could not run\n1..1")
        return 2
    tap = run.Tap()
    tap.ok(not state.wrong, f"{state.counts['queries']} queries of seed {args.seed} give the same on copies")
    if args.queries:
        run.report(state, tap)
    for number, kind in state.wrong:
        print(f"# query {number} differs: {kind}")
    if not args.until_difference:
        for number, kind in state.wrong[:TOLD]:
            run.tell(state, number, kind)
    print(f"1..{tap.number}")
    return 1 if state.wrong or tap.bad else 0


if __name__ == "__main__":
    sys.exit(main())
