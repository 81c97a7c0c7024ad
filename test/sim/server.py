"""All companies, behind one port.

A platform is an object with
  prefix      what the paths of its endpoints begin with
  in_turn     are its requests answered one after the other, each heard at once?  What counts from their coming is
              exact then
  nobody      a tenant, for what no company can be found for
  claims(path, home): is this one of its endpoints?  home is the company whose own port was asked, or None
  identify(method, path with its query, raw, home) -> (tenant, body, an error Response or None)
  note(entry, body): what the log keeps of a request
  call(tenant, entry, raw, body, headers, gzip) -> Response
  answered(tenant, entry, body, answer): the answer is known, faults included, and not sent yet
The first platform also answers what none of them claims.
"""
import functools
import sys
from collections import OrderedDict, deque

from .connection import Connection
from .exact_json import compact
from .tenant import Entry
from .wire import Response, compress, frame


class Cache:
    """Pages that were rendered before: key -> (bytes, compressed?, pages of the list, rows)."""

    def __init__(self, most):
        self.pages, self.used, self.most = OrderedDict(), 0, most

    def get(self, key):
        page = self.pages.get(key)
        if page is not None:
            self.pages.move_to_end(key)
        return page

    def remember(self, key, page):
        self.pages[key] = page
        self.used += len(page[0]) + 500
        while self.used > self.most:
            self.used -= len(self.pages.popitem(last=False)[1][0]) + 500


