"""A request to a target, and what becomes of its records.

An endpoint is a function of a Call that makes the Response; its path, a
pattern, and its Manner are in the table of its file.
"""
import base64
import hashlib
import json
import re
import time
import urllib.parse

from .exact_json import compact
from .wire import Response

PARSER = json.JSONDecoder(parse_float=str)
SORTED = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Refusal(Exception):
    """The whole request is refused: (kind, message); how that is said is the platform's manner."""


class Manner:
    """How a platform speaks.  key: the member of a record that is its key; says: kind -> (HTTP status, body as a
    value); signed(call): raises Refusal; records(call) -> list, or raises Refusal; repeat_key(call) -> by which a
    repeat is known, or None; twice: instead of the switch."""

    def __init__(self, key, says, signed, records, repeat_key=None, twice=None):
        self.key, self.says, self.signed, self.records = key, says, signed, records
        self.repeat_key, self.twice = repeat_key, twice

    def refuse(self, kind, message):
        status, body = self.says(kind, message)
        raw = body if isinstance(body, bytes) else compact(body).encode()
        return Response(raw, status, f"{status}:{kind}")


class Endpoints(list):
    """Rows (pattern of the path, manner, function)."""

    def __call__(self, pattern, manner):
        def register(function):
            self.append((re.compile(pattern + r"\Z"), manner, function))
            return function
        return register


class Call:
    """What was asked, and what the journal will say of it."""

    def __init__(self, world, method, name, path, query, raw):
        self.world, self.method, self.name, self.path, self.query_text, self.raw = world, method, name, path, query, raw
        self.headers, self.start = {}, time.time()
        self.journal, self.fate, self.repeat_key, self.body_hash = [], "-", None, hashlib.sha256(raw).hexdigest()
        # what faults ask for
        self.instead, self.afterwards, self.mention, self.refuse_one, self.odd = None, None, 1.0, False, None
        self.known = None               # the verdicts, once there are any; or those of a request that this one repeats
        self.manner = self.given = None  # how its platform speaks; the records, once they have been read
        self.later = None               # ms until it is executed, without an answer
        self.silent = False             # the answer says nothing of what was executed

    @property
    def switches(self):
        return self.world.switches

    @property
    def secrets(self):
        return self.world.secrets

    def query(self, name):
        return self.pairs(self.query_text).get(name)

    @staticmethod
    def pairs(text):
        return dict(urllib.parse.parse_qsl(text, keep_blank_values=True))

    def form(self):
        """The body as a form."""
        return self.pairs(self.raw.decode("utf-8", "replace"))

    def json(self, text=None, kinds=(dict, list)):
        """The body, or a text of it, as JSON."""
        try:
            value = PARSER.decode((self.raw if text is None else text.encode()).decode())
        except (ValueError, RecursionError, AttributeError):
            raise Refusal("param", "JSON 格式错误")
        if not isinstance(value, kinds):
            raise Refusal("param", "参数类型错误")
        return value

    def records(self, manner):
        if self.given is None:
            self.given = manner.records(self)
        return self.given

    def basic(self):
        """(user, password) of the header, or None."""
        kind, _, text = self.headers.get("authorization", "").partition(" ")
        try:
            name, colon, password = base64.b64decode(text).decode().partition(":")
        except ValueError:
            return None
        return (name, password) if kind.lower() == "basic" and colon else None

    def write(self, manner, records):
        """A verdict a record: (index, key, done, id, message), None where the answer will not mention it."""
        if self.known is None:
            self.known = self.execute(manner, records)
        else:
            self.journal = [(*self.named(manner, record), "replayed", told_of(verdict))
                            for record, verdict in zip(records, self.known)]
        left_out = len(records) - int(len(records) * self.mention)
        self.journal = [(*line[:4], line[4] if n >= left_out else "-") for n, line in enumerate(self.journal)]
        return [verdict if n >= left_out else None for n, verdict in enumerate(self.known)]

    def execute(self, manner, records):
        """The same, of all records."""
        twice = manner.twice or self.switches.twice
        world, switches, verdicts = self.world, self.switches, []
        if not all(isinstance(record, dict) for record in records):
            raise Refusal("param", "记录不是对象")
        named = [self.named(manner, record) for record in records]
        if 0 < switches.batch_max < len(records):
            raise Refusal("batch", f"单次最多{switches.batch_max}条")
        struck = named[int(self.body_hash, 16) % len(named)][0] if self.refuse_one and named else None
        refused = [world.refusing.get(key) or (key == struck and "余额不足") for key, _, _ in named]
        if any(refused) and switches.atomic == "on":
            self.journal = [(key, version, sha, "refused" if no else "skipped", "-")
                            for (key, version, sha), no in zip(named, refused)]
            index = next(i for i, no in enumerate(refused) if no)
            raise Refusal("batch", f"第{index + 1}条: {refused[index]}")
        for index, ((key, version, sha), no) in enumerate(zip(named, refused)):
            if no:
                done, number, message = "refused", None, no
            else:
                done, document = world.put(key, version, sha, twice)
                number, message = str(document.id), "编码已存在" if done == "duplicate" else "成功"
            verdicts.append((index, key, done, number, message))
            self.journal.append((key, version, sha, done, told_of(verdicts[-1])))
        return verdicts

    def unheard(self):
        """What the journal says where nothing became of any record."""
        told = "-" if self.fate in ("lost", "slow", "later") else self.fate
        records = [record for record in self.given or () if isinstance(record, dict)]
        return [(*self.named(self.manner, record), self.fate, told) for record in records] or [("-", "-", "-", self.fate, told)]

    def named(self, manner, record):
        """(key, version, hash) of a record."""
        text = SORTED.encode(record)
        key = walk(record, self.switches.key_member or manner.key)
        return (clean(text[:200] if key is None else key), clean(walk(record, self.switches.version_member)),
                hashlib.sha256(text.encode()).hexdigest())


def walk(record, path):
    """A member by its path; of an array its first element."""
    for step in path.split("."):
        while isinstance(record, list) and record:
            record = record[0]
        record = record.get(step) if isinstance(record, dict) else None
    return record


def clean(value):
    """A value as a field of the journal."""
    if isinstance(value, str):
        text = value if value.isprintable() else re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", " ", value)
    else:
        text = "" if value is None else str(value) if isinstance(value, int) else compact(value)
    return text or "-"


def reply(value):
    return Response(compact(value).encode(), result="200")


def told_of(verdict):
    return "ok" if good(verdict) else verdict[2]


def good(verdict):
    return verdict[2] not in ("refused", "duplicate")


def same(given, wanted):
    """Raises Refusal where a signature differs."""
    if given != wanted:
        raise Refusal("sign", "签名错误")
