"""The text of --help."""
TEXT = """A simulator of the XBB open API (pro/v2), and of platforms to which is written,
for tests and benchmarks.

One process serves any number of companies on a loopback port.  A company
(corpid) is a world of its own: lists, clock, token, switches, faults, log.
Tests that use different corpids may run in parallel on one simulator.

    xbb_sim.py serve [--port 0] [--port-file F] [--tls-cert F --tls-key F]
                     [--tls-version 1.0|1.1|1.2|1.3] [--mode answer|silent|full]
                     [--log-limit N] [--cache-mb N] [--watch-parent]
    xbb_sim.py ctl CORPID VERB [key=value ...] [JSON] [-- VERB ...]
    xbb_sim.py switches             the switches, their defaults and meaning
    xbb_sim.py selftest             TAP

"serve" writes the port to F once it listens and ends on SIGTERM.  The modes
are for tests of a client's patience: "silent" accepts and never answers (also
no TLS handshake), "full" has a full backlog, so that connecting hangs.

"ctl" finds the server by the environment variable XBB_SIM_URL, for example
http://127.0.0.1:PORT, and prints plain text, nothing when there is nothing to
say; "--" separates several verbs of one call.  The same over HTTP: POST /_ctl with {"corpid", "verb", "args": {},
"rest": []}; the answer is {"ok", "text"}.

A target (create-target) is a world, too, asked at /target/NAME/PATH or at its own port.  The path tells whose shape
it has: api/execute and api/query, webhook, k3cloud/...BatchSave (Save, Submit, Audit, ExecuteBillQuery), jdy/v2/...,
kapi/.../save, yonbip/..., tplus/api/v2/.../Create, open/.../upload, openapi2/..._push.php, robot/send,
cgi-bin/webhook/send, open-apis/bot/v2/hook/TOKEN, and the paths of their tokens.

What a client can observe follows the notes on the API; a fact that is not
certain there ("U") is a switch.  The clock of a world starts at 1770000000
(2026-02-02 10:40 in Shanghai) and runs on from there.

Verbs (records are addressed by id=N | id=N,N | id=first | last | random | all;
lists by object=, form_id=, default product):

%(verbs)s

Faults (what=...) and their own arguments:

%(faults)s

Where a fault strikes: at=first (default) | last | middle | every | N: the Nth
matching request since the fault was set; of=M tells how many requests a scan
has, so that middle is request M/2 and last request M; without it they are
the pages of that name of whatever list is asked.  times=K requests in a row
(default 1, with at=every and prob=P without limit; 0 is without limit).  prob=P
is drawn with seed=1; at a target by what a request begins with and how often that
has come, so that it does not depend on the order of requests.
path=product/list, page=K, has=ATTR (a condition on ATTR) narrow what matches.

A moment in the middle is a request that is held, not a latency: "hold name=X
at=5", start the client, "wait-held name=X", do what is to be done at this
moment, "release name=X".  The company's other requests are answered meanwhile.
"""


# The order of the help; what is not here follows at its end.
VERB_ORDER = """create create-target forms form field remove set get clock add touch drop put putraw mutate at mark always ever versions total dump log
    count clear stats journal documents refuse accept tokens fault faults hold held wait-held release port help""".split()
FAULT_ORDER = """close reset half half-head hang hang-body drip delay status redirect html empty truncated trailing endless
    gzip-bomb bad-gzip gzip-members bad-utf8 nul long dup-keys no-result no-list no-total wrong-type array bom deep replace
    code busy success-false ignore wrong-page chunked bad-chunk cut-chunk no-length long-length short-length
    bad-status-line many-headers trailers no-date says lost later half-told refuse-one odd null""".split()


def help_text(verbs, faults):
    """verbs and faults: name -> function with its line as docstring."""
    def shown(table, order):
        return sorted(table, key=lambda name: order.index(name) if name in order else len(order))

    def lines(doc):
        return "\n".join("  " + line.strip() if i == 0 else "      " + line.strip()
                         for i, line in enumerate(doc.split("\n")))
    return TEXT.replace("%(verbs)s", "\n".join(lines(verbs[v].__doc__) for v in shown(verbs, VERB_ORDER))).replace(
        "%(faults)s", "\n".join(f"  {name:16}{faults[name].__doc__}" for name in shown(faults, FAULT_ORDER)))
