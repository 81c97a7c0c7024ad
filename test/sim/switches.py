"""The switches of a company, as data: a platform's own are a group among them."""
import math

from .names import Refused, nearest

ON_OFF = ("on", "off")


def from_to(kind, least, most=math.inf):
    """A type of numbers within bounds."""
    def read(text):
        value = kind(text)
        if not (math.isfinite(value) and least <= value <= most):
            raise ValueError
        return value
    read.__name__ = f"{kind.__name__} of {least}" + (" or more" if most == math.inf else f" to {most}")
    return read


COUNT, POSITIVE, SECONDS = from_to(int, 0), from_to(int, 1), from_to(float, 0)

# name: (default, choices or type, section and label in the notes, meaning)
SWITCHES = {
    # order and paging
    "order": ("update-desc", ("update-desc", "update-asc", "add-desc", "add-asc", "id-desc", "id-asc"),
              "2 C", "order of a list"),
    "bounce": ("off", ON_OFF, "2 U", "records with equal times come in another order in each answer"),
    "page_default": (20, POSITIVE, "2 A", "pageSize when none is sent"),
    "page_max": (100, COUNT, "2 A", "the greatest pageSize"),
    "page_over": ("clamp", ("clamp", "honour", "refuse"), "2 U", "what a greater pageSize does"),
    "short_pages": (0, COUNT, "10.3", "pages hold so many records fewer than asked for, throughout"),
    "missing_rows": (0, COUNT, "10.3", "so many records, others each time, are left out of every full page"),
    "depth": (0, COUNT, "2 U", "no rows when page x pageSize is above this (10000 in Elasticsearch; 0 = no limit)"),
    "depth_mode": ("empty", ("empty", "error"), "2 U", "what is answered beyond depth"),
    # the envelope
    "total": ("number", ("number", "string", "missing", "null"), "4 U", "totalCount"),
    "total_cap": (0, COUNT, "2 U", "totalCount is never above this (0 = exact)"),
    "total_add": (0, int, "4 U", "added to totalCount"),
    "total_page": ("number", ("number", "string", "missing"), "4 U", "totalPage"),
    "empty_total_page": (0, COUNT, "4 U", "totalPage of an empty result: 0 or 1"),
    "empty": ("list", ("list", "no-list", "no-result"), "4 C", "what an empty result looks like"),
    "echo_page_size": ("off", ON_OFF, "4 C", "result has pageSize"),
    "success": ("boolean", ("boolean", "string", "missing"), "4 A", "the member success"),
    "code_type": ("number", ("number", "string"), "4 U", "type of code"),
    "key_order": ("list-first", ("list-first", "totals-first", "code-last"), "4 U", "order of the members"),
    "flat_total": ("on", ON_OFF, "8 U", "lists that are not paged have totalCount and totalPage"),
    # values
    "times": ("s", ("s", "ms", "string", "ms-string", "text"), "4 A, 10.8", "how times are written"),
    "numbers": ("number", ("number", "string"), "4 B", "how numbers in data are written"),
    "fractions": ("off", ("off", "on", "wire"), "4 U", "times lie 0.7 s after the second; on: not shown, wire: shown"),
    "arrays_in_strings": ("users", ("users", "all", "off"), "4 A, 10.5", "which arrays come as JSON in a string"),
    "escape": ("raw", ("raw", "ascii", "slash"), "4 U", "strings: raw UTF-8, \\uXXXX, or with \\/"),
    # forms
    "denied_forms": ("", str, "1 U", "forms (comma list of ids) that the acting user may not see, nor their records"),
    "sub_key": ("subFieldList", ("subFieldList", "subForm"), "7 C", "the fields of a sub-form in form/get"),
    "multi": ("values", ("values", "objects"), "7 U", "options and users of which a field holds several, in lists"),
    "lines": ("missing", ("missing", "reduced", "whole"), "7 B", "product lines in lists"),
    "computed": ("absent", ("absent", "text"), "7 U", "link queries in lists"),
    "link_detail": ("data", ("data", "name"), "7 B", "linked records in details: {dataId,data} or {id,name}"),
    "label_detail": ("objects", ("objects", "ids"), "7 U", "labels in details"),
    # conditions
    "bounds": ("inclusive", ("inclusive", "exclusive"), "3 U", "greaterequal, lessequal and range"),
    "ignore": ("", str, "3 U", "conditions with these attrs or symbols (comma list, or all) are ignored"),
    "unknown_attr": ("error", ("error", "ignore", "none"), "3 U", "a condition on an attr that does not exist"),
    "unknown_symbol": ("error", ("error", "ignore", "none"), "3 U", "a symbol that does not exist"),
    "unseen_symbols": ("error", ("work", "error", "ignore", "none"), "3 U", "symbols that no public client uses"),
    "time_strings": ("error", ("error", "work", "none"), "2 C", "a time in conditions sent as digits in a string"),
    "zero": ("value", ("value", "none"), "3 U", "num_N = 0 is a value (num_3 = 0 is used live) or no value"),
    "text_case": ("exact", ("exact", "fold"), "3 U", "text comparison"),
    "types": ("loose", ("loose", "strict", "spelled"), "10.9 U", "texts and numbers in text_N, serialNo: equal if the "
              "number or text is; only in the same JSON type; only in the same spelling"),
    "trim": ("off", ON_OFF, "3 U", "white space around texts in conditions is taken off, not around those stored"),
    "text_limit": (0, COUNT, "2 U", "longer texts are not found (256 in Elasticsearch; 0 = no limit)"),
    "doubles": ("off", ON_OFF, "3 U", "fractions in conditions are read as doubles"),
    "max_values": (0, COUNT, "3 U", "most values of one condition (0 = any number)"),
    # time
    "date": ("on", ("on", "off", "garbage"), "-", "the Date header"),
    "date_offset": (0, int, "-", "seconds that the Date header is ahead of the stamps"),
    "pace": (0.0, SECONDS, "-", "seconds that the clock moves on at every data request"),
    "lag": (0.0, SECONDS, "-", "seconds from a change's stamp until lists show it"),
    "lag_jitter": ("off", ON_OFF, "-", "each change has a lag of its own, 0 to lag"),
    "replicas": (1, POSITIVE, "-", "copies that catch up one by one within lag; each request asks one at random"),
    "two_instants": ("off", ("off", "list-first", "count-first"), "-", "rows and totalCount: a mutation lies between"),
    # rights and signature
    "sign": ("raw", ("raw", "stripped", "both", "off"), "1 U", "what is hashed: the body, or the body without blanks"),
    "user_id": ("optional", ("optional", "required"), "1 A", "body userId, for every endpoint"),
    "personal": ("off", ON_OFF, "1 U", "a user_ token needs the header userId"),
    "rights": ("all", ("all", "error", "empty"), "1 U", "what the acting user may see"),
    # limits
    "limit_second": (0, COUNT, "5 C", "calls in any second (20; 0 = no limit)"),
    "limit_minute": (0, COUNT, "5 C", "calls in any minute (1000; 0 = no limit)"),
    "limit_write": (0, COUNT, "5 B", "writes in any second (3; 0 = no limit)"),
    "limit_day": (0, COUNT, "5 C", "calls a day of Shanghai, by the world's clock (100000; 0 = no limit)"),
    "limit_mode": ("body", ("body", "429", "503"), "5 U", "a refused call: HTTP 200 with a code, or a status"),
    "limit_msg": ("", str, "5 U", "message of a refused call (default: by the limit)"),
    "retry_after": ("", str, "5 U", "Retry-After of a refused call: N seconds, or date+N"),
    "refused_counts": ("on", ON_OFF, "5 C", "refused calls count"),
    # codes, all unknown
    "code_sign": (100001, int, "5 U", "bad signature"),
    "code_param": (100003, int, "5 U", "parameter missing or of the wrong type"),
    "code_form": (100004, int, "5 U", "no such form or record"),
    "code_right": (100005, int, "5 U", "no right"),
    "code_condition": (701020, int, "5 C", "a condition of the wrong shape"),
    "code_write": (100010, int, "6 U", "inner code of a record that is not written"),
    "code_limit": (100429, int, "5 U", "limit"),
    # targets
    "twice": ("upsert", ("upsert", "refuse", "double"), "B6", "a record whose key is there already"),
    "idempotency": ("off", ("off", "on", "required"), "B6", "Idempotency-Key, where a platform has no key of its own: "
                    "400 without one, 422 for another body, 409 while the first request runs"),
    "key_member": ("", str, "-", "member of a record that is its key (default: by the platform; a.b walks)"),
    "version_member": ("version", str, "-", "member of a record that grows with each version of it (a.b walks)"),
    "signed": ("on", ON_OFF, "B2", "signatures and tokens are checked"),
    "batch_max": (0, COUNT, "B4", "a batch of more records is refused as a whole (0 = any)"),
    "atomic": ("off", ON_OFF, "B4", "one refused record refuses its batch"),
    "slow_above": (0, COUNT, "B4", "a batch of more records is answered slow_ms later (0 = none)"),
    "slow_ms": (3_600_000.0, SECONDS, "B4", "how much later"),
    "slow_executes": ("on", ON_OFF, "B4", "it is executed all the same"),
    "block": (0.0, SECONDS, "B1", "seconds that a limit, once reached, refuses everything (a robot: 600)"),
    "token_life": (7200, POSITIVE, "B3", "seconds that an issued token lives"),
    "token_uses": (0, COUNT, "B3", "calls that an issued token lives (0 = any)"),
    "rotate": ("on", ON_OFF, "B3", "a refresh token is good once; to use an old one locks the account"),
    # transport
    "latency": (0.0, SECONDS, "-", "ms before each answer; requests overlap"),
    "gzip": ("on", ON_OFF, "-", "compress for clients that accept it"),
    "gzip_level": (1, from_to(int, 1, 9), "-", "1 to 9"),
    "keepalive": ("on", ("on", "off", "silent"), "-", "off: says Connection: close; silent: closes without a word"),
    "chunked": ("off", ON_OFF, "-", "every answer comes chunked"),
    # the log
    "log_headers": ("", str, "-", "headers that the log keeps (comma list)"),
    "log_body": ("off", ON_OFF, "-", "the log keeps the request body"),
}


def switch_value(name, text):
    """The value of a switch as typed, checked."""
    if name not in SWITCHES:
        raise Refused(f"unknown switch {name}{nearest(name, SWITCHES)}")
    kind = SWITCHES[name][1]
    text = str(text)
    if isinstance(kind, tuple):
        if text not in kind:
            raise Refused(f"{name} is one of {', '.join(kind)}")
        return text
    try:
        return kind(text)
    except ValueError:
        raise Refused(f"{name} wants {kind.__name__}, not {text}")


class Switches:
    """Every switch as an attribute."""

    def __init__(self):
        for name, spec in SWITCHES.items():
            setattr(self, name, spec[0])


def switches_text():
    return "\n".join(f"{name:18}{str(default) or chr(39) * 2:12}[{label}] {meaning}"
                     + (": " + "|".join(kind) if isinstance(kind, tuple) and kind != ON_OFF else "")
                     for name, (default, kind, label, meaning) in SWITCHES.items())
