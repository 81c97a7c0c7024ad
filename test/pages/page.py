"""A page of the documents: its blocks, and one run of them by psql and sh."""
import os
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
MARK = "== block "
PROBLEM = re.compile(r"^(psql:.*)?(ERROR|WARNING|FATAL|PANIC|\\\w+: error|invalid command)", re.M)
# of this run, or of this major, and so not compared: times with fractions of a second, how long a sync took, compressed
# sizes, rows of a loop, of which 18 has fractions
OF_THIS_RUN = re.compile(r"(\d{4}-\d\d-\d\d )?-?\d\d:\d\d:\d\d\.\d+([+-]\d\d)?|(?<=Bytes: )\d+|"
                         r"(?:(?<= request, )|(?<= requests, ))\d+\.\d(?= s)|\.00(?= loops=)")
CRON = """CREATE SCHEMA cron;
GRANT USAGE ON SCHEMA cron TO etl;
CREATE FUNCTION cron.schedule(text, text, text) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint';
CREATE FUNCTION cron.unschedule(bigint) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE TABLE cron.job (jobid bigint, schedule text, command text, nodename text, nodeport integer, database text,
  username text, active boolean, jobname text);
CREATE TABLE cron.job_run_details (jobid bigint, status text, return_message text, start_time timestamptz,
  end_time timestamptz);
GRANT SELECT ON ALL TABLES IN SCHEMA cron TO PUBLIC;
"""


class Block:
    """Statements at a line of a page, and the output that is printed below them, if any."""

    def __init__(self, line, language, text):
        self.line, self.language, self.text, self.output = line, language, text, None


def blocks(page):
    """The sql and sh blocks, and the queries of yaml ones; a plain block right below one is its output."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found, end = [], 0
    for match in FENCE.finditer(text):
        if match[1] == "" and found and text[end:match.start()].strip() == "" and found[-1].output is None:
            found[-1].output = match[2]
        elif match[1] in ("sql", "sh", "yaml"):
            typed = match[2]
            if match[1] == "yaml":
                typed = "".join(f"{query};\n" for query in re.findall(r"^ *query: (.*)$", typed, re.M))
            found.append(Block(text.count("\n", 0, match.start()) + 2, "sh" if match[1] == "sh" else "sql", typed))
        end = match.end()
    return found


def plain(text):
    """Output without what belongs to one run, and without the widths that follow from it."""
    text = OF_THIS_RUN.sub("", text)
    return [re.sub(r"-{3,}", "---", re.sub(r" +", " ", line)).strip() for line in text.strip().splitlines()]


def differs(printed, came):
    """What is wrong with the output that came; a line "..." stands for any lines."""
    pattern = "\n".join(r"(?:.*\n)*?.*" if line == "..." else re.escape(line) for line in plain(printed))
    if re.fullmatch(pattern, "\n".join(plain(came))):
        return ""
    return f"printed:\n{printed}came:\n{came}"


class Reader:
    """Types what a page says: against the simulator's company corpid, with a home that holds the token."""

    user = "postgres"       # until a page says \connect

    def __init__(self, server, corpid, home):
        self.server, self.corpid = server, corpid
        self.env = os.environ | server.env | {"HOME": str(home), "PGTZ": "Asia/Shanghai", "PGDATABASE": "crm",
                                              "PSQLRC": "/dev/null", "LC_ALL": "C.UTF-8"}

    def adapt(self, text):
        text = text.replace("ding_demo", self.corpid).replace("http://127.0.0.1:8080", os.environ["XBB_SIM_URL"])
        text = re.sub(r"(FOREIGN DATA WRAPPER xbb_fdw OPTIONS \((?!.*base_url))",
                      rf"\1base_url '{os.environ['XBB_SIM_URL']}', rate_limit '0', ", text)
        text = text.replace("ADD rate_limit", "SET rate_limit")
        text = re.sub(r"https://(pro|app)api\.xbongbong\.com", os.environ["XBB_SIM_URL"], text)
        return text if self.server.has_cron else text.replace("CREATE EXTENSION pg_cron;\n", CRON)

    def psql(self, found):
        """Pairs of a block and its output; all of them in one session, as whoever reads the page has one."""
        script = "".join(f"\\set ON_ERROR_STOP off\n\\echo\n\\echo {MARK}{i}\n{self.adapt(block.text)}\n"
                         for i, block in enumerate(found))
        done = subprocess.run(["stdbuf", "-oL", "psql", "-Xq", "-v", "VERBOSITY=default"], input=script, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=self.env | {"PGUSER": self.user}, check=False)
        outputs = dict(re.findall(rf"^{MARK}(\d+)\n(.*?)(?=^{MARK}|\Z)", done.stdout, re.M | re.S))
        return [(block, outputs.get(str(i))) for i, block in enumerate(found)]

    def shell(self, block):
        text = self.adapt(block.text).replace("test/xbb_sim.py", os.environ["XBB_SIM"])
        done = subprocess.run(["bash", "-c", text], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env=self.env, cwd=self.env["HOME"], check=False)
        return done.stdout + (f"ERROR: exit status {done.returncode}\n" if done.returncode else "")


def wrong(block, output):
    """What is wrong with a block's output, or nothing."""
    if output is None:
        return "was not reached"
    if block.output is not None:
        return differs(block.output, output)
    return output if PROBLEM.search(output) else ""