class Server:
    """tenants: name -> company of whatever platform; control: who carries out orders, set by whoever makes the server."""

    def __init__(self, loop, tenants, platforms, cache, log_limit):
        self.loop, self.tenants, self.platforms, self.cache, self.log_limit = loop, tenants, platforms, cache, log_limit
        self.nobody, self.control = platforms[0].nobody, None
        self.turns = deque()
        self.known, self.known_bytes = {}, 0    # request -> (company, log line, answer), where nothing moves until an order

    async def open(self, gate, sock, tls=None):
        gate.port = sock.getsockname()[1]
        gate.server = await self.loop.create_server(lambda: Connection(self, gate), sock=sock, ssl=tls)

    def platform(self, name, home):
        """Whose endpoint a path is."""
        return next((platform for platform in self.platforms if platform.claims(name, home)), self.platforms[0])

    def handle(self, connection, method, path, headers, raw):
        if path == "/_ctl":
            self.known, self.known_bytes = {}, 0
            self.obey(connection, raw, self.loop.time())
            return
        name, home = path.partition("?")[0], connection.gate.home
        platform = self.platform(name, home)
        entry = Entry(name.removeprefix(platform.prefix))
        tenant, body, trouble = platform.identify(method, path, raw, home)
        connection.begin(tenant)
        take = functools.partial(self.take, connection, platform, tenant, entry, headers, raw, body, trouble)
        if not platform.in_turn:
            take()
            return
        self.turns.append(take)
        if len(self.turns) == 1:
            self.loop.call_soon(self.next_turn)

    def next_turn(self):
        """One at a time, so that those who come meanwhile are heard, and have the time at which they came."""
        self.turns[0]()
        self.turns.popleft()
        if self.turns:
            self.loop.call_soon(self.next_turn)

    def take(self, connection, platform, tenant, entry, headers, raw, body, trouble):
        platform.note(entry, body)
        self.note(tenant, entry, headers, raw)
        tenant.log.append(entry)
        go_on = functools.partial(self.go_on, connection, platform, tenant, entry, headers, raw, body, trouble)
        if connection.closed or not tenant.held(connection, entry, go_on):
            go_on()

    def obey(self, connection, raw, since):
        """Answers an order, now or once its answer is known."""
        text = self.control.answer(raw, self.loop.time() - since)
        if text is None and not connection.closed:
            self.loop.call_later(0.005, self.obey, connection, raw, since)
        elif text is not None:
            answer = Response(text)
            answer.date = False
            self.reply(connection, self.nobody, None, answer, False)

    def go_on(self, connection, platform, tenant, entry, headers, raw, body, trouble):
        gzip = tenant.switches.gzip == "on" and "gzip" in headers.get("accept-encoding", "")
        try:
            answer = trouble or self.ask(platform, tenant, entry, headers, raw, body, gzip)
        except Exception as error:              # a mistake of the simulator or of what a test told it
            print(f"xbb_sim: {tenant.corpid} {entry.path}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            answer = Response(f"simulator: {error}".encode(), 500, "500!simulator")
        platform.answered(tenant, entry, body, answer)
        self.reply(connection, tenant, entry, answer, gzip)

    @staticmethod
    def note(tenant, entry, headers, raw):
        """Fills what the log keeps of any request."""
        entry.clock = tenant.clock.now()
        switches = tenant.switches
        if switches.log_headers:
            wanted = switches.log_headers.lower().split(",")
            entry.headers = compact({h: headers.get(h) for h in wanted})
        if switches.log_body == "on":
            entry.body = raw.decode("utf-8", "backslashreplace")

    def ask(self, platform, tenant, entry, headers, raw, body, gzip):
        """The platform's answer, bent by the faults that are due."""
        for action in [a for a in tenant.scheduled if a[0] <= tenant.requests + 1]:
            tenant.scheduled.remove(action)
            self.control.run(tenant.corpid, *action[1:])
        tenant.before_request()
        struck = [f for f in tenant.faults if f.due(entry)]
        for f in struck:
            if f.early and not f.by_page():
                f.fired += 1
                f.bend(f, tenant, body)
        answer = platform.call(tenant, entry, raw, body, headers, gzip)
        names = [f.what for f in struck if f.early and not f.by_page()]
        for f in struck:
            if f.early and not f.by_page() or not f.strikes_page(entry, answer.pages):
                continue
            f.fired += 1
            names.append(f.what)
            if f.early:
                f.bend(f, tenant, body)
                answer = platform.call(tenant, entry, raw, body, headers, gzip)
                continue
            try:
                f.bend(f, tenant, answer)
            except (KeyError, TypeError, ValueError):
                names[-1] += "?"                    # this answer has nothing of what the fault bends
        if names:
            answer.result += "!" + "!".join(names)
        return answer

    def reply(self, connection, tenant, entry, answer, gzip):
        """Frames an answer and sends it, now or later."""
        switches = tenant.switches
        body = answer.body
        if gzip and not answer.compressed and not answer.stream and len(body) > 256:
            body, answer.compressed = compress(body, switches.gzip_level), True
        if answer.key:
            self.cache.remember(answer.key, (body, answer.compressed, answer.pages, entry.rows))
        after = answer.after
        if after == "keep" and (connection.last or switches.keepalive != "on"):
            after = "close"
        head, body = frame(tenant, answer, body, after == "close" and switches.keepalive != "silent")
        if entry:
            entry.result, entry.bytes = answer.result, len(body)
        if answer.moved:
            self.known, self.known_bytes = {}, 0
        elif entry and after == "keep" and tenant.still() and not (answer.stream or answer.drip or answer.delay):
            self.remember(connection.request, (tenant, entry, head + body))
        delay = (answer.delay + (switches.latency if entry else 0)) / 1000
        if delay > 0:
            self.loop.call_later(delay, connection.send, head, body, answer, after)
        else:
            connection.send(head, body, answer, after)

    def remember(self, request, what):
        if self.known_bytes > 64 << 20:
            self.known, self.known_bytes = {}, 0
        self.known[request] = what
        self.known_bytes += len(request) + len(what[2]) + 1000

    @staticmethod
    def repeat(connection, tenant, entry, wire):
        """Answers a request that is known; counts and log are as ever."""
        connection.begin(tenant)
        tenant.log.append(entry.again())
        tenant.requests += 1
        tenant.over_limit()
        connection.transport.write(wire)
        connection.answered("keep")
