"""What a target writes down of each record, before it answers."""
# Faults after which nobody knows what the answer said.
LOSES = {"close", "reset", "half", "half-head", "hang", "hang-body", "status", "redirect", "html", "empty", "truncated",
         "trailing", "bad-gzip", "array", "replace", "null", "bad-chunk", "cut-chunk", "bad-status-line"}


class Journal:
    """A line a record, tab-separated, or a line a request that has none.

    time        epoch seconds of this machine
    request     number of the request
    path        of its endpoint
    repeat_key  the key that came with it, by which a repeat is known, or -
    body        SHA-256 of what was asked, without its signature
    key         of the record
    version     of the record
    record      SHA-256 of the record, its members sorted
    executed    new: it was not there; again: as it stands; update: another version; stale: an older version, and it
                counts; double: there a second time; refused, duplicate, skipped: not executed; replayed: answered as
                before, not executed; a word for what befell the whole request: sign, token, throttled, busy, lost, ...
    told        the verdict in the answer: ok, refused, duplicate, or the word for the whole request; - for none, late
                for an answer that is not sent at once
    result      HTTP status, and ! with the faults that struck
    """

    def __init__(self, name=None):
        self.lines, self.file, self.number = [], None, 0
        if name:
            self.file = open(name, "w", encoding="utf-8", buffering=1 << 20)

    def write(self, start, call, result, late):
        """A request, as it will be answered now; what is written is with the system when this returns."""
        self.number += 1
        head = f"{start:.3f}\t{self.number}\t{call.name}\t{call.repeat_key or '-'}\t{call.body_hash}\t"
        silent = call.silent or not LOSES.isdisjoint(result.split("!"))
        lines = [f"{head}{key}\t{version}\t{sha}\t{executed}\t{'-' if silent else 'late' if late else told}\t{result}"
                 for key, version, sha, executed, told in call.journal or call.unheard()]
        if self.file is None:
            self.lines += lines
        else:
            self.file.write("\n".join(lines) + "\n")
            self.file.flush()

    def text(self):
        if self.file is None:
            return "\n".join(self.lines)
        with open(self.file.name, encoding="utf-8") as file:
            return file.read().rstrip("\n")

    def close(self):
        if self.file:
            self.file.close()
