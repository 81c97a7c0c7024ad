"""JSON that keeps a number's digits, and bytes where JSON has none."""
import json
import os
import re
from decimal import Decimal, InvalidOperation


class Num(str):
    """A JSON number as it was written."""


# made once: json.loads and json.dumps make one for each call
PARSER = json.JSONDecoder(parse_float=Num, parse_int=Num, parse_constant=Num)
BODY_PARSER = json.JSONDecoder(parse_float=Decimal)
COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=str)


def parse(text):
    return PARSER.decode(text if isinstance(text, str) else text.decode(json.detect_encoding(text), "surrogatepass"))


def dump(value):
    if isinstance(value, Num):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json_string(k) + ":" + dump(v) for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dump, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def compact(value):
    return COMPACT.encode(value)


def decimal(value):
    """The number in value, or None."""
    if isinstance(value, bool) or value is None or isinstance(value, (list, dict)):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def json_string(text):
    return json.encoder.encode_basestring(text)


def unescape(text):
    """For arguments that cannot hold every byte: \\xNN, \\n and \\\\ become bytes."""
    raw = os.fsencode(text)
    return re.sub(rb"\\(x[0-9a-fA-F]{2}|n|\\)", lambda m: {b"n": b"\n", b"\\": b"\\"}.get(m[1])
                  or bytes([int(m[1][1:], 16)]), raw)


def ascii_only(text):
    return re.sub(r"[^\x00-\x7f]", lambda m: json.dumps(m[0])[1:-1], text)
