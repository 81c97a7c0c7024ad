"""Runs mutants; see test/mutants, which starts this and has built the tree in WORK."""
import argparse
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time

from generate import OPERATORS
from results import CAUGHT, MODULES, SURVIVED, TREE, Draw, Results, read_mutants, report, show_list

STATE = 3               # the descriptor of the state file
CONTROL_EVERY = 25      # mutants after which the unchanged code has to pass again
DATABASE, PROBE = "mutants", "probe"
PROBE_SQL = """
    CREATE EXTENSION xbb_fdw;
    CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'dingProbe', base_url 'http://127.0.0.1:9');
    CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken', user_id 'u1');
    CREATE FOREIGN TABLE product (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1'))
      SERVER crm OPTIONS (object 'product');
"""
# drops what a test has left
LEFT_SQL = f"""
    SELECT format('DROP DATABASE %I', datname) FROM pg_database
      WHERE NOT datistemplate AND datname NOT IN ('postgres', '{PROBE}') \\gexec
    SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname !~ '^(postgres$|pg_)' \\gexec
"""


class Hang(Exception):
    pass


class Broken(Exception):
    """What goes wrong without a mutant's doing."""


class Machine:
    """A tree, a server and a simulator of one's own, in WORK."""

    def __init__(self):
        self.work = os.environ["WORK"]
        self.tree = f"{self.work}/tree"
        self.data = f"{self.work}/data"
        self.make = ["make", "-s", f"PG_CONFIG={os.environ['PG_CONFIG']}", f"COPT=-Werror {os.environ['COPT']}"]
        lib = subprocess.run([os.environ["PG_CONFIG"], "--pkglibdir"], check=True, capture_output=True, text=True)
        self.installed = f"{self.work}/root{lib.stdout.strip()}/xbb_fdw.so"
        self.log = f"{self.work}/tmp/server.log"
        self.output = f"{self.work}/tmp/output"
        os.environ.update(PGHOST=f"{self.work}/tmp", PGPORT="5432", PGUSER="postgres", PGDATABASE=DATABASE)
        self.unchanged = f"{self.work}/unchanged.so"
        shutil.copy2(f"{self.tree}/xbb_fdw.so", self.unchanged)
        self.left = f"{self.work}/tmp/left.sql"
        with open(self.left, "w", encoding="ascii") as file:
            file.write(LEFT_SQL)
        self.make_cluster()

    # ---- programs ----

    def run(self, command, timeout=120, **more):
        """A program's status; its output is in self.output.  It has a group of its own, which may be ended."""
        with open(self.output, "wb") as output:
            process = subprocess.Popen(command, cwd=self.tree, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=subprocess.STDOUT, start_new_session=True, **more)
            mark = f"{self.work}/tmp/child.pid"     # for stop_all of test/lib.sh
            with open(mark, "w", encoding="ascii") as file:
                file.write(f"{process.pid}\n")
            try:
                return process.wait(timeout)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                raise Hang from None
            finally:
                os.remove(mark)

    def told(self):
        with open(self.output, encoding="utf-8", errors="replace") as file:
            return file.read()

    def need(self, *command):
        if self.run(list(command)) != 0:
            raise Broken(f"{' '.join(command)}\n{self.told()}")

    # ---- the server ----

    def start(self):
        self.need("pg_ctl", "-w", "-s", "-D", self.data, "-l", self.log, "-o",
                  f"-c listen_addresses='' -c fsync=off -c unix_socket_directories='{self.work}/tmp' "
                  "-c unix_socket_permissions=0700", "start")

    def psql(self, database, *statements):
        return ["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", database,
                *(word for sql in statements for word in ("-c", sql))]

    def make_cluster(self):
        self.need("initdb", "-A", "trust", "-U", "postgres", "-N", "-E", "UTF8", "--locale=C.UTF-8", "-D", self.data)
        self.start()
        self.need("createdb", PROBE)
        self.need(*self.psql(PROBE, PROBE_SQL))

    def renew(self):
        """A server without memory, databases and roles of those before, with the library that is installed."""
        self.run(["pg_ctl", "-w", "-s", "-D", self.data, "-m", "immediate", "stop"])
        if os.path.exists(self.log):
            os.remove(self.log)
        self.start()
        self.need(*self.psql("postgres"), "-f", self.left)
        self.need("createdb", DATABASE)
        self.need(*self.psql(DATABASE, "CREATE EXTENSION xbb_etl CASCADE"))

    def crashed(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return "was terminated by signal" in file.read()

    # ---- the library ----

    def install(self, library):
        """By renaming: whoever has loaded the old one keeps it."""
        shutil.copy2(library, f"{self.installed}.new")
        os.rename(f"{self.installed}.new", self.installed)

    def build(self, mutant, unlike):
        """Makes the library with a mutant; why that is needless, or None, and the object's digest."""
        source = f"{self.tree}/{mutant.source.file}"
        target = f"{source[:-2]}.o"
        kept = os.stat(source).st_mtime_ns
        shutil.copy2(target, f"{self.work}/tmp/kept.o")
        try:
            with open(source, "w", encoding="utf-8") as file:
                file.write(mutant.apply())
            if self.run([*self.make, os.path.relpath(target, self.tree)]) != 0:
                return "no build", None
            with open(target, "rb") as file:
                digest = hashlib.sha1(file.read()).hexdigest()
            with open(f"{self.work}/tmp/kept.o", "rb") as file:
                if hashlib.sha1(file.read()).hexdigest() == digest:
                    return "same code", digest
            if digest in unlike:
                return "twin", digest
            return (None if self.run([*self.make, "xbb_fdw.so"]) == 0 else "no build"), digest
        finally:
            with open(source, "w", encoding="utf-8") as file:
                file.write(mutant.source.text)
            os.utime(source, ns=(kept, kept))
            shutil.copy2(f"{self.work}/tmp/kept.o", target)

    def loads(self):
        try:
            return self.run(self.psql(PROBE, "LOAD 'xbb_fdw'", "EXPLAIN SELECT * FROM product"), 60) == 0
        except Hang:
            return False


class Tests:
    """What is to catch the mutants: each test tells by what it did, or gives None."""

    def __init__(self, machine, names, query_seed, queries):
        self.machine = machine
        self.query_test = [sys.executable, "-B", "test/query_test.py", "--seed", query_seed, "--queries", queries,
                           "--until-difference"]
        exists = {"query": os.path.exists(f"{machine.tree}/test/query_test.py"), "sql": True}
        self.names = [name for name in exists if name in names and exists[name]]
        self.groups = self.read_schedule()
        self.patience = {}

    def read_schedule(self):
        """Files of sql/ that run at the same time."""
        schedule = f"{self.machine.tree}/test/schedule"
        if os.path.exists(schedule):
            with open(schedule, encoding="ascii") as file:
                return [line.split()[1:] for line in file if line.startswith("test:")]
        files = sorted(name[:-4] for name in os.listdir(f"{self.machine.tree}/sql") if name.endswith(".sql"))
        return [files[i:i + 4] for i in range(0, len(files), 4)]

    def timed(self, key, command):
        """A program's status.  The first time is the unchanged code's, and tells how long to wait for others."""
        started = time.monotonic()
        status = self.machine.run(command, self.patience.get(key, 900))
        self.patience.setdefault(key, 60 + 8 * (time.monotonic() - started))
        return status

    def query(self):
        status = self.timed("query", self.query_test)
        if status in (0, 1):
            return "query" if status else None
        # it has not come to its first query: copies of foreign tables could not be made, or the machine is ill
        self.machine.renew()
        return "query (could not run)" if self.timed("query", self.query_test) != 0 else None

    def regress(self, files):
        machine = self.machine
        os.makedirs(f"{machine.work}/regress", exist_ok=True)
        schedule = f"{machine.work}/tmp/group.schedule"
        with open(schedule, "w", encoding="ascii") as file:
            file.write(f"test: {' '.join(files)}\n")   # named one by one, they would run so
        status = self.timed(" ".join(files), [
            f"{os.environ['PGXS']}/src/test/regress/pg_regress", f"--host={machine.work}/tmp", "--port=5432",
            "--user=postgres", f"--bindir={os.environ['PG_BIN']}", "--inputdir=.",
            f"--outputdir={machine.work}/regress", "--encoding=UTF8", "--no-locale", "--launcher=test/untimed",
            "--load-extension=xbb_fdw", "--load-extension=xbb_etl",
            f"--schedule={schedule}"])
        told = machine.told()
        return status, [name for name in files if f" {name} " in "".join(
            f"{line} " for line in told.split("\n") if "FAILED" in line or line.startswith("not ok"))]

    def sql(self):
        for group in self.groups:
            status, failed = self.regress(group)
            if status == 0:
                continue
            # once more, by itself: what fails now and then has nothing to do with the mutant
            again = failed or group
            self.patience.setdefault(" ".join(again), self.patience.get(" ".join(group), 900))
            self.machine.renew()
            if self.regress(again)[0] != 0:
                return f"sql {again[0]}"
        return None

    def differences(self):
        """Of the last run over sql/."""
        path = f"{self.machine.work}/regress/regression.diffs"
        if not os.path.exists(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read(10000)

    def caught_by(self):
        for name in self.names:
            self.machine.renew()
            try:
                by = getattr(self, name)()
            except Hang:
                return f"{name} (hang)"
            if by:
                return f"{by} (crash)" if self.machine.crashed() else by
        return None


class Runner:
    def __init__(self, results, options):
        self.results = results
        self.machine = Machine()
        self.tests = Tests(self.machine, options.tests.split(","), options.query_seed, options.queries)
        self.mutants = read_mutants(self.machine.tree)
        self.objects = {known["object"] for known in results.known.values() if known.get("object")}
        self.unproven = []      # caught since the unchanged code has last passed
        print(f"tests: {', '.join(self.tests.names)}", flush=True)

    def control(self):
        """The unchanged code passes, or what was caught since it did is forgotten."""
        self.machine.install(self.machine.unchanged)
        by = self.tests.caught_by()
        if by:
            for name in self.unproven:
                self.results.add(name=name, result="forgotten")
            raise Broken(f"the unchanged code fails: {by}\n{self.machine.told()[-4000:]}{self.tests.differences()}")
        self.unproven = []

    def judge(self, mutant, alone=False):
        started = time.monotonic()
        by = None
        why, digest = self.machine.build(mutant, () if alone else self.objects)
        if not why:
            self.machine.install(f"{self.machine.tree}/xbb_fdw.so")
            self.machine.renew()
            if not self.machine.loads():
                why = "no load"
            else:
                by = self.tests.caught_by()
                why = CAUGHT if by else SURVIVED
            self.objects.add(digest)
        self.results.add(name=mutant.name, result=why, by=by or "", tests=self.tests.names, object=digest or "",
                         seconds=round(time.monotonic() - started, 1))
        print(f"{mutant.name:55} {why:9} {by or ''}", flush=True)
        if why == CAUGHT:
            self.unproven.append(mutant.name)
        if len(self.unproven) >= CONTROL_EVERY:
            self.control()

    def is_known(self, mutant):
        """Survivors are so for the tests there were."""
        known = self.results.known.get(mutant.name)
        return known and (known["result"] != SURVIVED or set(self.tests.names) <= set(known["tests"]))

    def run(self, draw, modules):
        for module in modules:
            # what is drawn depends on results: another for each that does not count
            while todo := next((one for one in draw.drawn(module, self.results) if not self.is_known(one)), None):
                self.judge(todo)


def read_options():
    parser = argparse.ArgumentParser(prog="test/mutants", formatter_class=argparse.RawDescriptionHelpFormatter,
                                     epilog="operators:\n" + "".join(f"  {name:11} {what}\n"
                                                                     for name, what in OPERATORS.items()))
    parser.add_argument("--list", action="store_true", help="print the mutants drawn, with their results")
    parser.add_argument("--report", action="store_true", help="print totals and survivors")
    parser.add_argument("--only", metavar="NAME", help="run the mutants whose names begin so")
    parser.add_argument("--again", action="store_true", help="forget the survivors first")
    parser.add_argument("--jobs", metavar="N", help="so many at a time, by module")
    parser.add_argument("--seed", default="1", help="of the draw")
    parser.add_argument("--count", type=int, default=160, help="mutants that count, all modules together")
    parser.add_argument("--modules", default=",".join(MODULES))
    parser.add_argument("--operators", default=",".join(OPERATORS))
    parser.add_argument("--tests", default="query,sql", help="none: only build and load")
    parser.add_argument("--query-seed", default="1", help="of the query test")
    parser.add_argument("--queries", default="500", help="of the query test, at most")
    parser.add_argument("--part", default="1/1", help=argparse.SUPPRESS)
    return parser.parse_args()


def main():
    options = read_options()
    os.set_inheritable(STATE, False)
    fcntl.fcntl(STATE, fcntl.F_SETFL, fcntl.fcntl(STATE, fcntl.F_GETFL) | os.O_APPEND)
    results = Results(STATE)
    modules = options.modules.split(",")
    draw = Draw(read_mutants(TREE, options.operators.split(",")), options.seed, options.count)
    print(f"seed {options.seed}, {draw.each} mutants a module that count", flush=True)
    if options.list:
        show_list(draw, modules, results)
        return 0
    if options.report:
        return 0 if report(draw, modules, results) else 1
    part, parts = map(int, options.part.split("/"))
    runner = Runner(results, options)
    runner.control()
    if options.only:
        for of_module in runner.mutants.values():
            for mutant in of_module.values():
                if mutant.name.startswith(options.only):
                    print(mutant.diff(), end="")
                    runner.judge(mutant, True)
        return 0
    modules = modules[part - 1::parts]
    if options.again:
        for name in [mutant.name for module in modules for mutant in draw.order[module]]:
            if results.known.get(name, {}).get("result") == SURVIVED:
                runner.objects.discard(results.known[name].get("object"))
                results.add(name=name, result="forgotten")
    runner.run(draw, modules)
    runner.control()
    return 0 if parts > 1 or report(draw, modules, results) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as error:
        sys.exit(str(error))
