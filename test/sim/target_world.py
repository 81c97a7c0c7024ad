"""A target: the documents that it holds, what it refuses, its tokens, its journal."""
import time

from .exact_json import decimal
from .target_journal import Journal
from .tenant import Tenant


class Document:
    __slots__ = ("id", "version", "sha")

    def __init__(self, number, version, sha):
        self.id, self.version, self.sha = number, version, sha


class Token:
    """An issued token; until: monotonic seconds."""

    def __init__(self, until, uses):
        self.until, self.left = until, uses or None


class World(Tenant):
    """A tenant of the targets' platform."""

    def __init__(self, corpid, log_limit, secrets, journal=None):
        super().__init__(corpid, log_limit)
        self.secrets = secrets                  # as a user mapping names them
        self.documents = {}                     # key -> documents: more than one has been doubled
        self.made = 0                           # documents, ever
        self.refusing = {}                      # key -> message
        self.answers = {}                       # key of a repeat -> [hash of the body, verdicts, from when on they are told]
        self.seen = {}                          # what a request begins with -> how many have come
        self.tokens, self.refresh, self.locked = {}, {}, False
        self.issued, self.blocked_until = 0, 0.0
        self.journal, self.gone = Journal(journal), False

    def still(self):
        return False

    def abandon(self):
        super().abandon()
        self.gone = True
        self.journal.close()

    # documents

    def put(self, key, version, sha, twice):
        """(what was done, document); twice: what becomes of a record whose key is there."""
        there = self.documents.get(key)
        if there is None or twice == "double":
            self.made += 1
            document = Document(1_000_000 + self.made, version, sha)
            self.documents.setdefault(key, []).append(document)
            return ("double" if there else "new"), document
        document = there[-1]
        if twice == "refuse":
            return "duplicate", document
        if document.sha == sha:
            return "again", document
        done = "stale" if older(version, document.version) else "update"
        document.version, document.sha = version, sha
        return done, document

    # limits and tokens

    def throttled(self):
        """Does a limit refuse the call?  Counts it."""
        now, block = time.monotonic(), self.switches.block
        if now < self.blocked_until:
            return True
        if not self.over_limit():
            return False
        if block:
            self.blocked_until = now + block
        return True

    def issue(self, old_refresh=None):
        """(token, seconds that it lives, refresh token); None: the account is locked."""
        switches = self.switches
        if self.locked:
            return None
        if old_refresh is not None and not self.refresh.get(old_refresh):
            # used up, or never given
            self.locked = True
            return None
        if old_refresh is not None and switches.rotate == "on":
            self.refresh[old_refresh] = False
            self.tokens.clear()
        self.issued += 1
        token, refresh = f"token-{self.corpid}-{self.issued}", f"refresh-{self.corpid}-{self.issued}"
        self.tokens[token] = Token(time.monotonic() + switches.token_life, switches.token_uses)
        if switches.rotate == "on" or old_refresh is None:
            self.refresh[refresh] = True
        else:
            refresh = old_refresh
        return token, switches.token_life, refresh

    def accepts(self, text):
        """Is a token good?  Counts its use."""
        token = self.tokens.get(text)
        if token is None:
            return text == self.secrets.get("token") and bool(text)
        if token.until <= time.monotonic() or token.left == 0:
            return False
        if token.left:
            token.left -= 1
        return True

    def expire(self):
        """No token that was issued is good any more."""
        self.tokens.clear()


def older(version, than):
    """Is a version before another, as numbers where both are?"""
    a, b = decimal(version), decimal(than)
    return a < b if a is not None and b is not None else str(version) < str(than)
