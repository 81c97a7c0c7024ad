#!/usr/bin/env python3
"""A simulator of the XBB open API (pro/v2) for tests and benchmarks.

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
(default 1, with at=every and prob=P without limit; 0 is without limit).
path=product/list, page=K, has=ATTR (a condition on ATTR) narrow what matches.

A moment in the middle is a request that is held, not a latency: "hold name=X
at=5", start the client, "wait-held name=X", do what is to be done at this
moment, "release name=X".  The company's other requests are answered meanwhile.
"""
import base64
import bisect
import copy
import difflib
import functools
import gzip as gzip_format
import hashlib
import json
import os
import random
import re
import socket
import struct
import sys
import time
import warnings
import zlib
from array import array
from collections import OrderedDict, deque
from decimal import Decimal, InvalidOperation

PREFIX = "/pro/v2/api/"
EPOCH = 1_770_000_000
SLOT_BITS = 22                  # a list holds at most 4 million records
SLOT_MASK = (1 << SLOT_BITS) - 1
TIME_MAX = (1 << 41) - 1        # ms; later times are sorted as this one
SHANGHAI = 8 * 3600

# Objects whose list wants a formId (section 8), and those that want a userId.
FORM_REQUIRED = {"paas", "customer", "clue", "contract", "opportunity", "workOrderV2", "communicatePlan",
                 "marketActivity"}
USER_REQUIRED = {"communicatePlan", "workReportDaily", "workReportWeekly", "workReportMonthly"}
PLAIN = {"product", "contact", "communicate", "payment", "paymentSheet", "paySheet", "refund", "contractOutstock",
         "workReportDaily", "workReportWeekly", "workReportMonthly", "workTimeRecord", "buyerInquiry", "workOrder"}
RECYCLED = {"customer", "clue"}
BUSINESS = {"product": 2401, "customer": 100, "contract": 201, "opportunity": 301, "contact": 401, "communicate": 501,
            "communicatePlan": 601, "payment": 701, "paymentSheet": 702, "refund": 202, "clue": 8000,
            "marketActivity": 8100, "workOrderV2": 20300}

# Flat lists: object -> path, key of the list, id, paged?
FLAT = {"user": ("user/list", "userList", "userId", True),
        "department": ("department/list", "depList", "id", True),
        "role": ("role/list", "roleList", "id", False),
        "signIn": ("signIn/list", "signInList", "id", True),
        "label": ("label/allList", "labelTree", "id", False),
        "category": ("product/categoryList", "list", "id", False)}
FLAT_PATHS = {spec[0]: kind for kind, spec in FLAT.items()}


class Refused(Exception):
    """A control command that makes no sense; its text is for the person who typed it."""


class NotYet(Exception):
    """A control command whose answer is not known yet: (seconds to wait for it, what to say if it never is)."""


# --- switches ----------------------------------------------------------------------------------------

ON_OFF = ("on", "off")

# name: (default, choices or type, section and label in the notes, meaning)
SWITCHES = {
    # order and paging
    "order": ("update-desc", ("update-desc", "update-asc", "add-desc", "add-asc", "id-desc", "id-asc"),
              "2 C", "order of a list"),
    "bounce": ("off", ON_OFF, "2 U", "records with equal times come in another order in each answer"),
    "page_default": (20, int, "2 A", "pageSize when none is sent"),
    "page_max": (100, int, "2 A", "the greatest pageSize"),
    "page_over": ("clamp", ("clamp", "honour", "refuse"), "2 U", "what a greater pageSize does"),
    "short_pages": (0, int, "10.3", "pages hold so many records fewer than asked for, throughout"),
    "missing_rows": (0, int, "10.3", "so many records, others each time, are left out of every full page"),
    "depth": (0, int, "2 U", "no rows when page x pageSize is above this (10000 in Elasticsearch; 0 = no limit)"),
    "depth_mode": ("empty", ("empty", "error"), "2 U", "what is answered beyond depth"),
    # the envelope
    "total": ("number", ("number", "string", "missing", "null"), "4 U", "totalCount"),
    "total_cap": (0, int, "2 U", "totalCount is never above this (0 = exact)"),
    "total_add": (0, int, "4 U", "added to totalCount"),
    "total_page": ("number", ("number", "string", "missing"), "4 U", "totalPage"),
    "empty_total_page": (0, int, "4 U", "totalPage of an empty result: 0 or 1"),
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
    "text_limit": (0, int, "2 U", "longer texts are not found (256 in Elasticsearch; 0 = no limit)"),
    "doubles": ("off", ON_OFF, "3 U", "fractions in conditions are read as doubles"),
    "max_values": (0, int, "3 U", "most values of one condition (0 = any number)"),
    # time
    "date": ("on", ("on", "off", "garbage"), "-", "the Date header"),
    "date_offset": (0, int, "-", "seconds that the Date header is ahead of the stamps"),
    "pace": (0.0, float, "-", "seconds that the clock moves on at every data request"),
    "lag": (0.0, float, "-", "seconds from a change's stamp until lists show it"),
    "lag_jitter": ("off", ON_OFF, "-", "each change has a lag of its own, 0 to lag"),
    "replicas": (1, int, "-", "copies that catch up one by one within lag; each request asks one at random"),
    "two_instants": ("off", ("off", "list-first", "count-first"), "-", "rows and totalCount: a mutation lies between"),
    # rights and signature
    "sign": ("raw", ("raw", "stripped", "both", "off"), "1 U", "what is hashed: the body, or the body without blanks"),
    "user_id": ("optional", ("optional", "required"), "1 A", "body userId, for every endpoint"),
    "personal": ("off", ON_OFF, "1 U", "a user_ token needs the header userId"),
    "rights": ("all", ("all", "error", "empty"), "1 U", "what the acting user may see"),
    # limits
    "limit_second": (0, int, "5 C", "calls in any second (20; 0 = no limit)"),
    "limit_minute": (0, int, "5 C", "calls in any minute (1000; 0 = no limit)"),
    "limit_day": (0, int, "5 C", "calls a day of Shanghai, by the world's clock (100000; 0 = no limit)"),
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
    "code_limit": (100429, int, "5 U", "limit"),
    # transport
    "latency": (0.0, float, "-", "ms before each answer; requests overlap"),
    "gzip": ("on", ON_OFF, "-", "compress for clients that accept it"),
    "gzip_level": (1, int, "-", "1 to 9"),
    "keepalive": ("on", ("on", "off", "silent"), "-", "off: says Connection: close; silent: closes without a word"),
    "chunked": ("off", ON_OFF, "-", "every answer comes chunked"),
    # the log
    "log_headers": ("", str, "-", "headers that the log keeps (comma list)"),
    "log_body": ("off", ON_OFF, "-", "the log keeps the request body"),
}
RENDERING = {"times", "numbers", "fractions", "arrays_in_strings", "escape"}


def nearest(name, names):
    near = difflib.get_close_matches(name, names, 1)
    return f"; did you mean {near[0]}?" if near else ""


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


# --- JSON that keeps a number's digits ----------------------------------------------------------------

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


def mix(n):
    """splitmix64: a number's own random bits."""
    n = (n * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    n = ((n ^ n >> 30) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    n = ((n ^ n >> 27) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return n ^ n >> 31


@functools.lru_cache(4096)
def day_name(day):
    return time.strftime("%Y%m%d", time.gmtime(day * 86400))


def shanghai_day(seconds):
    return day_name((seconds + SHANGHAI) // 86400)


# --- records as they come over the wire ---------------------------------------------------------------

KINDS = ["角磨机", "冲击钻", "电锤", "扳手套装", "激光水平仪", "砂轮片", "切割机", "热风枪", "空压机", "千斤顶", "卷尺", "工具箱"]
BRANDS = ["东成", "博世", "得力", "世达", "牧田", "大有"]
COLOURS = ["红色", "蓝色", "黑色", "银灰"]
CITIES = [("浙江省", "杭州市", "滨江区"), ("江苏省", "苏州市", ""), ("广东省", "深圳市", "南山区"), ("上海市", "上海市", "")]
SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", ["伟", "芳", "敏", "静", "丽", "强", "磊", "洋"]
WORDS = ["现货", "包邮", "质保一年", "工业级", "可开专票", "样品", "定制", "停产替代"]


class Renderer:
    """Makes the bytes of a generated record.  Everything but the times follows from seed, slot and revision."""

    def __init__(self, kind, form_id, seed, first_id, width, odd, switches):
        self.kind, self.form_id, self.seed, self.first_id = kind, form_id, seed << 32, first_id
        self.width, self.odd, self.switches = width, odd, switches

    def parent(self, slot):
        """The slot of a child's parent, or None: blocks of five slots hold a parent with 0 to 4 children first."""
        place = slot % 5
        block = slot - place
        return block if self.kind == "product" and 1 <= place <= mix(self.seed + block) % 5 else None

    def parent_id(self, slot):
        parent = self.parent(slot)
        return 0 if parent is None else self.first_id + parent

    def serial(self, slot, add):
        return f"{'CP' if self.kind == 'product' else 'NO'}.{shanghai_day(add)}.{slot + 1:04d}"

    def price(self, slot, h):
        """A number's text: whole, with up to four decimals, trailing zeros, zero, and beyond what a double holds."""
        cents = h >> 20 & 0xFFFFF
        choice = slot % 29
        if choice == 11:
            return "0"
        if choice == 17:
            return f"1234567890123{cents:07d}.{h >> 9 & 7}5"
        if choice == 23 and slot % 2:
            return f"{h}{h >> 3}.0001"
        if choice == 5:
            return f"{cents // 100}.50"
        if choice == 7 and self.odd:
            return f"{cents % 9 + 1}.{cents % 10}E{slot % 8}"
        if choice == 13:
            return f"-{cents // 100}.{cents % 100:02d}"
        if choice % 3 == 0:
            return str(cents // 50)
        if choice % 3 == 1:
            return f"{cents // 100}.{cents % 100:02d}"
        return f"{cents // 1000}.{cents % 10000:04d}"

    def name(self, slot, h):
        if self.kind != "product":
            city = CITIES[h % 4]
            return f"{city[1][:2]}{WORDS[h >> 4 & 7][:2]}{KINDS[h >> 8 & 7]}有限公司"
        text = f"{BRANDS[h % 6]} {KINDS[(h >> 8) % 12]} {(h >> 16 & 31) * 5 + 50}mm"
        if self.parent(slot) is not None:
            text += " " + COLOURS[slot % 4]
        if slot % 37 == 5:
            text += " "                             # quirk 14: blanks at the end
        if slot % 53 == 9:
            text += ' "特价" 1\\2'
        if slot % 101 == 20:
            text += " \U0001F527"
        if slot % 211 == 30:
            text += "\n第二行\t'x'"
        return text

    def time(self, ms):
        form = self.switches.times
        if not ms:
            return "0"
        if self.switches.fractions == "wire" and ms % 1000:
            return f"{ms // 1000}.{ms % 1000:03d}"
        if form == "ms":
            return str(ms)
        if form == "string":
            return f'"{ms // 1000}"'
        if form == "ms-string":
            return f'"{ms}"'
        if form == "text":
            return time.strftime('"%Y-%m-%d %H:%M:%S"', time.gmtime(ms // 1000 + SHANGHAI))
        return str(ms // 1000)

    def render(self, slot, revision, add, update):
        """The record; add and update are ms, 0 where it has no times."""
        h = mix(self.seed + slot)
        wire = self.switches
        quote = '"' if wire.numbers == "string" else ""
        fields = [f'"text_1":{json_string(self.name(slot, h))}',
                  f'"serialNo":"{self.serial(slot, (add or EPOCH * 1000) // 1000)}"',
                  f'"num_1":{quote}{self.price(slot, h)}{quote}',
                  f'"num_2":{quote}{(h >> 12) % 5000 + revision}{quote}',
                  f'"num_3":{quote}{self.parent_id(slot)}{quote}',
                  f'"num_13":{quote}{41200 + h % 13}{quote}',
                  f'"text_8":"{h % 4 + 1}"']
        if slot % 3:
            fields.append('"text_4":""' if slot % 3 == 1 else f'"text_4":"{KINDS[h % 12]}{slot}"')
        if slot % 7 != 3:
            day = (1_600_000_000 + (h >> 24) % 150_000_000) // 86400 * 86400 - SHANGHAI
            fields.append(f'"date_5":{"0" if slot % 4 == 0 else self.time(day * 1000)}')
        if slot % 5:
            stamp = (h >> 30) + 1767229200000
            files = ",".join(f'"https://cdn.example/p/{slot}-{i}.jpg?{stamp}"' for i in range(slot % 3))
            fields.append(f'"file_1":[{files}]')
        labels = ",".join(str(4400 + (h >> 4 * i) % 16) for i in range(h % 4))
        owners = ",".join(f'"u-{(h >> 5 * i) % 50:04d}"' for i in range((h >> 7) % 3))
        mates = f'"u-{(h >> 33) % 50:04d}"' if slot % 6 == 0 else ""
        if wire.arrays_in_strings != "off":
            owners, mates = ('"[' + part.replace('"', '\\"') + ']"' for part in (owners, mates))
        else:
            owners, mates = f"[{owners}]", f"[{mates}]"
        fields.append(f'"array_31":"[{labels}]"' if wire.arrays_in_strings == "all" else f'"array_31":[{labels}]')
        fields += [f'"creatorId":"u-{h % 50:04d}"', f'"ownerId":{owners}', f'"coUserId":{mates}']
        if self.width >= 20:
            fields += self.more(slot, h, revision, quote)
        if self.width > 25:
            fields += self.filler(slot, h)
        text = (f'{{"dataId":{self.first_id + slot},"formId":{self.form_id},"addTime":{self.time(add)},'
                f'"updateTime":{self.time(update)},"data":{{{",".join(fields)}}}}}')
        if not add:
            text = text.replace('"addTime":0,"updateTime":0,', "", 1)
        if wire.escape == "ascii":
            text = ascii_only(text)
        elif wire.escape == "slash":
            text = text.replace("/", "\\/")
        return text.encode()

    def more(self, slot, h, revision, quote):
        province, city, district = CITIES[h % 4]
        spare = f'"num_1":{h % 9},"date_1":{1_700_000_000 + slot}' if slot % 2 else f'"num_1":{h % 9}'
        lines = ",".join(f'{{"subDataId":{9000 + slot * 4 + i},"text_1":"{WORDS[(h >> i) & 7]}",{spare}}}'
                         for i in range(slot % 4))
        where = ',"location":{"lon":120.%d,"lat":30.%d}' % (h % 900000 + 100000, (h >> 9) % 900000 + 100000)
        return [f'"address_1":{{"province":"{province}","city":"{city}","district":"{district}","address":""'
                f'{where if slot % 8 == 2 else ""}}}',
                f'"subForm_2":[{lines}]',
                f'"text_10":"[{{\\"name\\":\\"颜色\\",\\"value\\":\\"{COLOURS[h % 4]}\\"}}]"',
                f'"text_5":"69{h % 10 ** 11:011d}"',
                f'"text_6":"{"改" + str(revision) if revision else ""}"',
                f'"num_7":"{h % 1000}.{h >> 10 & 63:02d}"',
                f'"departmentId":{1 + h % 9}',
                f'"num_40":{quote}{h & 1}{quote}']

    def filler(self, slot, h):
        """Up to width fields: what tenants add, mostly empty."""
        fields = []
        for i in range(self.width - 25):
            k = i + 41
            if i % 3 == 0:
                fields.append(f'"num_{k}":{(h >> i) % 1000 if slot + i & 1 else 0}')
            elif i % 3 == 1:
                fields.append(f'"text_{k}":"{WORDS[h >> i & 7] if (slot + i) % 4 == 0 else ""}"')
            else:
                fields.append(f'"text_{k}":"{h >> i & 0xFFFFFFF:x}"')
        return fields


def detail_encoding(item):
    """Section 4: users, selects and owners become objects in a detail answer."""
    def user(name):
        return {"id": name, "name": "用户" + str(name)[-4:], "avatar": ""}
    data = dict(item.get("data") or {})
    for attr in ("ownerId", "coUserId"):
        if attr in data:
            users = parse(data[attr]) if isinstance(data[attr], str) else data[attr]
            data[attr] = [user(u) for u in users]
    if "creatorId" in data:
        data["creatorId"] = user(data["creatorId"])
    if "text_8" in data:
        data["text_8"] = {"text": "个箱台件"[int(data["text_8"]) % 4], "value": data["text_8"], "checked": True,
                          "color": "#646566"}
    return {**item, "data": data}


# --- conditions -----------------------------------------------------------------------------------------

SEEN = {"equal", "in", "noin", "greaterequal", "lessequal", "range", "like", "empty"}
UNSEEN = {"noequal", "noempty", "greaterthan", "lessthan", "notlike", "include", "noinclude", "allinclude", "between"}
KNOWN_ATTR = re.compile(r"(text|num|date|array|file|address|subForm|geo|long)_\d+$")
ITEM_ATTRS = {"dataId", "formId", "addTime", "updateTime"}
OTHER_ATTRS = {"serialNo", "creatorId", "ownerId", "coUserId", "departmentId"} | ITEM_ATTRS
ARRAY_LIKE = re.compile(r"(ownerId|coUserId|array_\d+|file_\d+)$")


class BadRequest(Exception):
    """A business error: (code, msg)."""


class Condition:
    """One condition, checked.  A record without a value never matches, but for empty."""
    __slots__ = ("attr", "sub", "symbol", "values", "numbers", "never")

    def __init__(self, attr, sub, symbol, values, switches=None):
        if switches and switches.trim == "on":
            values = [v.strip() if isinstance(v, str) else v for v in values]
        if switches and switches.doubles == "on":
            values = [Decimal(repr(float(v))) if isinstance(v, Decimal) else v for v in values]
        self.attr, self.sub, self.symbol, self.values, self.never = attr, sub, symbol, values, False
        self.numbers = [decimal(v) for v in values]

    def compares_time(self):
        return self.attr in ("addTime", "updateTime") and self.symbol not in ("noin", "noequal", "empty", "noempty",
                                                                              "like", "notlike")

    def matches(self, value, switches):
        if self.never:
            return False
        members = self.members(value, switches)
        symbol = self.symbol
        if symbol == "empty":
            return not members
        if not members:
            return False
        if symbol == "noempty":
            return True
        if symbol in ("equal", "in", "include"):
            return any(self.equals(m, switches) for m in members)
        if symbol in ("noin", "noequal", "noinclude"):
            return not any(self.equals(m, switches) for m in members)
        if symbol == "allinclude":
            return all(any(Condition(self.attr, None, "equal", [v]).equals(m, switches) for m in members)
                       for v in self.values)
        if symbol in ("like", "notlike"):
            found = any(fold(str(v), switches) in fold(str(m), switches) for v in self.values for m in members)
            return found == (symbol == "like")
        return any(self.between(m, switches) for m in members)

    def members(self, value, switches):
        """What a value counts as: the members of arrays; nothing if it is "no value"."""
        if self.sub:
            lines = value if isinstance(value, list) else []
            return [m for line in lines if isinstance(line, dict)
                    for m in Condition(self.sub, None, self.symbol, []).members(line.get(self.sub), switches)]
        if isinstance(value, str) and value.startswith("[") and ARRAY_LIKE.match(self.attr):
            try:
                value = parse(value)
            except ValueError:
                pass
        if value is None or value in ("", [], {}):
            return []
        if isinstance(value, list):
            return value
        if self.attr.startswith("date_") or switches.zero == "none" and self.attr.startswith("num_"):
            return [] if decimal(value) == 0 else [value]
        return [value]

    def equals(self, member, switches):
        if self.attr.startswith("text_") or self.attr == "serialNo":
            if switches.text_limit and isinstance(member, str) and len(member) > switches.text_limit:
                return False
            if switches.types != "loose":
                return any(self.alike(v, member, switches) for v in self.values)
        if isinstance(member, Num) or self.attr.startswith("num_"):
            number = decimal(member)
            return number is not None and number in self.numbers
        member = fold(member if isinstance(member, str) else compact(member), switches)
        return any(member == fold(str(v), switches) for v in self.values)

    @staticmethod
    def alike(value, member, switches):
        """Are they equal to a server that tells types, or spellings, apart?"""
        is_text = isinstance(member, str) and not isinstance(member, Num)
        if switches.types == "strict" and isinstance(value, str) != is_text:
            return False
        if switches.types == "strict" and isinstance(member, Num):
            return decimal(value) == decimal(member)
        return fold(str(value), switches) == fold(member if is_text else dump(member), switches)

    def between(self, member, switches):
        number, bounds = decimal(member), self.numbers
        if number is None or not bounds or bounds[0] is None:
            return False
        if self.attr.startswith("date_") and switches.times.startswith("ms") and number >= 10 ** 11:
            number /= 1000                          # a time is one, however it is written
        strict = switches.bounds == "exclusive"
        above = number > bounds[0] or number == bounds[0] and not strict
        below = number < bounds[-1] or number == bounds[-1] and not strict
        return {"greaterequal": above, "lessequal": below, "greaterthan": number > bounds[0],
                "lessthan": number < bounds[0]}.get(self.symbol, above and below)

    def window(self, switches):
        """A time condition as (low, high) in ms, both inclusive."""
        bounds = self.numbers
        if not bounds or None in bounds:
            return 1, 0
        first, last = bounds[0] * 1000, bounds[-1] * 1000
        strict = switches.bounds == "exclusive" and self.symbol not in ("equal", "in")
        low = int(first) + 1 if strict else -int(-first // 1)
        high = -int(-last // 1) - 1 if strict else int(last // 1)
        if self.symbol == "greaterequal":
            return max(1, low), TIME_MAX
        if self.symbol == "lessequal":
            return 1, high
        if self.symbol == "greaterthan":
            return max(1, int(first // 1) + 1), TIME_MAX
        if self.symbol == "lessthan":
            return 1, -int(-first // 1) - 1
        return max(1, low), high


def fold(text, switches):
    return text.casefold() if switches.text_case == "fold" else text


def read_conditions(raw, switches):
    """The conditions of a request that count, or BadRequest."""
    def trouble(mode, text):
        if mode == "error":
            raise BadRequest(switches.code_condition, text)
        return mode == "ignore"

    if raw is None:
        return []
    if not isinstance(raw, list):
        raise BadRequest(switches.code_condition, "字段数据格式错误: conditions")
    conditions = []
    ignored = set(switches.ignore.split(","))
    for entry in raw:
        if not isinstance(entry, dict) or not isinstance(entry.get("attr"), str) \
                or not isinstance(entry.get("symbol"), str) or not isinstance(entry.get("value"), list):
            raise BadRequest(switches.code_condition, "字段数据格式错误: value")
        attr, symbol, values, never = entry["attr"], entry["symbol"], entry["value"], False
        if "all" in ignored or attr in ignored or symbol in ignored:
            continue
        if attr not in OTHER_ATTRS and not KNOWN_ATTR.match(attr):
            if trouble(switches.unknown_attr, f"字段不存在: {attr}"):
                continue
            never = True
        if symbol not in SEEN:
            mode = switches.unseen_symbols if symbol in UNSEEN else switches.unknown_symbol
            if mode != "work":
                if trouble(mode, f"不支持的条件: {symbol}"):
                    continue
                never = True
        if (attr.startswith("date_") or attr.endswith("Time")) and any(isinstance(v, str) for v in values):
            if switches.time_strings != "work":
                if trouble(switches.time_strings, f"字段数据格式错误: {attr}"):
                    continue
                never = True
        if not values and symbol not in ("empty", "noempty") or switches.max_values and len(values) > switches.max_values:
            raise BadRequest(switches.code_condition, f"字段数据格式错误: {attr}")
        condition = Condition(attr, entry.get("subAttr"), symbol, values, switches)
        condition.never = never
        conditions.append(condition)
    return conditions


# --- lists of records -----------------------------------------------------------------------------------

class Replica:
    """What one copy of a list shows: which slots live, their times and revisions, and indexes by time and id."""

    def __init__(self, store):
        self.store = store
        self.add, self.update, self.revision = array("q"), array("q"), array("l")
        self.by_add, self.by_update, self.by_id = array("q"), array("q"), array("q")
        self.live = bytearray()
        self.version, self.columns = 0, {}

    def load(self, times):
        """Fills an empty copy with slots 0 to n."""
        n = len(times)
        self.add = array("q", (a for a, _ in times))
        self.update = array("q", (u for _, u in times))
        self.revision, self.live = array("l", bytes(8 * n)), bytearray(b"\1" * n)
        self.by_add = array("q", sorted(a << SLOT_BITS | s for s, a in enumerate(self.add)))
        self.by_update = array("q", sorted(u << SLOT_BITS | s for s, u in enumerate(self.update)))
        self.by_id = array("q", range(n))

    def twin(self):
        other = copy.copy(self)
        for name in ("add", "update", "revision", "by_add", "by_update", "by_id", "live"):
            setattr(other, name, copy.copy(getattr(self, name)))
        other.columns = {}
        return other

    def put(self, slot, add, update, revision):
        """Makes a slot show this state; None for add removes it."""
        ids = self.store.ids
        while len(self.live) <= slot:
            for part, empty in ((self.live, 0), (self.add, 0), (self.update, 0), (self.revision, -1)):
                part.append(empty)
        if self.live[slot]:
            self.take(self.by_add, self.add[slot] << SLOT_BITS | slot)
            self.take(self.by_update, self.update[slot] << SLOT_BITS | slot)
            self.live[slot] = 0
            if add is None:
                del self.by_id[bisect.bisect_left(self.by_id, ids[slot], key=ids.__getitem__)]
        elif add is not None:
            bisect.insort(self.by_id, slot, key=ids.__getitem__)
        self.revision[slot] = revision
        if add is not None:
            add, update = (min(max(t, 0), TIME_MAX) for t in (add, update))
            self.add[slot], self.update[slot], self.live[slot] = add, update, 1
            bisect.insort(self.by_add, add << SLOT_BITS | slot)
            bisect.insort(self.by_update, update << SLOT_BITS | slot)
        self.version += 1
        for column in self.columns.values():
            column.pop(slot, None)

    @staticmethod
    def take(index, key):
        del index[bisect.bisect_left(index, key)]

    def value(self, slot, condition):
        """The value that a condition looks at, remembered by column."""
        column = self.columns.setdefault(condition.attr, {})
        if slot not in column:
            column[slot] = self.store.value(self, slot, condition.attr)
        return column[slot]

    def select(self, conditions, switches):
        """The slots that match, in the list's order: an object with a length and slices."""
        windows, rest, slots = {"addTime": (0, TIME_MAX), "updateTime": (0, TIME_MAX)}, [], None
        for condition in conditions:
            if condition.compares_time() and not condition.never \
                    and (condition.symbol not in ("equal", "in") or len(condition.values) == 1):
                low, high = windows[condition.attr]
                other = condition.window(switches)
                windows[condition.attr] = max(low, other[0]), min(high, other[1])
            elif condition.attr == "dataId" and condition.symbol in ("equal", "in") and not condition.never \
                    and slots is None:
                slots = {self.store.slot_of(int(n)) for n in condition.numbers if n is not None and n == int(n)}
                slots = self.living(slots)
            else:
                if condition.attr == "serialNo" and condition.symbol in ("equal", "in") and slots is None \
                        and switches.text_case == "exact" and switches.types == "loose":
                    slots = self.living(self.store.serial_slots(condition.values))
                rest.append(condition)
        by, _, way = switches.order.partition("-")
        index = {"add": self.by_add, "update": self.by_update}.get(by)
        if not rest and slots is None:
            ranges = {"add": self.span(self.by_add, windows["addTime"]),
                      "update": self.span(self.by_update, windows["updateTime"])}
            whole = [k for k, r in ranges.items() if r == (0, len(self.by_add))]
            if by in ranges and ("add" if by == "update" else "update") in whole:
                return Span(index, *ranges[by], way == "desc")
            if by == "id" and len(whole) == 2:
                return Span(self.by_id, 0, len(self.by_id), way == "desc")
        chosen = self.candidates(slots, windows)
        for condition in rest:
            chosen = [s for s in chosen if condition.matches(self.value(s, condition), switches)]
        if by == "id":
            chosen.sort(key=self.store.ids.__getitem__, reverse=way == "desc")
        else:
            times = self.add if by == "add" else self.update
            chosen.sort(key=lambda s: times[s] << SLOT_BITS | s, reverse=way == "desc")
        return chosen

    def living(self, slots):
        return [s for s in slots if s is not None and 0 <= s < len(self.live) and self.live[s]]

    @staticmethod
    def span(index, window):
        low, high = window
        if low > high:
            return 0, 0
        start = bisect.bisect_left(index, low << SLOT_BITS)
        end = len(index) if high >= TIME_MAX else bisect.bisect_left(index, (high + 1) << SLOT_BITS)
        return start, max(start, end)

    def candidates(self, slots, windows):
        """Slots within both windows, from the narrower index."""
        (a1, a2), (u1, u2) = windows["addTime"], windows["updateTime"]
        if slots is None:
            spans = [(index, *self.span(index, w)) for index, w in ((self.by_add, (a1, a2)), (self.by_update, (u1, u2)))]
            index, start, end = min(spans, key=lambda s: s[2] - s[1])
            slots = [k & SLOT_MASK for k in index[start:end]]
        add, update = self.add, self.update
        return [s for s in slots if a1 <= add[s] <= a2 and u1 <= update[s] <= u2]

    def shuffled(self, slots, switches, rng):
        """The same order with ties in a random one."""
        by, _, way = switches.order.partition("-")
        if by == "id":
            return slots
        times = self.add if by == "add" else self.update
        sign = -1 if way == "desc" else 1
        return sorted(slots, key=lambda s: (sign * times[s], rng.random()))


class Span:
    """A stretch of an index, read in one direction, without a copy."""
    __slots__ = ("index", "start", "end", "backwards")

    def __init__(self, index, start, end, backwards):
        self.index, self.start, self.end, self.backwards = index, start, end, backwards

    def __len__(self):
        return self.end - self.start

    def __getitem__(self, part):
        first, last, _ = part.indices(len(self))
        if self.backwards:
            first, last = len(self) - last, len(self) - first
        slots = [k & SLOT_MASK for k in self.index[self.start + first:self.start + max(first, last)]]
        return slots[::-1] if self.backwards else slots

    def __iter__(self):
        return iter(self[0:len(self)])


class RecordList:
    """The records of one object or form: the truth, and what its copies show of it yet."""
    serial_number = 0

    def __init__(self, tenant, kind, form_id, args):
        RecordList.serial_number += 1
        self.key, self.tenant, self.kind, self.form_id = RecordList.serial_number, tenant, kind, form_id
        count, seed = int(args.pop("records", 730)), int(args.pop("seed", 1))
        self.first_id = int(args.pop("first_id", 51_200_001))
        self.renderer = Renderer(kind, form_id, seed, self.first_id, int(args.pop("width", 40)),
                                 args.pop("odd", "0") in ("1", "on"), tenant.switches)
        self.ids = array("q", range(self.first_id, self.first_id + count))
        self.others, self.bodies, self.cache = {}, {}, {}
        self.removed, self.pending = [], deque()
        self.always, self.ever, self.versions = set(), set(), []
        self.marked = False
        self.truth = Replica(self)
        self.truth.load(self.times(count, random.Random(seed), args))
        self.shown = [self.truth]

    def times(self, count, rng, args):
        """(add, update) in ms for each slot."""
        end = int(args.pop("end", int(self.tenant.clock.now()) - 60))
        start = int(args.pop("start", end - 400 * 86400))
        step, shape = args.pop("step", None), args.pop("shape", "even")
        by, span = args.pop("shape_on", "add"), args.pop("touch_span", None)
        no_times = int(args.pop("no_times", 0))
        if shape not in ("even", "random", "burst", "hour", "zipf") or by not in ("add", "update"):
            raise Refused("shape is even, random, burst, hour or zipf; shape_on is add or update")
        if start > end:
            raise Refused("start is after end")
        burst, length = rng.randint(start, end), max(1, end - start)
        if shape == "zipf":
            days = max(1, length // 86400)
            weights = [1 / (1 + d) for d in rng.sample(range(days), days)]
            starts = rng.choices(range(days), weights, k=count)
        pairs = []
        fraction = 700 if self.tenant.switches.fractions != "off" else 0
        for n in range(count):
            if step is not None:
                t = start + n * int(step)
            elif shape == "even":
                t = start + n * length // max(1, count)
            elif shape == "burst" and rng.random() < .3:
                t = burst
            elif shape == "hour" and rng.random() < .9:
                t = burst + rng.randrange(3600)
            elif shape == "zipf":
                t = end - 86400 * (1 + starts[n]) + rng.randrange(32400)
            else:
                t = rng.randint(start, end)
            if by == "update":
                a, u = t - rng.randrange(10_000_000), t
            else:
                most = max(0, end - t) if span is None else int(span)
                a, u = t, t + (rng.randint(0, most) if n % 5 else 0)
            if no_times and n % no_times == 0:
                a = u = 0
            pairs.append((a * 1000 + fraction * (a > 0), u * 1000 + fraction * (u > 0)))
        return pairs

    # ids and bytes

    def slot_of(self, data_id):
        slot = data_id - self.first_id
        if 0 <= slot < len(self.ids) and self.ids[slot] == data_id:
            return slot
        return self.others.get(data_id)

    def serial_slots(self, values):
        """Where these serial numbers can be: a generated one says its slot."""
        tails = {str(v).rpartition(".")[2] for v in values}
        return {int(t) - 1 for t in tails if t.isdecimal()} | {slot for slot, _ in self.bodies}

    def row(self, replica, slot):
        """A record's bytes as a copy shows it."""
        revision = replica.revision[slot]
        known = self.cache.get(slot)
        if known and known[0] == revision:
            return known[1]
        body = self.bodies.get((slot, revision))
        if body is None:
            body = self.renderer.render(slot, revision, replica.add[slot], replica.update[slot])
        if len(self.cache) >= 60_000:
            self.cache.clear()
        self.cache[slot] = revision, body
        return body

    def rows(self, replica, slots):
        return [self.row(replica, s) for s in slots]

    def item(self, replica, slot):
        """A record parsed, {} if its bytes are no JSON."""
        try:
            item = parse(self.row(replica, slot))
        except ValueError:
            return {}
        return item if isinstance(item, dict) else {}

    def value(self, replica, slot, attr):
        if attr == "serialNo" and (slot, replica.revision[slot]) not in self.bodies:
            return self.renderer.serial(slot, (replica.add[slot] or EPOCH * 1000) // 1000)
        if attr == "num_3" and (slot, replica.revision[slot]) not in self.bodies:
            return Num(self.renderer.parent_id(slot))
        if attr in ("addTime", "updateTime"):
            ms = (replica.add if attr == "addTime" else replica.update)[slot]
            return Num(Decimal(ms) / 1000) if ms else None
        item = self.item(replica, slot)
        data = item.get("data")
        return item.get(attr) if attr in ITEM_ATTRS else data.get(attr) if isinstance(data, dict) else None

    # changes

    def stamp(self):
        return int(self.tenant.clock.now()) * 1000 + (700 if self.tenant.switches.fractions != "off" else 0)

    def change(self, slot, add, update, body=None):
        """A new state of a slot, in the truth now and in the copies when it is due."""
        truth = self.truth
        revision = truth.revision[slot] + 1 if slot < len(truth.revision) else 0
        if body is not None:
            self.bodies[slot, revision] = body
        truth.put(slot, add, update, revision)
        if self.shown[0] is not truth:
            now, switches = self.tenant.clock.now(), self.tenant.switches
            for replica in self.shown:
                jitter = switches.lag_jitter == "on" or len(self.shown) > 1
                due = now + switches.lag * (self.tenant.rng.random() if jitter else 1)
                self.pending.append((due, replica, slot, add, update, revision))
        data_id = self.ids[slot]
        if self.marked and add is None:
            self.always.discard(data_id)
        elif self.marked:
            self.ever.add(data_id)
            self.versions.append((data_id, update // 1000))

    def settle(self):
        """Copies show what is due."""
        if not self.pending:
            return
        now, later = self.tenant.clock.now(), deque()
        for entry in self.pending:
            due, replica, slot, add, update, revision = entry
            if due > now:
                later.append(entry)
            elif slot >= len(replica.revision) or replica.revision[slot] < revision:
                replica.put(slot, add, update, revision)
        self.pending = later

    def reshow(self):
        """After a change of the switches that say who shows what when, or how."""
        switches = self.tenant.switches
        self.pending.clear()
        copies = switches.replicas if switches.replicas > 1 or switches.lag > 0 else 0
        self.shown = [self.truth.twin() for _ in range(copies)] or [self.truth]
        self.redraw()

    def redraw(self):
        self.cache.clear()
        for replica in {id(r): r for r in [self.truth, *self.shown]}.values():
            replica.columns.clear()
            replica.version += 1

    def shift_fractions(self, on):
        truth = self.truth
        for name in ("add", "update"):
            times = getattr(truth, name)
            for slot, ms in enumerate(times):
                if ms:
                    times[slot] = ms // 1000 * 1000 + (700 if on else 0)
        for index, times in (("by_add", truth.add), ("by_update", truth.update)):
            setattr(truth, index, array("q", sorted(times[k & SLOT_MASK] << SLOT_BITS | k & SLOT_MASK
                                                    for k in getattr(truth, index))))

    def insert(self, data_id, add, update, body=None):
        """A new record; data_id None takes the next one."""
        slot = len(self.ids)
        if slot > SLOT_MASK:
            raise Refused("the list is full")
        if data_id is None:
            data_id = self.first_id + slot
        self.ids.append(data_id)
        if data_id != self.first_id + slot:
            self.others[data_id] = slot
        self.change(slot, add, update, body)
        return data_id

    def touch(self, slot, at=None, add=None, fields=None):
        """An edit: updateTime moves to now (or at, ms), and something in the record changes."""
        update = self.stamp() if at is None else at
        truth, body = self.truth, None
        add = truth.add[slot] if add is None else add
        if fields is not None or (slot, truth.revision[slot]) in self.bodies:
            item = self.item(truth, slot)
            if item:
                item["addTime"], item["updateTime"] = (parse(self.renderer.time(t)) for t in (add, update))
                if isinstance(item.get("data"), dict):
                    item["data"].update(fields or {})
                body = dump(item).encode()
            else:
                body = self.row(truth, slot)
        self.change(slot, add, update, body)

    def drop(self, slot):
        self.removed.append(slot)
        self.change(slot, None, None)

    def mutate(self, kind, rng, spread):
        """One change of a kind by chance."""
        slots = self.truth.by_id
        if kind == "add":
            now = self.stamp()
            self.insert(None, now, now)
        elif slots:
            slot = slots[rng.randrange(len(slots))]
            if kind == "drop":
                self.drop(slot)
            else:
                self.touch(slot, self.stamp() - (rng.randrange(spread) * 1000 if kind == "back-date" else 0))

    def pick(self, what):
        """Slots by id=."""
        slots = self.truth.by_id
        if what == "all":
            return list(slots)
        if what in ("first", "last", "random"):
            if not slots:
                raise Refused("the list is empty")
            return [{"first": slots[0], "last": slots[-1]}.get(what, self.tenant.rng.choice(slots))]
        found = []
        for part in str(what).split(","):
            slot = self.slot_of(int(part))
            if slot is None or not self.truth.live[slot]:
                raise Refused(f"no record {part}")
            found.append(slot)
        return found

    def mark(self):
        self.marked = True
        truth = self.truth
        self.always = {self.ids[s] for s in truth.by_id}
        self.ever = set(self.always)
        self.versions = [(self.ids[s], truth.update[s] // 1000) for s in truth.by_id]

    def everything(self):
        return [self.row(self.truth, s) for s in self.truth.by_id]

    def __len__(self):
        return len(self.truth.by_id)


class FlatList:
    """Users, departments and the like: flat items without times."""

    def __init__(self, tenant, kind, args):
        RecordList.serial_number += 1
        self.key, self.tenant, self.kind = RecordList.serial_number, tenant, kind
        self.path, self.list_key, self.id_key, self.paged = FLAT[kind]
        self.version, self.marked = 0, False
        count, default = args.pop("records", None), {"user": 60, "department": 9, "role": 5, "signIn": 40, "label": 4,
                                                     "category": 4}[kind]
        self.items = {}
        for n in range(int(default if count is None else count)):
            self.insert(n)
        self.next = len(self.items)
        self.always, self.ever = set(), set()

    def insert(self, n, revision=0):
        item = getattr(self, "make_" + self.kind)(n, mix(n), revision)
        self.items[str(item[self.id_key])] = compact(item).encode()

    @staticmethod
    def make_user(n, h, revision):
        return {"userId": f"u-{n:04d}", "name": SURNAMES[h % 10] + GIVEN[h >> 8 & 7] + ("改" * (revision > 0)),
                "position": ["销售", "", "经理"][n % 3], "jobnumber": f"{n:05d}" if n % 4 else "",
                "avatar": f"https://cdn.example/a/{n}.png", "status": 0 if n % 17 == 16 else 1,
                "departmentList": [{"id": 1 + n % 9, "name": f"部门{1 + n % 9}"}],
                "roleList": [{"id": 1 + n % 5, "roleName": f"角色{1 + n % 5}"}]}

    @staticmethod
    def make_department(n, h, revision):
        return {"id": n + 1, "name": "总公司" if n == 0 else f"部门{n + 1}", "parentId": 0 if n == 0 else 1,
                "depIdRouter": "|1|" if n == 0 else f"|1|{n + 1}|", "sort": n + revision}

    @staticmethod
    def make_role(n, h, revision):
        return {"id": n + 1, "roleName": f"角色{n + 1}" + "改" * (revision > 0)}

    @staticmethod
    def make_signIn(n, h, revision):
        return {"id": 7000 + n, "userId": f"u-{h % 60:04d}", "addTime": EPOCH - 86400 * 30 + n * 3600,
                "address": "浙江省杭州市", "memo": "拜访" * (1 + revision), "images": []}

    @staticmethod
    def make_label(n, h, revision):
        return {"id": 40 + n, "name": f"分组{n}", "labelEntities": [
            {"id": 4400 + 4 * n + i, "name": WORDS[(n + i) % 8], "color": "#ff0000"} for i in range(4)]}

    @staticmethod
    def make_category(n, h, revision):
        return {"id": 41200 + 4 * n, "name": f"分类{n}", "parentId": 0, "router": f"0,{41200 + 4 * n}", "sort": n,
                "childList": [{"id": 41201 + 4 * n + i, "name": f"分类{n}-{i}", "parentId": 41200 + 4 * n, "childList": [],
                               "router": f"0,{41200 + 4 * n},{41201 + 4 * n + i}", "sort": i} for i in range(3)]}

    def select(self, body):
        """The rows that a request's own filters leave (section 8)."""
        rows = list(self.items.values())
        if self.kind == "signIn":
            low, high = decimal(body.get("startAddTime")), decimal(body.get("endAddTime"))
            if low is not None or high is not None:
                rows = [r for r in rows if (low or 0) <= decimal(parse(r).get("addTime")) <= (high or TIME_MAX)]
        if self.kind == "user":
            rows = [r for r in rows if self.user_matches(json.loads(r), body)]
        if self.kind == "department":
            ids, like = body.get("departmentIdIn"), body.get("nameLike") or ""
            if ids or like:
                items = ((r, json.loads(r)) for r in rows)
                rows = [r for r, i in items if (not ids or i["id"] in ids) and like in i["name"]]
        return rows

    @staticmethod
    def user_matches(user, body):
        departments = [d["id"] for d in user.get("departmentList") or []]
        return (user.get("status", 1) == 1 or str(body.get("delIgnore")) == "1") \
            and (not body.get("name") or user.get("name") == body["name"]) \
            and (body.get("nameLike") or "") in str(user.get("name")) \
            and (not body.get("userIdIn") or user["userId"] in body["userIdIn"]) \
            and (not body.get("departmentId") or body["departmentId"] in departments)

    def mutate(self, kind, rng, spread):
        self.version += 1
        if kind == "add":
            self.insert(self.next)
            self.next += 1
            self.ever.add(list(self.items)[-1])
        elif self.items:
            key = rng.choice(list(self.items))
            if kind == "drop":
                del self.items[key]
                self.always.discard(key)
            else:
                item = json.loads(self.items[key])
                item["sort" if "sort" in item else "memo"] = rng.randrange(1000)
                self.items[key] = compact(item).encode()

    def mark(self):
        self.always, self.ever = set(self.items), set(self.items)

    def everything(self):
        return list(self.items.values())

    def __len__(self):
        return len(self.items)

    def settle(self):
        pass

    def reshow(self):
        self.version += 1

    redraw = reshow


# --- a company ------------------------------------------------------------------------------------------

class Clock:
    """Epoch seconds of a world."""

    def __init__(self, base=EPOCH):
        self.base, self.since, self.frozen = float(base), time.monotonic(), False

    def now(self):
        return self.base if self.frozen else self.base + time.monotonic() - self.since

    def set(self, base):
        self.base, self.since = float(base), time.monotonic()

    def freeze(self, on):
        self.set(self.now())
        self.frozen = on


class Mutator:
    """Changes a list between two requests, by chance but in an order that its seed fixes."""

    def __init__(self, tenant, target, args):
        self.tenant, self.target = tenant, target
        self.rate, self.per_second = float(args.pop("rate", 0)), float(args.pop("per_second", 0))
        self.kinds = args.pop("kinds", "touch").split(",")
        self.rng = random.Random(int(args.pop("seed", 1)))
        self.left = int(args.pop("limit", -1))
        self.spread = int(args.pop("spread", 900))
        self.since, self.changes = tenant.clock.now(), 0
        unknown = set(self.kinds) - {"touch", "drop", "add", "back-date"}
        if unknown or self.rate >= 1:
            raise Refused("kinds are touch, drop, add and back-date; rate is below 1")

    def between_requests(self):
        for _ in range(6):
            if self.rng.random() >= self.rate:
                break
            self.one()
        if self.per_second:
            while self.since + 1 / self.per_second <= self.tenant.clock.now():
                self.since += 1 / self.per_second
                self.one()

    def one(self):
        if self.left:
            self.left -= 1
            self.changes += 1
            self.target.mutate(self.rng.choice(self.kinds), self.rng, self.spread)


class Entry:
    """A line of the request log."""
    __slots__ = ("start", "path", "page", "size", "cond", "result", "rows", "bytes", "user", "params", "headers",
                 "body", "clock")

    def __init__(self, path):
        self.start, self.path, self.page, self.size, self.cond, self.result = time.monotonic(), path, "-", "-", "-", "-"
        self.rows, self.bytes, self.user, self.params, self.headers, self.body, self.clock = 0, 0, "-", "-", "-", "-", 0

    def again(self):
        """The line of the same request, now."""
        other = copy.copy(self)
        other.start = time.monotonic()
        return other


class Tenant:
    """A company: a world of its own."""

    def __init__(self, corpid, log_limit):
        self.corpid, self.token = corpid, "t0ken"
        self.switches, self.version = Switches(), 0
        self.clock, self.rng = Clock(), random.Random(1)
        self.lists, self.flats = {}, {}
        self.log, self.requests, self.ends = deque(maxlen=log_limit), 0, deque(maxlen=log_limit)
        self.running, self.peak, self.connections = 0, 0, set()
        self.faults, self.scheduled, self.mutators, self.holds = [], [], [], {}
        self.second, self.minute, self.day, self.today = deque(), deque(), 0, ""
        self.port = None

    def target(self, args):
        """The list that a control command means."""
        kind, form_id = args.pop("object", "product"), args.pop("form_id", None)
        if kind in FLAT:
            if kind not in self.flats:
                self.flats[kind] = FlatList(self, kind, {})
            return self.flats[kind]
        for (name, form), found in self.lists.items():
            if name == kind and form_id in (None, str(form)):
                return found
        raise Refused(f"no list of {kind}{'' if form_id is None else ' with form_id ' + form_id}")

    def every_list(self):
        return [*self.lists.values(), *self.flats.values()]

    def set(self, name, text):
        value = switch_value(name, text)
        before = getattr(self.switches, name)
        setattr(self.switches, name, value)
        self.version += 1
        for target in self.every_list():
            if name == "fractions" and isinstance(target, RecordList) and (before == "off") != (value == "off"):
                target.shift_fractions(value != "off")
            if name in ("lag", "lag_jitter", "replicas", "fractions"):
                target.reshow()
            elif name in RENDERING or name == "zero":
                target.redraw()

    def before_request(self):
        """Time passes and the world moves between two requests."""
        self.requests += 1
        if self.switches.pace:
            self.clock.base += self.switches.pace
        self.mutate()

    def still(self):
        """Does the same request get the same answer until the next order?"""
        s = self.switches
        return self.clock.frozen and not (self.mutators or self.scheduled or self.faults or self.holds or s.pace or s.latency
                                          or s.lag or s.replicas > 1 or s.missing_rows or s.limit_second or s.limit_minute
                                          or s.limit_day or s.bounce == "on" or s.two_instants != "off")

    def mutate(self):
        for mutator in self.mutators:
            mutator.between_requests()
        for target in self.lists.values():
            target.settle()

    def held(self, connection, entry, go_on):
        """Keeps a request where a hold wants it."""
        takers = [hold for hold in self.holds.values() if hold.takes(entry)]
        if not takers:
            return False
        connection.hold = takers[0]
        takers[0].waiting[connection] = go_on
        if takers[0].until == len(takers[0].waiting):
            self.release(takers[0])
        return True

    def release(self, *holds):
        """The holds are no more, and what waited there goes on in the order of its coming."""
        for hold in holds:
            self.holds.pop(hold.name, None)
        for hold in holds:
            while hold.waiting:
                connection = next(iter(hold.waiting))
                connection.hold = None
                hold.waiting.pop(connection)()

    def over_limit(self):
        """The message of the limiter, or None; counts the call."""
        switches, now, refusal = self.switches, time.monotonic(), None
        today = shanghai_day(self.clock.now())
        if today != self.today:
            self.today, self.day = today, 0
        for calls, length in ((self.second, 1.0), (self.minute, 60.0)):
            while calls and calls[0] <= now - length:
                calls.popleft()
        if 0 < switches.limit_day <= self.day:
            refusal = f"请求频率超过每日调用上限{switches.limit_day}次"
        elif 0 < switches.limit_minute <= len(self.minute):
            refusal = f"请求频率超过{switches.limit_minute}次/分钟"
        elif 0 < switches.limit_second <= len(self.second):
            refusal = f"请求频率过高,超过{switches.limit_second}次/秒"
        if not refusal or switches.refused_counts == "on":
            self.second.append(now)
            self.minute.append(now)
            self.day += 1
        return refusal and (switches.limit_msg or refusal)

    def signed(self, raw, sign):
        mode = self.switches.sign
        if mode == "off":
            return True
        bodies = [raw] * (mode in ("raw", "both")) + [re.sub(rb"\s", b"", raw)] * (mode in ("stripped", "both"))
        return any(sign == hashlib.sha256(b + self.token.encode()).hexdigest() for b in bodies)


# --- answers --------------------------------------------------------------------------------------------

class Response:
    """An answer before it is framed.  Faults bend it."""
    __slots__ = ("status", "headers", "type", "body", "result", "compressed", "framing", "declared", "cut", "after",
                 "drip", "stream", "delay", "date", "key", "pages", "status_line", "list_key")

    def __init__(self, body=b"", status=200, result="1"):
        self.status, self.body, self.result = status, body, result
        self.headers, self.type = [], "application/json;charset=UTF-8"
        self.compressed, self.framing, self.declared = False, "length", None
        self.cut, self.after, self.drip, self.stream, self.delay = False, "keep", None, None, 0
        self.date, self.key, self.pages, self.status_line, self.list_key = True, None, 1, None, "list"


REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 307: "Temporary Redirect", 308: "Permanent Redirect",
           400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
           408: "Request Timeout", 413: "Payload Too Large", 425: "Too Early", 429: "Too Many Requests",
           500: "Internal Server Error", 502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout"}


def envelope(switches, result, code=1, msg="操作成功"):
    """The outer object around result (bytes or None)."""
    shown = f'"{code}"' if switches.code_type == "string" else str(code)
    head = [f'"code":{shown},"msg":{json.dumps(msg, ensure_ascii=False)}'.encode()]
    success = "true" if code == 1 else "false"
    tail = [f'"success":"{success}"' if switches.success == "string" else f'"success":{success}']
    tail = [] if switches.success == "missing" else [tail[0].encode()]
    middle = [] if result is None else [b'"result":' + result]
    parts = middle + tail + head if switches.key_order == "code-last" else head + middle + tail
    return b"{" + b",".join(parts) + b"}"


def list_result(switches, list_key, rows, total, size):
    """The member result of a list answer."""
    if not total and switches.empty == "no-result":
        return None
    shown = total + switches.total_add
    if switches.total_cap:
        shown = min(shown, switches.total_cap)
    pages = -(-shown // size) or switches.empty_total_page
    totals = []
    for name, mode, number in (("totalCount", switches.total, shown), ("totalPage", switches.total_page, pages)):
        if mode != "missing":
            text = {"number": str(number), "string": f'"{number}"', "null": "null"}[mode]
            totals.append(f'"{name}":{text}'.encode())
    if switches.echo_page_size == "on":
        totals.append(b'"pageSize":%d' % size)
    parts = [b'"' + list_key.encode() + b'":[' + b",".join(rows) + b"]"]
    if not total and switches.empty == "no-list":
        parts = []
    return b"{" + b",".join(totals + parts if switches.key_order == "totals-first" else parts + totals) + b"}"


def whole(body, name, default, switches):
    """A whole number of the request, digits in a string too."""
    value = body.get(name, default)
    if isinstance(value, bool) or not re.fullmatch(r"-?\d{1,9}", str(value)):
        raise BadRequest(switches.code_param, f"参数错误: {name}")
    return int(value)


class Api:
    """Answers calls of one company, as the API would."""

    def __init__(self, cache_bytes):
        self.pages, self.used, self.most = OrderedDict(), 0, cache_bytes

    # pages that were rendered before: (bytes, compressed?, pages of the list, rows)

    def cached(self, key):
        page = self.pages.get(key)
        if page is not None:
            self.pages.move_to_end(key)
        return page

    def remember(self, key, body):
        self.pages[key] = body
        self.used += len(body[0]) + 500
        while self.used > self.most:
            self.used -= len(self.pages.popitem(last=False)[1][0]) + 500

    def call(self, tenant, entry, name, raw, body, headers, gzip):
        """A signed call.  The world has moved already."""
        switches = tenant.switches
        try:
            refusal = tenant.over_limit()
            if refusal:
                return self.refused(switches, tenant, refusal)
            if not tenant.signed(raw, headers.get("sign", "")):
                raise BadRequest(switches.code_sign, "签名验证失败")
            if switches.personal == "on" and tenant.token.startswith("user_") and not headers.get("userid"):
                raise BadRequest(switches.code_param, "参数缺失: header userId")
            module, _, action = name.partition("/")
            if not body.get("userId") and (switches.user_id == "required" or module in USER_REQUIRED):
                raise BadRequest(switches.code_param, "参数缺失: userId")
            if switches.rights == "error":
                raise BadRequest(switches.code_right, "没有权限")
            if name in FLAT_PATHS or action == "list" and (module in PLAIN or module in FORM_REQUIRED):
                return self.list(tenant, entry, name, body, gzip)
            if action == "detail" and (module in PLAIN or module in FORM_REQUIRED):
                return self.detail(tenant, module, body)
            if name == "form/list":
                return self.form_list(tenant, body)
            if name == "form/get":
                return self.form_get(tenant, body)
            return Response('{"code":404,"msg":"接口不存在","success":false}'.encode(), 404, "404")
        except BadRequest as error:
            code, msg = error.args
            return Response(envelope(switches, None, code, msg), result=str(code))

    @staticmethod
    def refused(switches, tenant, refusal):
        status = {"body": 200, "429": 429, "503": 503}[switches.limit_mode]
        answer = Response(envelope(switches, None, switches.code_limit, refusal), status,
                          str(switches.code_limit) if status == 200 else str(status))
        if switches.retry_after:
            answer.headers.append(("Retry-After", retry_after(tenant, switches.retry_after)))
        return answer

    # lists

    def find(self, tenant, module, body):
        """The list of a module and form."""
        switches, form_id = tenant.switches, body.get("formId")
        if module in FORM_REQUIRED:
            if form_id is None:
                raise BadRequest(switches.code_param, "参数缺失: formId")
            found = tenant.lists.get((module, decimal(form_id)))
            if found is None:
                raise BadRequest(switches.code_form, "表单不存在")
            return found
        for (name, _), found in tenant.lists.items():
            if name == module:
                return found
        return None

    def list(self, tenant, entry, name, body, gzip):
        switches = tenant.switches
        page = max(1, whole(body, "page", 1, switches))
        size = whole(body, "pageSize", switches.page_default, switches)
        if size > switches.page_max and switches.page_over == "refuse":
            raise BadRequest(switches.code_param, f"pageSize不能大于{switches.page_max}")
        if size > switches.page_max and switches.page_over == "clamp":
            size = switches.page_max
        size = max(1, (size if size > 0 else switches.page_default) - switches.short_pages)
        if name in FLAT_PATHS:
            return self.flat(tenant, entry, FLAT_PATHS[name], body, page, size)
        found = self.find(tenant, name.partition("/")[0], body)
        conditions = read_conditions(body.get("conditions"), switches)
        if found is None or switches.rights == "empty" or str(body.get("viewApproval", 0)) == "1":
            return self.rows(switches, entry, "list", [], 0, size)
        if str(body.get("del", 0)) == "1" and found.kind in RECYCLED:
            gone = [s for s in found.removed if not found.truth.live[s]]
            return self.rows(switches, entry, "list", found.rows(found.truth, gone[(page - 1) * size:page * size]),
                             len(gone), size)
        if page * size > switches.depth > 0:
            if switches.depth_mode == "error":
                raise BadRequest(switches.code_condition, f"分页超过{switches.depth}条")
            page = 1 << 40
        return self.records(tenant, entry, found, conditions, page, size, gzip)

    def records(self, tenant, entry, found, conditions, page, size, gzip):
        switches = tenant.switches
        replica = tenant.rng.choice(found.shown) if len(found.shown) > 1 else found.shown[0]
        asked = (id(replica), entry.cond if conditions else "", switches.order, tenant.version)
        steady = switches.bounce == "off" and not switches.missing_rows and switches.two_instants == "off"
        key = (found.key, asked, replica.version, page, size, gzip) if steady and not tenant.faults else None
        known = self.cached(key) if key else None
        if known:
            answer = Response(known[0])
            answer.compressed, answer.pages, entry.rows = known[1:]
            return answer
        chosen = self.chosen(found, replica, conditions, switches, asked)
        if switches.bounce == "on":
            chosen = replica.shuffled(chosen, switches, tenant.rng)
        first, total = (page - 1) * size, len(chosen)
        if switches.two_instants == "count-first":
            tenant.mutate()
            chosen = replica.select(conditions, switches)
        slots = chosen[first:first + size]
        if switches.missing_rows and len(slots) == size:
            gone = set(tenant.rng.sample(range(size), min(size - 1, switches.missing_rows)))
            slots = [s for i, s in enumerate(slots) if i not in gone]
        rows = found.rows(replica, slots)
        if switches.two_instants == "list-first":
            tenant.mutate()
            total = len(replica.select(conditions, switches))
        answer = self.rows(switches, entry, "list", rows, total, size)
        answer.key = key
        return answer

    @staticmethod
    def chosen(found, replica, conditions, switches, asked):
        """The matching slots in order, kept until the list changes."""
        known = found.__dict__.setdefault("selections", OrderedDict())
        stamp, slots = known.get(asked, (None, None))
        if stamp != replica.version:
            slots = replica.select(conditions, switches)
            known[asked] = replica.version, slots
            while len(known) > 64:
                known.popitem(last=False)
        return slots

    @staticmethod
    def rows(switches, entry, list_key, rows, total, size):
        entry.rows = len(rows)
        answer = Response(envelope(switches, list_result(switches, list_key, rows, total, size)))
        answer.pages, answer.list_key = -(-total // size), list_key
        return answer

    def flat(self, tenant, entry, kind, body, page, size):
        switches = tenant.switches
        if kind == "label" and (body.get("formId") is None or body.get("businessType") is None):
            raise BadRequest(switches.code_param, "参数缺失: formId, businessType")
        found = tenant.target({"object": kind})
        rows = [] if switches.rights == "empty" else found.select(body)
        if switches.bounce == "on":
            tenant.rng.shuffle(rows)
        total = len(rows)
        if found.paged:
            return self.rows(switches, entry, found.list_key, rows[(page - 1) * size:page * size], total, size)
        if switches.flat_total == "on":
            return self.rows(switches, entry, found.list_key, rows, total, max(1, total))
        entry.rows = total
        answer = Response(envelope(switches, b'{"' + found.list_key.encode() + b'":[' + b",".join(rows) + b"]}"))
        answer.list_key = found.list_key
        return answer

    # single records and forms

    def detail(self, tenant, module, body):
        switches, data_id = tenant.switches, decimal(body.get("dataId"))
        if data_id is None:
            raise BadRequest(switches.code_param, "参数缺失: dataId")
        lists = [found for (name, _), found in tenant.lists.items() if name == module]
        for found in lists:
            slot, replica = found.slot_of(int(data_id)), found.shown[0]
            if slot is None or slot >= len(replica.live) or not replica.live[slot]:
                continue
            item = found.item(replica, slot)
            if module == "product" and decimal((item.get("data") or {}).get("num_3")):
                break                       # detail wants the parent's id
            return Response(envelope(switches, dump(detail_encoding(item)).encode()))
        raise BadRequest(switches.code_form, "产品不存在" if module == "product" else "数据不存在")

    @staticmethod
    def form_list(tenant, body):
        switches, mark = tenant.switches, str(body.get("saasMark"))
        if mark not in ("1", "2"):
            raise BadRequest(switches.code_param, "参数缺失: saasMark")
        forms = []
        for (kind, form_id), found in tenant.lists.items():
            business = BUSINESS.get(kind)
            if (kind == "paas") == (mark == "2") and str(body.get("businessType") or business) == str(business):
                forms.append({"formId": found.form_id, "name": "自定义表单" if kind == "paas" else kind, "appId": 1,
                              "menuId": found.form_id + 1, "businessType": business, "isProcessForm": 0})
        return Response(envelope(switches, compact({"formList": forms}).encode()))

    @staticmethod
    def form_get(tenant, body):
        form_id = decimal(body.get("formId"))
        for found in tenant.lists.values():
            if found.form_id == form_id:
                return Response(envelope(tenant.switches, compact({"formId": found.form_id,
                                                                   "explainList": explain_list(found)}).encode()))
        raise BadRequest(tenant.switches.code_form, "表单不存在")


def explain_list(found):
    """The fields of a generated list as form/get tells them (section 7)."""
    product = found.kind == "product"
    fields = [("text_1", "产品名称" if product else "名称", 1), ("serialNo", "产品编号" if product else "编号", 10019),
              ("num_1", "售价" if product else "金额", 2), ("num_2", "成本", 2), ("num_3", "父产品", 2),
              ("num_13", "产品分类", 10023), ("text_8", "单位", 3), ("text_4", "简称", 1), ("date_5", "上市日期", 4),
              ("file_1", "图片", 6), ("array_31", "标签", 800000), ("creatorId", "创建人", 10013),
              ("ownerId", "负责人", 10017), ("coUserId", "协同人", 10018), ("addTime", "创建时间", 10014),
              ("updateTime", "更新时间", 10015), ("address_1", "产地", 12), ("subForm_2", "备件", 10006),
              ("text_10", "规格", 20008), ("text_5", "条码", 1), ("text_6", "备注", 7), ("num_7", "重量", 2),
              ("departmentId", "所属部门", 10016), ("num_40", "上架", 15)]
    explain = []
    for attr, label, kind in fields:
        field = {"attr": attr, "attrName": label, "fieldType": kind, "required": int(attr == "text_1"),
                 "noRepeat": int(attr == "serialNo"), "showType": 0, "multiple": 0,
                 "dateType": "yyyy-MM-dd" if attr == "date_5" else "yyyy-MM-dd HH:mm"}
        if attr == "text_8":
            field["items"] = [{"text": t, "value": str(i), "checked": False, "isOther": 0, "color": "#646566",
                               "noEdit": 0, "noDel": 0, "fieldMap": []} for i, t in ((1, "个"), (2, "箱"), (3, "台"), (4, "件"))]
        if kind == 2:
            field.update(integerOnly=int(attr == "num_3"), accuracy=4, amountFlag=int(attr in ("num_1", "num_2")))
        if kind == 10006:
            field["subFieldList"] = [{"attr": "text_1", "attrName": "名称", "fieldType": 1},
                                     {"attr": "num_1", "attrName": "数量", "fieldType": 2},
                                     {"attr": "date_1", "attrName": "日期", "fieldType": 4}]
        explain.append(field)
    return explain


def http_date(seconds):
    return time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(seconds))


def retry_after(tenant, text):
    """Retry-After: seconds as they are, "date+N" as an HTTP date by the world's clock."""
    if text.startswith("date"):
        return http_date(int(tenant.clock.now()) + tenant.switches.date_offset + int(text[4:] or 0))
    return text


# --- faults ---------------------------------------------------------------------------------------------

FAULTS = {}
EARLY = {"ignore", "wrong-page"}        # bend the question, not the answer


def fault(name):
    def register(function):
        FAULTS[name] = function
        return function
    return register


class Place:
    """Which requests are meant, by what they ask for."""

    def __init__(self, args):
        self.path, self.page, self.has = args.pop("path", None), args.pop("page", None), args.pop("has", None)
        self.seen = 0

    def matches(self, entry):
        """Counts the request if it is meant."""
        if self.path and entry.path != self.path or self.page and str(entry.page) != self.page \
                or self.has and f'"{self.has}"' not in entry.cond:
            return False
        self.seen += 1
        return True


class Hold(Place):
    """Requests that wait until they are released, before anybody looks at them."""

    def __init__(self, args):
        super().__init__(args)
        self.name, self.at = args.pop("name", "hold"), args.pop("at", "first")
        self.until, self.waiting = int(args.pop("until", 0)), {}
        self.times = int(args.pop("times", 0 if self.at == "every" else self.until or 1))
        if self.at not in ("first", "every") and not self.at.isdecimal():
            raise Refused("a request is held at=first, at=every or at=N")

    def takes(self, entry):
        first = int(self.at) if self.at.isdecimal() else 1
        return self.matches(entry) and self.seen >= first and not 0 < self.times <= self.seen - first


class Fault(Place):
    """One fault that waits for its request."""

    def __init__(self, args):
        super().__init__(args)
        self.what = args.pop("what", None)
        if self.what not in FAULTS:
            raise Refused(f"unknown fault {self.what}{nearest(str(self.what), FAULTS)}")
        self.at, self.of = args.pop("at", "first"), int(args.pop("of", 0))
        self.probability = float(args.pop("prob", 0))
        self.rng = random.Random(int(args.pop("seed", 1)))
        self.times = int(args.pop("times", 0 if self.at == "every" or self.probability else 1))
        self.args, self.fired = args, 0
        if self.at not in ("first", "middle", "last", "every") and not self.at.isdecimal():
            raise Refused("at is first, middle, last, every or a number")

    def by_page(self):
        return self.at in ("middle", "last") and not self.of

    def due(self, entry):
        """Counts a request; is it struck?  Where the place is a page, strikes_page decides later."""
        if not self.matches(entry) or self.times and self.fired >= self.times:
            return False
        if self.probability:
            return self.rng.random() < self.probability
        first = {"first": 1, "every": 1, "middle": (self.of + 1) // 2, "last": self.of}.get(self.at)
        return self.by_page() or self.seen >= (int(self.at) if first is None else first)

    def strikes_page(self, entry, pages):
        if not self.by_page():
            return True
        page = int(entry.page) if str(entry.page).isdecimal() else 1
        return page == max(1, (pages + 1) // 2) if self.at == "middle" else page >= max(1, pages)


def argument(f, name, default):
    return type(default)(f.args.get(name, default))


def reshape(answer, change):
    """Changes the answer as parsed JSON."""
    document = parse(answer.body)
    change(document)
    answer.body = dump(document).encode()


@fault("close")
def fault_close(f, tenant, answer):
    "the connection is closed before the answer"
    answer.status_line, answer.after = b"", "close"


@fault("reset")
def fault_reset(f, tenant, answer):
    "the connection is reset before the answer"
    answer.status_line, answer.after = b"", "reset"


@fault("half")
def fault_half(f, tenant, answer):
    "half of the body, then closed; then=reset | hang"
    answer.cut, answer.after = True, argument(f, "then", "close")


@fault("half-head")
def fault_half_head(f, tenant, answer):
    "half of the status line, then closed"
    answer.status_line, answer.after = b"HTTP/1.1 20", "close"


@fault("hang")
def fault_hang(f, tenant, answer):
    "no byte comes; s=N: the answer comes after N seconds"
    if "s" in f.args:
        answer.delay += float(f.args["s"]) * 1000
    else:
        answer.status_line, answer.after = b"", "hang"


@fault("hang-body")
def fault_hang_body(f, tenant, answer):
    "headers and half of the body, then silence"
    answer.cut, answer.after = True, "hang"


@fault("drip")
def fault_drip(f, tenant, answer):
    "the body comes bytes=1 at a time, every ms=100"
    answer.drip = argument(f, "bytes", 1), argument(f, "ms", 100.0) / 1000


@fault("delay")
def fault_delay(f, tenant, answer):
    "the answer comes ms=1000 later"
    answer.delay += argument(f, "ms", 1000.0)


@fault("status")
def fault_status(f, tenant, answer):
    "code=503 as HTTP status, body=TEXT, retry_after=N | date+N"
    answer.status = argument(f, "code", 503)
    answer.body, answer.type = argument(f, "body", "upstream error").encode(), "text/plain"
    if "retry_after" in f.args:
        answer.headers.append(("Retry-After", retry_after(tenant, f.args["retry_after"])))


@fault("redirect")
def fault_redirect(f, tenant, answer):
    "code=302 to location=URL"
    answer.status, answer.body = argument(f, "code", 302), b""
    answer.headers.append(("Location", argument(f, "location", "http://127.0.0.1:9/")))


@fault("html")
def fault_html(f, tenant, answer):
    "an HTML page with code=200"
    answer.status, answer.type = argument(f, "code", 200), "text/html;charset=UTF-8"
    answer.body = "<!DOCTYPE html><html><body><h1>系统维护中</h1></body></html>".encode()


@fault("empty")
def fault_empty(f, tenant, answer):
    "an empty body"
    answer.body = b""


@fault("truncated")
def fault_truncated(f, tenant, answer):
    "half of the JSON, correctly framed; keep=N bytes"
    answer.body = answer.body[:argument(f, "keep", len(answer.body) // 2)]


@fault("trailing")
def fault_trailing(f, tenant, answer):
    "text=garbage after the JSON"
    answer.body += unescape(argument(f, "text", " garbage"))


@fault("endless")
def fault_endless(f, tenant, answer):
    "a list that never ends; fill=blanks: blanks that never end; mb=N: ends after N MB"
    blanks = f.args.get("fill") == "blanks"
    rows = answer.body[answer.body.find(b"[") + 1:answer.body.rfind(b"]")]
    chunk = b" " * 65536 if blanks or not rows else (rows + b",") * max(1, 65536 // (len(rows) + 1))
    limit = argument(f, "mb", 0.0) * 1e6 or float("inf")

    def stream():
        yield b'{"code":1,"msg":"","success":true,"result":{"list":['
        sent = 0
        while sent < limit:
            sent += len(chunk)
            yield chunk
    answer.stream, answer.framing = stream(), "chunked"


@fault("gzip-bomb")
def fault_gzip_bomb(f, tenant, answer):
    "mb=4096 of blanks inside a valid JSON, compressed"
    size = argument(f, "mb", 4096)

    def stream():
        squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
        yield squeeze.compress(b'{"code":1,"success":true,"msg":"","result":{"totalCount":0,"list":[')
        block = b" " * 1_000_000
        for _ in range(size):
            yield squeeze.compress(block)
        yield squeeze.compress(b"]}}") + squeeze.flush()
    answer.stream, answer.framing = stream(), "chunked"
    answer.headers.append(("Content-Encoding", "gzip"))


@fault("bad-gzip")
def fault_bad_gzip(f, tenant, answer):
    "damaged gzip; how=middle (default) | header | crc | cut"
    data, how = bytearray(compress(answer.body, 6)), argument(f, "how", "middle")
    if how == "cut":
        data = data[:len(data) // 2]
    else:
        place = {"header": 0, "crc": len(data) - 6}.get(how, len(data) // 2)
        for i in range(place, min(place + 2, len(data))):
            data[i] ^= 0xFF
    answer.body, answer.compressed = bytes(data), True


@fault("gzip-members")
def fault_gzip_members(f, tenant, answer):
    "gzip of n=3 members, one after the other, and an empty one at the end; coding=gzip: as it is called"
    n, body = argument(f, "n", 3), answer.body
    parts = [body[len(body) * i // n:len(body) * (i + 1) // n] for i in range(n)] + [b""]
    answer.body = b"".join(compress(part, 6) for part in parts)
    answer.compressed = argument(f, "coding", "gzip")


@fault("bad-utf8")
def fault_bad_utf8(f, tenant, answer):
    "a byte that is no UTF-8, within the first text_1 (or msg)"
    mark = b'"text_1":"' if b'"text_1":"' in answer.body else b'"msg":"'
    answer.body = answer.body.replace(mark, mark + b"\xe4\xb8\xff", 1)


@fault("nul")
def fault_nul(f, tenant, answer):
    "a NUL byte within the first text_1 (or msg); how=escape: \\u0000 instead"
    mark = b'"text_1":"' if b'"text_1":"' in answer.body else b'"msg":"'
    answer.body = answer.body.replace(mark, mark + (b"\\u0000" if f.args.get("how") == "escape" else b"\0"), 1)


@fault("dup-keys")
def fault_dup_keys(f, tenant, answer):
    "a key comes twice with two values; field=total (default) | code | list | record"
    field = argument(f, "field", "total")
    old, new = {"total": (b'"totalCount":', b'"totalCount":7,"totalCount":'), "code": (b'"code":', b'"code":0,"code":'),
                "list": (b'"list":[', b'"list":[],"list":['),
                "record": (b'{"dataId":', b'{"dataId":1,"dataId":')}[field]
    answer.body = answer.body.replace(old, new)


@fault("no-result")
def fault_no_result(f, tenant, answer):
    "result is missing"
    reshape(answer, lambda d: d.pop("result", None))


@fault("no-list")
def fault_no_list(f, tenant, answer):
    "the list is missing"
    reshape(answer, lambda d: d["result"].pop(answer.list_key, None))


@fault("no-total")
def fault_no_total(f, tenant, answer):
    "totalCount and totalPage are missing"
    reshape(answer, lambda d: (d["result"].pop("totalCount", None), d["result"].pop("totalPage", None)))


@fault("wrong-type")
def fault_wrong_type(f, tenant, answer):
    "field=list (default) | result | total | code | row | data | id | time has the wrong type"
    field = argument(f, "field", "list")

    def change(d):
        rows = d["result"][answer.list_key]
        if field in ("result", "code"):
            d[field] = "错误" if field == "result" else {}
        elif field == "list":
            d["result"][answer.list_key] = {"0": rows}
        elif field == "total":
            d["result"]["totalCount"] = [Num(len(rows))]
        elif rows and field == "row":
            rows[0] = Num(42)
        elif rows and field in ("data", "id", "time"):
            key = {"data": "data", "id": "dataId", "time": "updateTime"}[field]
            rows[0][key] = [] if field == "data" else {"a": Num(1)}
        else:
            raise Refused(f"no field {field}")
    reshape(answer, change)


@fault("array")
def fault_array(f, tenant, answer):
    "the answer is an array around the usual object"
    answer.body = b"[" + answer.body + b"]"


@fault("bom")
def fault_bom(f, tenant, answer):
    "a byte order mark before the JSON"
    answer.body = b"\xef\xbb\xbf" + answer.body


@fault("deep")
def fault_deep(f, tenant, answer):
    "n=100000 nested arrays as a member of the first record (or of the answer)"
    n = argument(f, "n", 100_000)
    mark = b'"data":{' if b'"data":{' in answer.body else b"{"
    answer.body = answer.body.replace(mark, mark + b'"array_99":' + b"[" * n + b"]" * n + b",", 1)


@fault("replace")
def fault_replace(f, tenant, answer):
    "body=TEXT instead, \\xNN and \\n understood"
    answer.body = unescape(argument(f, "body", ""))


@fault("code")
def fault_code(f, tenant, answer):
    "a business error: code=1 would be success, msg=TEXT"
    code = argument(f, "code", 100000)
    answer.body, answer.result = envelope(tenant.switches, None, code, argument(f, "msg", "未知错误")), str(code)


@fault("busy")
def fault_busy(f, tenant, answer):
    "a business error that is transient: msg=系统繁忙 (default), code=100000"
    code = argument(f, "code", 100000)
    answer.body = envelope(tenant.switches, None, code, argument(f, "msg", "系统繁忙,请稍后再试"))
    answer.result = str(code)


@fault("success-false")
def fault_success_false(f, tenant, answer):
    "code 1, but success is false"
    reshape(answer, lambda d: d.update(success=False))


@fault("ignore")
def fault_ignore(f, tenant, body):
    "all conditions of the request are ignored"
    body["conditions"] = []


@fault("wrong-page")
def fault_wrong_page(f, tenant, body):
    "page + delta=1 is answered"
    body["page"] = max(1, whole(body, "page", 1, tenant.switches) + argument(f, "delta", 1))


@fault("chunked")
def fault_chunked(f, tenant, answer):
    "the answer, correctly chunked; bytes=1000 a chunk"
    answer.framing, answer.declared = "chunked", argument(f, "bytes", 1000)


@fault("bad-chunk")
def fault_bad_chunk(f, tenant, answer):
    "a chunk whose length is no number"
    answer.framing = "bad-chunk"


@fault("cut-chunk")
def fault_cut_chunk(f, tenant, answer):
    "chunked, closed before the last chunk"
    answer.framing, answer.after = "cut-chunk", "close"


@fault("no-length")
def fault_no_length(f, tenant, answer):
    "no Content-Length: the body ends with the connection"
    answer.framing, answer.after = "none", "close"


@fault("long-length")
def fault_long_length(f, tenant, answer):
    "Content-Length is by=100 too great, then closed; then=hang"
    answer.declared, answer.after = argument(f, "by", 100), argument(f, "then", "close")


@fault("short-length")
def fault_short_length(f, tenant, answer):
    "Content-Length is by=100 too small"
    answer.declared = -argument(f, "by", 100)


@fault("bad-status-line")
def fault_bad_status_line(f, tenant, answer):
    "the answer is no HTTP"
    answer.status_line, answer.after = b"NONSENSE 200\r\n\r\n{}", "close"


@fault("many-headers")
def fault_many_headers(f, tenant, answer):
    "n=2000 more headers"
    answer.headers += [(f"X-Pad-{i}", "x" * 100) for i in range(argument(f, "n", 2000))]


@fault("no-date")
def fault_no_date(f, tenant, answer):
    "no Date header"
    answer.date = False


# --- the server -----------------------------------------------------------------------------------------

def compress(body, level):
    squeeze = zlib.compressobj(level, zlib.DEFLATED, 31)
    return squeeze.compress(body) + squeeze.flush()


class Connection:
    """HTTP/1.1 by hand on an asyncio transport."""
    made = 0

    def __init__(self, server, gate):
        Connection.made += 1
        self.number = Connection.made       # id() may come again
        self.server, self.gate, self.transport, self.buffer = server, gate, None, bytearray()
        self.busy, self.closed, self.paused, self.pump, self.tenant, self.last = False, False, False, None, None, False
        self.hold, self.request = None, b""

    # what asyncio calls

    def connection_made(self, transport):
        self.transport = transport
        if self.gate.mode == "close":
            transport.close()
        elif self.gate.mode == "reset":
            self.reset()

    def connection_lost(self, error):
        self.closed = True
        if self.hold:
            self.hold.waiting.pop(self)
            self.hold = None
        self.done()

    def eof_received(self):
        return False

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        if self.pump:
            self.pump()

    def data_received(self, data):
        if self.gate.mode != "answer":
            return
        self.buffer += data
        if not self.busy:
            self.next_request()

    # requests

    def next_request(self):
        known = None if self.closed else self.server.known.get(bytes(self.buffer))
        if known:
            self.buffer.clear()
            self.server.repeat(self, *known)
            return
        end = self.buffer.find(b"\r\n\r\n")
        if self.closed or end < 0:
            return
        lines = bytes(self.buffer[:end]).decode("latin-1").split("\r\n")
        headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        length = headers.get("content-length", "0")
        request = lines[0].split(" ")
        if len(request) != 3 or not length.isdecimal() or "transfer-encoding" in headers:
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self.transport.close()
            return
        length = int(length)
        if len(self.buffer) < end + 4 + length:
            if headers.pop("expect", None):
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                self.buffer[:end] = re.sub(rb"(?i)\r\nexpect:[^\r]*", b"", bytes(self.buffer[:end]))
            return
        self.request = bytes(self.buffer[:end + 4 + length])
        body = self.request[end + 4:]
        del self.buffer[:end + 4 + length]
        self.busy = True
        self.last = request[2] == "HTTP/1.0" or headers.get("connection", "").lower() == "close"
        self.server.handle(self, request[0], request[1], headers, body)

    def begin(self, tenant):
        self.tenant = tenant
        tenant.running += 1
        tenant.peak = max(tenant.peak, tenant.running)
        tenant.connections.add(self.number)

    def done(self):
        """The request is over, one way or the other."""
        if self.tenant:
            self.tenant.running -= 1
            self.tenant = None

    def answered(self, after):
        self.done()
        self.pump = None
        if after == "reset":
            self.reset()
        elif after == "close":
            self.transport.close()
        elif after == "keep":
            self.busy = False
            if self.buffer:
                self.server.loop.call_soon(self.next_request)

    def reset(self):
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    # answers

    def send(self, head, body, answer, after):
        """Writes an answer; after says what becomes of the connection."""
        if self.closed:
            return
        if answer.stream or answer.drip:
            self.transport.write(head)
            size, pause = answer.drip or (0, 0)
            chunks = answer.stream or (body[i:i + size] for i in range(0, len(body), size))
            self.stream(chunks, pause, answer.framing == "chunked" and bool(answer.stream), after)
        else:
            self.transport.write(head + body)
            self.answered(after)

    def stream(self, chunks, pause, chunked, after):
        waiting = False

        def pump():
            nonlocal waiting
            if self.closed or waiting:
                return
            chunk = next(chunks, None)
            if chunk is None:
                if chunked:
                    self.transport.write(b"0\r\n\r\n")
                self.answered(after)
                return
            if chunk:
                self.transport.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
            if not self.paused:
                waiting = True
                self.server.loop.call_later(pause, again)

        def again():
            nonlocal waiting
            waiting = False
            if not self.paused:
                pump()
        self.pump = pump
        pump()


class Gate:
    """A listening port: the main one, or one of a company's own."""

    def __init__(self, mode="answer"):
        self.mode, self.port, self.server = mode, 0, None


def listen(port):
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", port))
    sock.listen(512)
    return sock


class Server:
    """All companies, behind one port."""

    def __init__(self, loop, log_limit=100_000, cache_bytes=256 << 20):
        self.loop, self.log_limit = loop, log_limit
        self.tenants, self.nobody = {}, Tenant("-", log_limit)
        self.api, self.control = Api(cache_bytes), Control(self)
        self.dates = (0, "")
        self.known, self.known_bytes = {}, 0    # request -> (company, log line, answer), where nothing moves until an order

    async def open(self, gate, sock, tls=None):
        gate.port = sock.getsockname()[1]
        gate.server = await self.loop.create_server(lambda: Connection(self, gate), sock=sock, ssl=tls)

    def handle(self, connection, method, path, headers, raw):
        if path == "/_ctl":
            self.known, self.known_bytes = {}, 0
            self.obey(connection, raw, self.loop.time())
            return
        name = path.partition("?")[0]
        entry = Entry(name[len(PREFIX):] if name.startswith(PREFIX) else name)
        tenant, body, trouble = self.identify(method, name, raw)
        connection.begin(tenant)
        self.note(tenant, entry, headers, raw, body)
        tenant.log.append(entry)
        go_on = functools.partial(self.go_on, connection, tenant, entry, headers, raw, body, trouble)
        if not tenant.held(connection, entry, go_on):
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

    def go_on(self, connection, tenant, entry, headers, raw, body, trouble):
        gzip = tenant.switches.gzip == "on" and "gzip" in headers.get("accept-encoding", "")
        try:
            answer = trouble or self.ask(tenant, entry, headers, raw, body, gzip)
        except Exception as error:              # a mistake of the simulator or of what a test told it
            print(f"xbb_sim: {tenant.corpid} {entry.path}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            answer = Response(f"simulator: {error}".encode(), 500, "500!simulator")
        self.reply(connection, tenant, entry, answer, gzip)

    def identify(self, method, name, raw):
        """(tenant, body, an error Response or None)."""
        def wrong(code, msg, status=200):
            return Response(envelope(self.nobody.switches, None, code, msg), status, str(code if status == 200 else status))
        if method != "POST":
            return self.nobody, {}, wrong(405, "Method Not Allowed", 405)
        if not name.startswith(PREFIX):
            return self.nobody, {}, wrong(404, "接口不存在", 404)
        try:
            body = BODY_PARSER.decode(raw.decode())
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            return self.nobody, {}, wrong(100003, "参数错误: JSON")
        tenant = self.tenants.get(str(body.get("corpid")))
        if tenant is None:
            return self.nobody, body, wrong(100002, "公司不存在")
        return tenant, body, None

    @staticmethod
    def note(tenant, entry, headers, raw, body):
        """Fills what the log keeps of the request."""
        entry.page, entry.size = (compact(body[k]) if k in body else "-" for k in ("page", "pageSize"))
        if "conditions" in body:
            entry.cond = compact(body["conditions"])
        entry.user = str(body.get("userId", "-"))
        rest = {k: v for k, v in body.items() if k not in ("corpid", "userId", "page", "pageSize", "conditions")}
        entry.params = compact(rest) if rest else "-"
        entry.clock = tenant.clock.now()
        switches = tenant.switches
        if switches.log_headers:
            wanted = switches.log_headers.lower().split(",")
            entry.headers = compact({h: headers.get(h) for h in wanted})
        if switches.log_body == "on":
            entry.body = raw.decode("utf-8", "backslashreplace")

    def ask(self, tenant, entry, headers, raw, body, gzip):
        """The API's answer, bent by the faults that are due."""
        for action in [a for a in tenant.scheduled if a[0] <= tenant.requests + 1]:
            tenant.scheduled.remove(action)
            self.control.run(tenant.corpid, *action[1:])
        tenant.before_request()
        struck = [f for f in tenant.faults if f.due(entry)]
        for f in struck:
            if f.what in EARLY and not f.by_page():
                f.fired += 1
                FAULTS[f.what](f, tenant, body)
        answer = self.api.call(tenant, entry, entry.path, raw, body, headers, gzip)
        names = [f.what for f in struck if f.what in EARLY and not f.by_page()]
        for f in struck:
            if f.what in EARLY and not f.by_page() or not f.strikes_page(entry, answer.pages):
                continue
            f.fired += 1
            names.append(f.what)
            if f.what in EARLY:
                FAULTS[f.what](f, tenant, body)
                answer = self.api.call(tenant, entry, entry.path, raw, body, headers, gzip)
                continue
            try:
                FAULTS[f.what](f, tenant, answer)
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
            self.api.remember(answer.key, (body, answer.compressed, answer.pages, entry.rows))
        after = answer.after
        if after == "keep" and (connection.last or switches.keepalive != "on"):
            after = "close"
        head, body = self.frame(tenant, answer, body, after == "close" and switches.keepalive != "silent")
        if entry:
            entry.result, entry.bytes = answer.result, len(body)
        if entry and after == "keep" and tenant.still() and not (answer.stream or answer.drip or answer.delay):
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

    def frame(self, tenant, answer, body, closing):
        """(status line and headers, body as it goes over the wire)."""
        if answer.status_line is not None:
            return answer.status_line, b""
        switches = tenant.switches
        head = [f"HTTP/1.1 {answer.status} {REASONS.get(answer.status, 'Status')}", f"Content-Type: {answer.type}"]
        if answer.date and switches.date != "off":
            head.append("Date: " + self.date(tenant))
        if answer.compressed:
            head.append("Content-Encoding: " + ("gzip" if answer.compressed is True else answer.compressed))
        head += [f"{name}: {value}" for name, value in answer.headers]
        framing = answer.framing
        if framing == "length" and switches.chunked == "on" and answer.declared is None:
            framing = "chunked"
        if framing == "length":
            head.append(f"Content-Length: {max(0, len(body) + (answer.declared or 0))}")
        elif framing != "none":
            head.append("Transfer-Encoding: chunked")
        if answer.cut:
            body = body[:len(body) // 2]
        if closing:
            head.append("Connection: close")
        if framing == "chunked" and not answer.stream:
            size = answer.declared or 16384
            body = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + size]), body[i:i + size])
                            for i in range(0, len(body), size)) + b"0\r\n\r\n"
        elif framing == "bad-chunk":
            body = b"zz\r\n" + body + b"\r\n0\r\n\r\n"
        elif framing == "cut-chunk":
            body = b"%x\r\n%s\r\n" % (len(body), body)
        return ("\r\n".join(head) + "\r\n\r\n").encode("utf-8"), body

    def date(self, tenant):
        if tenant.switches.date == "garbage":
            return "yesterday, about noon"
        second = int(tenant.clock.now()) + tenant.switches.date_offset
        if self.dates[0] != second:
            self.dates = second, http_date(second)
        return self.dates[1]


# --- control --------------------------------------------------------------------------------------------

class Control:
    """The verbs of "ctl"; each docstring is its line in the help."""

    def __init__(self, server):
        self.server = server

    def answer(self, raw, waited):
        """The reply as JSON; None while it is not known, after so many seconds."""
        try:
            order = json.loads(raw)
            args = {k: str(v) for k, v in order.get("args", {}).items()}
            reply = {"ok": True, "text": self.run(str(order.get("corpid", "-")), order["verb"], args, order.get("rest", []))}
        except NotYet as error:
            if waited < error.args[0]:
                return None
            reply = {"ok": False, "text": error.args[1]}
        except Refused as error:
            reply = {"ok": False, "text": str(error)}
        except (KeyError, ValueError, TypeError, AttributeError, OSError) as error:
            reply = {"ok": False, "text": f"{type(error).__name__}: {error}"}
        return json.dumps(reply).encode()

    def run(self, corpid, verb, args, rest):
        method = getattr(self, "do_" + verb.replace("-", "_"), None)
        if method is None:
            raise Refused(f"unknown verb {verb}{nearest(verb, self.verbs())}")
        args = dict(args)
        if verb == "create":
            tenant = self.server.tenants.get(corpid)
        elif corpid == "-":
            tenant = self.server.nobody
        elif corpid not in self.server.tenants:
            raise Refused(f"no company {corpid}: create it first")
        else:
            tenant = self.server.tenants[corpid]
        text = method(corpid if verb == "create" else tenant, args, rest)
        if args:
            raise Refused(f"{verb} knows no {', '.join(args)}")
        return text or ""

    @classmethod
    def verbs(cls):
        return [name[3:].replace("_", "-") for name in vars(cls) if name.startswith("do_")]

    # worlds

    def do_create(self, corpid, args, rest):
        """create [token=t0ken] [products=730] [clock=EPOCH|now] [freeze=on] [SWITCH=value ...]
        A new world with a product list, users, departments, roles, sign-ins, labels and categories.
        create object=customer form_id=5300201 records=50 adds a list to a world (and makes the world if needed).
        Of a list: records= (or products=), seed=1, first_id=51200001, start=, end= (epoch s; default the 400 days
        until now), step=S (addTime is start + n S), shape=even|random|burst|hour|zipf, shape_on=add|update,
        touch_span=S (updateTime is at most S after addTime), no_times=N (every Nth record has no times),
        width=40 (fields a record), odd=on (numbers with exponents too)."""
        fresh = "object" not in args or corpid not in self.server.tenants
        tenant = Tenant(corpid, self.server.log_limit) if fresh else self.server.tenants[corpid]
        if "token" in args:
            tenant.token = args.pop("token")
        if "clock" in args:
            given = args.pop("clock")
            tenant.clock.set(time.time() if given == "now" else float(given))
        if args.pop("freeze", "off") == "on":
            tenant.clock.freeze(True)
        for name in [n for n in args if n in SWITCHES]:
            tenant.set(name, args.pop(name))
        if "products" in args:
            args["records"] = args.pop("products")
        kind = args.pop("object", "product")
        if kind in FLAT:
            tenant.flats[kind] = FlatList(tenant, kind, args)
        elif kind in PLAIN or kind in FORM_REQUIRED:
            form_id = int(args.pop("form_id", 5300127 if kind == "product" else 5300200 + BUSINESS.get(kind, 0) % 97))
            new = RecordList(tenant, kind, form_id, args)
            tenant.lists[kind, form_id] = new
            new.reshow()
        else:
            raise Refused(f"unknown object {kind}{nearest(kind, [*PLAIN, *FORM_REQUIRED, *FLAT])}")
        if fresh and corpid in self.server.tenants:
            self.abandon(self.server.tenants[corpid])
        self.server.tenants[corpid] = tenant

    def do_remove(self, tenant, args, rest):
        """remove: the whole company is forgotten"""
        self.abandon(tenant)
        self.server.tenants.pop(tenant.corpid, None)

    def do_set(self, tenant, args, rest):
        """set SWITCH=value ...; token=TEXT too"""
        if "token" in args:
            tenant.token = args.pop("token")
        for name in list(args):
            tenant.set(name, args.pop(name))

    def do_get(self, tenant, args, rest):
        """get [SWITCH]: its value, or all that differ from their defaults"""
        if rest:
            switch_value(rest[0], SWITCHES[rest[0]][0] if rest[0] in SWITCHES else "")
            return str(getattr(tenant.switches, rest[0]))
        return "\n".join(f"{n}={getattr(tenant.switches, n)}" for n in SWITCHES
                         if getattr(tenant.switches, n) != SWITCHES[n][0])

    def do_clock(self, tenant, args, rest):
        """clock [set=EPOCH|now] [advance=S] [freeze=on|off]; without arguments prints the epoch second"""
        if not args:
            return str(int(tenant.clock.now()))
        if "set" in args:
            given = args.pop("set")
            tenant.clock.set(time.time() if given == "now" else float(given))
        if "advance" in args:
            tenant.clock.base += float(args.pop("advance"))
        if "freeze" in args:
            tenant.clock.freeze(args.pop("freeze") == "on")
        for target in tenant.lists.values():
            target.settle()

    # records

    @staticmethod
    def at(args):
        """The stamp of a change, ms or None."""
        return int(Decimal(args.pop("at")) * 1000) if "at" in args else None

    @staticmethod
    def timed(target):
        if isinstance(target, FlatList):
            raise Refused(f"{target.kind} has no such verb; use put and drop")
        return target

    def do_add(self, tenant, args, rest):
        """add [n=1] [at=EPOCH]: new generated records"""
        target = self.timed(tenant.target(args))
        stamp = self.at(args)
        stamp = target.stamp() if stamp is None else stamp
        return "\n".join(str(target.insert(None, stamp, stamp)) for _ in range(int(args.pop("n", 1))))

    def do_touch(self, tenant, args, rest):
        """touch id=... [at=EPOCH] [add=EPOCH] [DATA as JSON]: an edit; its stamp and addTime, new members of data"""
        target = self.timed(tenant.target(args))
        stamp, add, slots = self.at(args), args.pop("add", None), target.pick(args.pop("id"))
        for slot in slots:
            target.touch(slot, stamp, add and int(Decimal(add) * 1000), parse(rest[0]) if rest else None)

    def do_drop(self, tenant, args, rest):
        """drop id=...: a deletion"""
        target = tenant.target(args)
        if isinstance(target, FlatList):
            key = args.pop("id")
            if target.items.pop(key, None) is None:
                raise Refused(f"no {target.kind} {key}")
            target.always.discard(key)
            target.version += 1
            return
        for slot in target.pick(args.pop("id")):
            target.drop(slot)

    def do_put(self, tenant, args, rest):
        """put JSON: a record as it stands, new or instead of the one with its dataId; digits and spelling are kept"""
        target = tenant.target(args)
        for text in rest:
            item = parse(text)
            if not isinstance(item, dict):
                raise Refused("a record is an object")
            if isinstance(target, FlatList):
                target.items[str(item[target.id_key])] = text.encode()
                target.version += 1
            else:
                self.place(target, item, text.encode("utf-8", "surrogateescape"), args)

    def do_putraw(self, tenant, args, rest):
        """putraw BYTES [id=] [add=] [update=] [esc=on]: any bytes as a record, JSON or not; id and times are what is
        found in them, or given beside them; with esc=on \\xNN, \\n and \\\\ are understood"""
        target = self.timed(tenant.target(args))
        escaped = args.pop("esc", "off") == "on"
        for text in rest:
            raw = unescape(text) if escaped else os.fsencode(text)
            found = re.findall(rb'"(dataId|addTime|updateTime)":"?(\d+)', raw)
            self.place(target, {name.decode(): number.decode() for name, number in reversed(found)}, raw, args)
        for name in ("id", "add", "update"):
            args.pop(name, None)

    @staticmethod
    def place(target, item, raw, args):
        """Puts bytes where the item, or else the arguments, say."""
        def ms(value):
            number = decimal(value)
            if number is None:
                return 0
            return int(number if number > 10 ** 11 else number * 1000)
        data_id = decimal(args.get("id", item.get("dataId")))
        add = ms(args.get("add", item.get("addTime")))
        update = ms(args.get("update", item.get("updateTime")))
        usable = data_id is not None and data_id == int(data_id) and abs(data_id) < 2 ** 63
        slot = target.slot_of(int(data_id)) if usable else None
        if slot is not None:
            target.change(slot, add, update, raw)
        else:
            target.insert(int(data_id) if usable else -1 - len(target.ids), add, update, raw)

    def do_mutate(self, tenant, args, rest):
        """mutate rate=0.3 [kinds=touch,drop,add,back-date] [seed=1] [limit=N] [spread=900] [per_second=N]
        Before each data request with probability rate a change, then perhaps another, six at most; or per_second by
        the world's clock.  limit ends it after N changes.  mutate off=1 stops; without arguments: changes made."""
        if not args:
            return str(sum(m.changes for m in tenant.mutators))
        if args.pop("off", None):
            tenant.mutators = []
        else:
            tenant.mutators.append(Mutator(tenant, tenant.target(args), args))

    def do_at(self, tenant, args, rest):
        """at n=N do=VERB ...: carries out a verb just before the Nth data request from now"""
        n, verb = int(args.pop("n")), args.pop("do")
        if verb not in self.verbs():
            raise Refused(f"unknown verb {verb}{nearest(verb, self.verbs())}")
        tenant.scheduled.append((tenant.requests + n, verb, dict(args), list(rest)))
        args.clear()

    def do_mark(self, tenant, args, rest):
        """mark: begin to observe a list, for the next three"""
        tenant.target(args).mark()

    def do_always(self, tenant, args, rest):
        """always: ids of the records that have existed all the time since mark"""
        return "\n".join(map(str, sorted(tenant.target(args).always)))

    def do_ever(self, tenant, args, rest):
        """ever: ids of the records that have existed at any time since mark"""
        return "\n".join(map(str, sorted(tenant.target(args).ever)))

    def do_versions(self, tenant, args, rest):
        """versions: dataId,updateTime of every version that has been current since mark"""
        return "\n".join(f"{i},{u}" for i, u in sorted(set(self.timed(tenant.target(args)).versions)))

    def do_total(self, tenant, args, rest):
        """total: the number of records"""
        return str(len(tenant.target(args)))

    def do_dump(self, tenant, args, rest):
        """dump [form=lines|array|csv] [cols=dataId,serialNo,...]: all records as they stand now, by id, in the wire's
        own bytes; csv has one value a column (a.b walks into objects): nothing if missing, "" if empty, arrays as JSON"""
        target, form = tenant.target(args), args.pop("form", "lines")
        rows = [r.decode("utf-8", "backslashreplace") for r in target.everything()]
        if form == "csv":
            columns = args.pop("cols", "dataId,addTime,updateTime,serialNo").split(",")
            return "\n".join(",".join(csv_field(look_up(parse(r), c)) for c in columns) for r in rows)
        return "[" + ",\n".join(rows) + "]" if form == "array" else "\n".join(rows)

    # observation

    FIELDS = ("path", "page", "size", "cond", "result", "rows", "bytes", "user", "params", "headers", "body", "start",
              "clock")

    def do_log(self, tenant, args, rest):
        """log [fields=path,page,size,cond,result] [only=PATH] [tail=N] [sort=on]: a line a request since clear.
        Fields also: rows, bytes, user, params, headers, body, start (monotonic s), clock.  The result is the code, or
        the HTTP status if it is not 200, and ! with the faults that struck.  Company "-" has what no company could be
        found for."""
        fields = args.pop("fields", "path,page,size,cond,result").split(",")
        for name in fields:
            if name not in self.FIELDS:
                raise Refused(f"no field {name}: there are {', '.join(self.FIELDS)}")
        entries, only = list(tenant.log), args.pop("only", None)
        lines = [" ".join(f"{getattr(e, f):.6f}" if f in ("start", "clock") else str(getattr(e, f)) for f in fields)
                 for e in entries if only in (None, e.path)]
        lines = lines[-int(args.pop("tail", 0)):]
        return "\n".join(sorted(lines) if args.pop("sort", "off") == "on" else lines)

    def do_count(self, tenant, args, rest):
        """count [only=PATH]: requests since clear"""
        only = args.pop("only", None)
        return str(sum(only in (None, e.path) for e in tenant.log))

    def do_clear(self, tenant, args, rest):
        """clear [what=log|faults|all]: forgets the log and the figures of stats (default), or faults, holds and
        "at" too"""
        what = args.pop("what", "log")
        if what in ("log", "all"):
            tenant.log.clear()
            tenant.peak = tenant.running
            tenant.connections = set()
        if what in ("faults", "all"):
            tenant.faults, tenant.scheduled = [], []
            tenant.release(*tenant.holds.values())

    def do_stats(self, tenant, args, rest):
        """stats: requests, seconds from first to last, most starts in any 1 s, most at one time, connections, bytes"""
        starts = [e.start for e in tenant.log]
        most, first = 0, 0
        for i, start in enumerate(starts):
            while starts[first] <= start - 1:
                first += 1
            most = max(most, i - first + 1)
        seconds = starts[-1] - starts[0] if starts else 0
        return (f"requests={len(starts)} seconds={seconds:.3f} max_per_second={most} peak={tenant.peak} "
                f"connections={len(tenant.connections)} bytes={sum(e.bytes for e in tenant.log)}")

    # faults

    def do_fault(self, tenant, args, rest):
        """fault what=NAME [at=first] [of=M] [times=K] [prob=P] [path=] [page=] [has=] [argument=...]: see below"""
        tenant.faults.append(Fault(dict(args)))
        args.clear()

    def do_faults(self, tenant, args, rest):
        """faults: name, requests seen, times fired"""
        return "\n".join(f"{f.what} at={f.at} seen={f.seen} fired={f.fired}" for f in tenant.faults)

    # moments

    @staticmethod
    def hold_of(tenant, args):
        name = args.pop("name", "hold")
        if name not in tenant.holds:
            raise Refused(f"no hold {name}")
        return tenant.holds[name]

    def do_hold(self, tenant, args, rest):
        """hold [name=hold] [at=first|every|N] [times=K] [until=M] [path=] [page=] [has=]: the Nth matching request from
        now, and those that follow up to K (default 1; with at=every without limit), wait until they are released; with
        until=M they go on by themselves, and the hold ends, once M (then the default of K) wait at the same time"""
        hold = Hold(args)
        if hold.name in tenant.holds:
            raise Refused(f"there is a hold {hold.name}: release it first")
        tenant.holds[hold.name] = hold

    def do_held(self, tenant, args, rest):
        """held [name=X]: how many requests wait there; without a name all holds, with the matching requests seen"""
        if "name" in args:
            return str(len(self.hold_of(tenant, args).waiting))
        return "\n".join(f"{h.name} waiting={len(h.waiting)} seen={h.seen}" for h in tenant.holds.values())

    def do_wait_held(self, tenant, args, rest):
        """wait-held [name=hold] [n=1] [timeout=60]: answers once so many requests wait there, or with an error"""
        hold, n, seconds = self.hold_of(tenant, args), int(args.pop("n", 1)), float(args.pop("timeout", 60))
        if len(hold.waiting) < n:
            raise NotYet(seconds, f"hold {hold.name}: {len(hold.waiting)} of {n} requests wait, {hold.seen} seen")

    def do_release(self, tenant, args, rest):
        """release [name=hold|all]: the hold ends and what waits there goes on; prints how many that are"""
        every = args.get("name") == "all" and args.pop("name")
        holds = list(tenant.holds.values()) if every else [self.hold_of(tenant, args)]
        waiting = sum(len(hold.waiting) for hold in holds)
        tenant.release(*holds)
        return str(waiting)

    # ports

    def do_port(self, tenant, args, rest):
        """port [mode=answer|close|reset|silent|refused]: a port of the company's own, printed; close and reset strike
        each connection as it is accepted, silent never answers, refused does not listen"""
        mode = args.pop("mode", None)
        if mode not in (None, "answer", "close", "reset", "silent", "refused"):
            raise Refused("mode is answer, close, reset, silent or refused")
        gate = tenant.port
        if gate is None:
            gate = tenant.port = Gate()
        if mode == "refused":
            if not gate.port:
                with listen(0) as sock:
                    gate.port = sock.getsockname()[1]
            self.close_gate(gate)
        elif gate.server is None:
            sock = listen(gate.port)
            gate.port, gate.server = sock.getsockname()[1], sock
            self.server.loop.create_task(self.server.open(gate, sock))
        gate.mode = "answer" if mode == "refused" else mode or gate.mode
        return str(gate.port) if mode is None else ""

    @staticmethod
    def close_gate(gate):
        if gate.server is not None:
            gate.server.close()
            gate.server = None

    def abandon(self, tenant):
        """What is done for a company before it is forgotten."""
        tenant.release(*tenant.holds.values())
        if tenant.port:
            self.close_gate(tenant.port)

    def do_help(self, tenant, args, rest):
        """help: this text"""
        return help_text()


def look_up(item, column):
    """A member of a record: its own fields first, then those in data."""
    for step in column.split("."):
        if not isinstance(item, dict):
            return None
        item = item[step] if step in item else (item.get("data") or {}).get(step)
    return item


def csv_field(value):
    if value is None:
        return ""
    if isinstance(value, Num):
        return str(value)
    text = value if isinstance(value, str) else dump(value)
    return '"' + text.replace('"', '""') + '"'


# --- the command line -----------------------------------------------------------------------------------

def help_text():
    def lines(docs):
        return "\n".join("  " + line.strip() if i == 0 else "      " + line.strip()
                         for doc in docs for i, line in enumerate(doc.split("\n")))
    verbs = lines(getattr(Control, "do_" + v.replace("-", "_")).__doc__ for v in Control.verbs())
    return __doc__.replace("%(verbs)s", verbs).replace(
        "%(faults)s", "\n".join(f"  {name:16}{function.__doc__}" for name, function in FAULTS.items()))


def switches_text():
    return "\n".join(f"{name:18}{str(default) or chr(39) * 2:12}[{label}] {meaning}"
                     + (": " + "|".join(kind) if isinstance(kind, tuple) and kind != ON_OFF else "")
                     for name, (default, kind, label, meaning) in SWITCHES.items())


class Client:
    """Control from Python: Client(url)("corp1", "set", order="id-asc")."""

    def __init__(self, url):
        scheme, _, place = url.rstrip("/").partition("://")
        host, _, port = place.partition(":")
        self.tls, self.address = scheme == "https", (host, int(port))

    def __call__(self, corpid, verb, *rest, **args):
        order = json.dumps({"corpid": corpid, "verb": verb, "args": args, "rest": list(rest)}).encode()
        with socket.create_connection(self.address, 600) as sock:
            if self.tls:
                import ssl
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
                sock = context.wrap_socket(sock)
            sock.sendall(b"POST /_ctl HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % len(order) + order)
            data = b"".join(iter(lambda: sock.recv(1 << 20), b""))
        reply = json.loads(data.partition(b"\r\n\r\n")[2])
        if not reply["ok"]:
            raise Refused(reply["text"])
        return reply["text"]


def main_ctl(words):
    url = os.environ.get("XBB_SIM_URL", "")
    if not re.fullmatch(r"https?://[^/:]+:\d+/?", url) or len(words) < 2:
        sys.exit("xbb_sim: ctl CORPID VERB ..., with XBB_SIM_URL=http://127.0.0.1:PORT in the environment")
    client, orders = Client(url), [[]]
    for word in words[1:]:
        if word == "--":
            orders.append([])
        else:
            orders[-1].append(word)
    for verb, *rest in filter(None, orders):
        pairs = [w.partition("=") for w in rest]
        args = {name: value for name, equals, value in pairs if equals and re.fullmatch(r"[a-z_]+", name)}
        rest = [w for w, (name, equals, _) in zip(rest, pairs) if not equals or name not in args]
        try:
            text = client(words[0], verb, *rest, **args)
        except (Refused, OSError) as error:
            sys.exit(f"xbb_sim: {error}")
        if text:
            sys.stdout.buffer.write(os.fsencode(text) + b"\n")


def tls_context(options):
    import ssl
    if "tls-cert" not in options:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if "tls-version" in options:
        version = {"1.0": "TLSv1", "1.1": "TLSv1_1", "1.2": "TLSv1_2", "1.3": "TLSv1_3"}[options["tls-version"]]
        if version in ("TLSv1", "TLSv1_1"):
            warnings.simplefilter("ignore", DeprecationWarning)
            context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
        context.maximum_version = context.minimum_version = getattr(ssl.TLSVersion, version)
    context.load_cert_chain(options["tls-cert"], options.get("tls-key"))
    return context


def write_atomically(name, text):
    with open(name + ".new", "w") as out:
        out.write(text)
    os.replace(name + ".new", name)


async def serve(options):
    import asyncio
    import signal
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    server = Server(loop, int(options.get("log-limit", 100_000)), int(options.get("cache-mb", 256)) << 20)
    mode, held = options.get("mode", "answer"), []
    sock = listen(int(options.get("port", 0)))
    if mode == "full":
        sock.listen(0)
        for _ in range(3):                          # nobody will accept these
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(sock.getsockname())
            held.append(filler)
        port = sock.getsockname()[1]
    elif mode == "silent":
        gate = Gate("silent")
        await server.open(gate, sock)
        port = gate.port
    else:
        gate = Gate()
        await server.open(gate, sock, tls_context(options))
        port = gate.port
    if "port-file" in options:
        write_atomically(options["port-file"], f"{port}\n")
    else:
        print(port, flush=True)
    parent = os.getppid()
    while not stop.is_set():
        if "watch-parent" in options and os.getppid() != parent:
            break
        try:
            await asyncio.wait_for(stop.wait(), 1 if "watch-parent" in options else None)
        except asyncio.TimeoutError:
            pass


def main_serve(words):
    import asyncio
    options, known = {}, {"port", "port-file", "tls-cert", "tls-key", "tls-version", "mode", "log-limit", "cache-mb",
                          "watch-parent"}
    words = list(words)
    while words:
        word = words.pop(0)
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--") or name not in known:
            sys.exit(f"xbb_sim: unknown option {word}")
        options[name] = value if equals or name == "watch-parent" else words.pop(0) if words else ""
    asyncio.run(serve(options))


# --- trying itself --------------------------------------------------------------------------------------

class Probe:
    """A client on a raw socket, as plain as can be."""

    def __init__(self, port, corpid):
        self.port, self.corpid, self.token, self.sock, self.data = port, corpid, "t0ken", None, b""
        self.status, self.headers = 0, {}

    def close(self):
        if self.sock:
            self.sock.close()
        self.sock, self.data = None, b""

    def more(self):
        chunk = self.sock.recv(1 << 16)
        if not chunk:
            raise ConnectionError("closed")
        self.data += chunk

    def raw(self, name, body, gzip=False, sign=None):
        """The bytes of the answer's body."""
        self.send(name, body, gzip, sign)
        return self.answer()

    def send(self, name, body, gzip=False, sign=None):
        if self.sock is None:
            self.sock = socket.create_connection(("127.0.0.1", self.port), 20)
        sign = hashlib.sha256(body + self.token.encode()).hexdigest() if sign is None else sign
        head = (f"POST {PREFIX}{name} HTTP/1.1\r\nHost: x\r\nsign: {sign}\r\nContent-Length: {len(body)}\r\n"
                + ("Accept-Encoding: gzip\r\n" if gzip else "") + "\r\n")
        self.sock.sendall(head.encode() + body)

    def answer(self):
        while b"\r\n\r\n" not in self.data:
            self.more()
        head, _, self.data = self.data.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {k.lower(): v for k, _, v in (line.partition(": ") for line in lines[1:])}
        if "transfer-encoding" in self.headers:
            return self.chunks()
        while len(self.data) < int(self.headers["content-length"]):
            self.more()
        length = int(self.headers["content-length"])
        body, self.data = self.data[:length], self.data[length:]
        return body

    def chunks(self):
        body = b""
        while True:
            while b"\r\n" not in self.data:
                self.more()
            size, _, self.data = self.data.partition(b"\r\n")
            while len(self.data) < int(size, 16) + 2:
                self.more()
            body, self.data = body + self.data[:int(size, 16)], self.data[int(size, 16) + 2:]
            if int(size, 16) == 0:
                return body

    def call(self, name="product/list", gzip=False, sign=None, **body):
        raw = self.raw(name, compact({"corpid": self.corpid, "userId": "u-0001", **body}).encode(), gzip, sign)
        return json.loads(gzip_format.decompress(raw) if self.headers.get("content-encoding") == "gzip" else raw)

    def rows(self, **body):
        return self.call(**body)["result"]["list"]

    def total(self, *conditions, **body):
        """totalCount under conditions given as (attr, symbol, value...)."""
        answer = self.call(conditions=[{"attr": a, "symbol": s, "value": list(v)} for a, s, *v in conditions], **body)
        return answer["result"]["totalCount"] if answer["code"] == 1 else answer["code"]

    def breaks(self, **body):
        """How a call fails: the name of the exception, or the answer."""
        try:
            return self.call(**body)
        except (ConnectionError, OSError, ValueError, zlib.error) as error:
            self.close()
            return type(error).__name__


class Tap:
    def __init__(self):
        self.count, self.failed = 0, 0

    def ok(self, passed, what, *details):
        self.count += 1
        self.failed += not passed
        print(f"{'ok' if passed else 'not ok'} {self.count} - {what}", flush=True)
        if not passed:
            print("# " + repr(details)[:2000])


def try_lists(tap, ctl, probe):
    ok = tap.ok
    first = probe.call(page=1, pageSize=100)
    times = [r["updateTime"] for r in first["result"]["list"]]
    ok(first["code"] == 1 and first["success"] is True and len(times) == 100, "a page", first["code"], len(times))
    ok(first["result"]["totalCount"] == 730 and first["result"]["totalPage"] == 8, "totals")
    ok(times == sorted(times, reverse=True), "update descending is the default order")
    ok(len(probe.rows()) == 20, "20 rows by default")
    ok(len(probe.rows(pageSize=200)) == 100, "200 is clamped to 100")
    ok(len(probe.rows(page=8, pageSize=100)) == 30 and probe.rows(page=9, pageSize=100) == [], "the end and beyond")
    everything = [r for k in range(1, 9) for r in probe.rows(page=k, pageSize=100)]
    ok(sorted(r["dataId"] for r in everything) == list(range(51200001, 51200731)), "each record once")
    lines = ctl("c1", "dump").split("\n")
    ok(sorted(map(compact, everything)) == sorted(compact(json.loads(line)) for line in lines), "dump is the truth")
    ids = {r["dataId"]: r for r in everything}
    children = [r for r in everything if r["data"]["num_3"]]
    ok(children and all(ids[r["data"]["num_3"]]["data"]["num_3"] == 0 for r in children), "children name a parent")
    ok(all(r["updateTime"] >= r["addTime"] for r in everything), "updateTime is not before addTime")
    ok(len({r["data"]["serialNo"] for r in everything}) == 730, "serial numbers are unique")
    ok(isinstance(json.loads(everything[0]["data"]["ownerId"]), list), "owners are an array in a string")
    ok(any("text_4" not in r["data"] for r in everything) and any(r["data"].get("text_4") == "" for r in everything),
       "unset text is empty or absent")
    ok(any(len(m[1]) > 17 for m in re.finditer(r'"num_1":([0-9.]+)', "\n".join(lines))), "prices beyond a double")
    for order, sign, by in (("update-asc", 1, "updateTime"), ("id-asc", 1, "dataId"), ("id-desc", -1, "dataId"),
                            ("add-desc", -1, "addTime")):
        ctl("c1", "set", order=order)
        values = [sign * r[by] for r in probe.rows(pageSize=100)]
        ok(values == sorted(values), "order " + order)
    ctl("c1", "set", order="update-desc")
    return everything


def try_conditions(tap, ctl, probe, everything):
    ok, some = tap.ok, everything[100]
    when = sorted(r["updateTime"] for r in everything)
    later = sum(t >= some["updateTime"] for t in when)
    ok(probe.total(("updateTime", "greaterequal", some["updateTime"])) == later, "greaterequal is inclusive")
    ok(probe.total(("updateTime", "range", when[10], when[20])) == sum(when[10] <= t <= when[20] for t in when), "range")
    ok(probe.total(("addTime", "greaterequal", some["addTime"]), ("updateTime", "lessequal", when[400])) ==
       sum(r["addTime"] >= some["addTime"] and r["updateTime"] <= when[400] for r in everything), "conditions are ANDed")
    ctl("c1", "set", bounds="exclusive")
    ok(probe.total(("updateTime", "greaterequal", some["updateTime"])) == sum(t > some["updateTime"] for t in when),
       "bounds=exclusive")
    ok(probe.total(("updateTime", "equal", some["updateTime"])) == when.count(some["updateTime"]), "... has no say in equal")
    ctl("c1", "set", bounds="inclusive", ignore="updateTime")
    ok(probe.total(("updateTime", "lessequal", 1)) == 730, "ignore=updateTime")
    ctl("c1", "set", ignore="")
    ok(probe.total(("dataId", "equal", some["dataId"])) == 1, "equal on dataId")
    ok(probe.total(("dataId", "in", *[r["dataId"] for r in everything[:7]])) == 7, "in on dataId")
    ok(probe.total(("serialNo", "equal", some["data"]["serialNo"])) == 1, "equal on serialNo")
    ok(probe.total(("num_3", "equal", 0)) == sum(r["data"]["num_3"] == 0 for r in everything), "num_3 = 0")
    ok(probe.total(("text_8", "in", "1", "2")) == sum(r["data"]["text_8"] in "12" for r in everything), "in on a select")
    ok(probe.total(("text_8", "noin", "1", "2")) == sum(r["data"]["text_8"] not in "12" for r in everything), "noin")
    ok(probe.total(("num_2", "greaterequal", 2500)) == sum(r["data"]["num_2"] >= 2500 for r in everything), "num_2 >=")
    ok(probe.total(("date_5", "greaterequal", 1)) == sum(r["data"].get("date_5", 0) > 0 for r in everything),
       "a date of 0 matches nothing")
    ok(probe.total(("date_5", "lessequal", 2 ** 40)) == sum(r["data"].get("date_5", 0) > 0 for r in everything),
       "... from either side")
    middle = sorted(r["data"].get("date_5", 0) for r in everything)[600]
    before = probe.total(("date_5", "lessequal", middle))
    ctl("c1", "set", times="ms-string")
    ok(0 < before == probe.total(("date_5", "lessequal", middle)), "... and however it is written")
    ctl("c1", "set", times="s")
    ok(probe.total(("ownerId", "equal", "u-0007")) == sum('"u-0007"' in r["data"]["ownerId"] for r in everything),
       "equal on an owner")
    ok(probe.total(("text_4", "empty", "")) == sum(not r["data"].get("text_4") for r in everything), "empty")
    ok(probe.total(("text_1", "like", "博世")) == sum("博世" in r["data"]["text_1"] for r in everything), "like")
    ok(probe.call(conditions=[{"attr": "subForm_2", "subAttr": "text_1", "symbol": "equal", "value": ["样品"]}])
       ["result"]["totalCount"] == sum(any(s["text_1"] == "样品" for s in r["data"]["subForm_2"]) for r in everything),
       "a member of a sub-form")
    ok(probe.call(conditions=[{"attr": "num_2", "symbol": "equal", "value": 5}])["code"] == 701020,
       "a value must be an array")
    ok(probe.total(("nonsense", "equal", 1)) == 701020 and probe.total(("text_1", "approx", "x")) == 701020,
       "unknown attrs and symbols are errors")
    ctl("c1", "set", unknown_attr="ignore", unknown_symbol="none")
    ok(probe.total(("nonsense", "equal", 1)) == 730 and probe.total(("text_1", "approx", "x")) == 0, "... by switch not")
    ok(probe.total(("updateTime", "lessequal", "1")) == 701020, "a time as a string is an error")


def try_comparisons(tap, ctl, probe):
    """How a condition's text or number meets what is stored in another form."""
    ok = tap.ok
    ctl("c3", "create", products="0", freeze="on")
    probe.corpid = "c3"
    for data_id, text, number in ((1, '"7"', '"12.50"'), (2, "7", "12.5"), (3, "7.0", "0.1"), (4, '" x"', "1"),
                                  (5, '"x"', "1")):
        ctl("c3", "put", f'{{"dataId":{data_id},"addTime":1,"updateTime":1,"data":{{"text_1":{text},"num_1":{number}}}}}')
    ok((probe.total(("text_1", "equal", "7")), probe.total(("text_1", "equal", 7))) == (3, 3), "types=loose")
    ctl("c3", "set", types="strict")
    ok((probe.total(("text_1", "equal", "7")), probe.total(("text_1", "equal", 7)),
        probe.total(("text_1", "in", "7", 7))) == (1, 2, 3), "types=strict")
    ok(probe.total(("num_1", "equal", 12.5)) == 2, "... for texts only")
    ctl("c3", "set", types="spelled")
    ok((probe.total(("text_1", "equal", "7")), probe.total(("text_1", "equal", "7.0"))) == (2, 1), "types=spelled")
    ok(probe.total(("text_1", "equal", " x")) == 1, "white space counts")
    ctl("c3", "set", trim="on")
    ok((probe.total(("text_1", "equal", " x")), probe.total(("text_1", "in", "x"))) == (1, 1) and
       probe.call(conditions=[{"attr": "text_1", "symbol": "equal", "value": [" x"]}])["result"]["list"][0]["dataId"] == 5,
       "trim=on: only that of the condition does not")
    ctl("c3", "set", text_limit="1")
    ok((probe.total(("text_1", "equal", "x")), probe.total(("text_1", "equal", "7.0"))) == (1, 0), "text_limit=1")
    tenth = b'{"corpid":"c3","conditions":[{"attr":"num_1","symbol":"equal","value":[0.1000000000000000001]}]}'
    ok(b'"totalCount":0' in probe.raw("product/list", tenth), "fractions are decimals")
    ctl("c3", "set", doubles="on")
    ok(b'"totalCount":1' in probe.raw("product/list", tenth), "doubles=on")


def try_changes(tap, ctl, probe):
    ok = tap.ok
    ctl("c2", "create", products="5", freeze="on", step="10", start="1769000000", touch_span="0")
    probe.corpid = "c2"
    ctl("c2", "touch", '{"num_1":12345678901234567.8901}', id="51200001")
    top = probe.raw("product/list", compact({"corpid": "c2", "pageSize": 1}).encode())
    ok(b'"num_1":12345678901234567.8901' in top and b'"updateTime":1770000000' in top, "a touched record is on top", top)
    ctl("c2", "put", '{"dataId":7,"addTime":1,"updateTime":1770000005,"data":{"num_1":1.50}}')
    ok(b'"num_1":1.50}' in probe.raw("product/list", b'{"corpid":"c2","pageSize":1}'), "put keeps its spelling")
    ctl("c2", "putraw", r'{"dataId":8,"data":{"text_1":"\xff"}}', esc="on", update="1770000006")
    ok(b'"text_1":"\xff"' in probe.raw("product/list", b'{"corpid":"c2","pageSize":1}'), "putraw puts any byte")
    ctl("c2", "drop", id="8")
    ctl("c2", "drop", id="last")
    ok(probe.call()["result"]["totalCount"] == 5 and ctl("c2", "total") == "5", "drop")
    ok(probe.total(("updateTime", "greaterequal", 1770000000)) == 2 and probe.total(("addTime", "lessequal", 1)) == 1,
       "the indexes follow")
    ctl("c2", "set", lag="3")
    ctl("c2", "add")
    before = probe.call()["result"]["totalCount"]
    ctl("c2", "clock", advance="3")
    ok((before, probe.call()["result"]["totalCount"]) == (5, 6), "lag: a change shows later")
    ctl("c2", "set", lag="0", times="ms-string", numbers="string", total="string", escape="ascii")
    text = probe.raw("product/list", b'{"corpid":"c2"}')
    ok(b'"addTime":"1769000010000"' in text and b'"totalCount":"6"' in text and not re.search(rb"[^\0-\x7f]",
       text[text.index(b"51200002"):text.index(b"51200002") + 300]), "how values are written", text)
    ctl("c3", "create", products="50", clock="1770000000", freeze="on")
    probe.corpid = "c3"
    same = [probe.raw("product/list", b'{"corpid":"c3","pageSize":2}') for _ in range(3)]
    ok(same[0] == same[1] == same[2] and (ctl("c3", "count"), ctl("c3", "stats")[:10]) == ("3", "requests=3"),
       "where nothing moves, an answer is given again and counted")
    ctl("c3", "touch", '{"text_1":"new"}', id="first")
    ok(b'"text_1":"new"' in probe.raw("product/list", b'{"corpid":"c3","pageSize":2}'), "and not after an order")
    ctl("c3", "create", products="50", clock="1770000000", freeze="on")
    ctl("c3", "mark")
    ctl("c3", "mutate", rate="0.5", kinds="touch,drop,add", limit="20")
    probe.corpid = "c3"
    for _ in range(60):
        probe.call()
    always, ever = (len(ctl("c3", v).split()) for v in ("always", "ever"))
    ok(ctl("c3", "mutate") == "20" and 50 > always >= 30 and ever > 50
       and always <= int(ctl("c3", "total")) <= ever, "live mutation", always, ever)
    ctl("c3", "mutate", off="1")
    ctl("c3", "at", n="2", do="drop", id="all")
    ok((probe.call()["result"]["totalCount"] > 0, probe.call()["result"]["totalCount"]) == (True, 0), "at n=2")


def try_other_lists(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "c1"
    users = probe.call("user/list", page=1, pageSize=20)["result"]
    ok(len(users["userList"]) == 20 and users["totalCount"] == 57, "users, without those who left")
    ok(len(probe.call("department/list")["result"]["depList"]) == 9, "departments")
    ok(len(probe.call("role/list")["result"]["roleList"]) == 5, "roles")
    ok(len(probe.call("signIn/list", pageSize=100)["result"]["signInList"]) == 40, "sign-ins")
    ok(probe.call("product/categoryList")["result"]["list"][0]["childList"], "categories are a tree")
    ok(probe.call("label/allList")["code"] == 100003, "labels want formId")
    ok(probe.call("customer/list")["code"] == 100003 and probe.call("customer/list", formId=1)["code"] == 100004,
       "customers want a formId that exists")
    ctl("c1", "create", object="customer", form_id="5300201", records="30")
    ok(probe.call("customer/list", formId=5300201)["result"]["totalCount"] == 30, "a list of customers")
    item = probe.call("product/detail", dataId=51200001)["result"]
    ok(item["dataId"] == 51200001 and isinstance(item["data"]["ownerId"], list), "detail has its own encoding")
    ok(probe.call("form/list", saasMark=1)["result"]["formList"][0]["formId"] == 5300127
       and probe.call("form/get", formId=5300127)["result"]["explainList"], "forms")


def try_manners(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "c1"
    ok(probe.call(sign="0" * 64)["code"] == 100001 and probe.status == 200, "a wrong signature")
    probe.corpid = "nobody"
    ok(probe.call()["code"] == 100002, "an unknown company")
    probe.corpid = "c1"
    plain = probe.call(pageSize=100)
    ok(probe.call(gzip=True, pageSize=100) == plain and probe.headers.get("content-encoding") == "gzip", "gzip")
    ctl("c1", "clear")
    for _ in range(3):
        probe.call()
    ok("connections=1 " in ctl("c1", "stats"), "keep-alive", ctl("c1", "stats"))
    ctl("c1", "clear")
    probe.total(("num_2", "equal", 7), page=2, pageSize=10)
    probe.call(sign="x")
    ok(ctl("c1", "log") == 'product/list 2 10 [{"attr":"num_2","symbol":"equal","value":[7]}] 1\nproduct/list - - - 100001',
       "the log", ctl("c1", "log"))
    ctl("c1", "set", date_offset="3600")
    ctl("c1", "clock", set="1770000000", freeze="on")
    probe.call()
    ok(probe.headers["date"] == "Mon, 02 Feb 2026 03:40:00 GMT", "a clock of its own", probe.headers)
    probe.corpid = "c5"
    ctl("c5", "create", products="5", limit_minute="3", retry_after="2")
    codes = [probe.call()["code"] for _ in range(5)]
    ok(codes == [1, 1, 1, 100429, 100429] and probe.headers["retry-after"] == "2", "3 a minute", codes)
    ctl("c5", "set", limit_minute="5")
    ok(probe.call()["code"] == 100429, "refused calls count")
    ctl("c5", "set", limit_minute="0", limit_second="3")
    time.sleep(1.05)
    ok(probe.call()["code"] == 1, "3 a second: a second later")
    probe.corpid = "c1"
    ctl("c1", "set", depth="200")
    ok(len(probe.rows(page=2, pageSize=100)) == 100 and probe.rows(page=3, pageSize=100) == [], "depth")
    ctl("c1", "set", depth="0", total_cap="500", short_pages="7", latency="80")
    start = time.monotonic()
    answer = probe.call(pageSize=100)["result"]
    ok(answer["totalCount"] == 500 and len(answer["list"]) == 93, "a capped total, short pages")
    ok(0.07 < time.monotonic() - start, "latency")
    ctl("c1", "set", total_cap="0", short_pages="0", latency="0")
    port = int(ctl("c1", "port"))
    other = Probe(port, "c1")
    ok(other.call()["code"] == 1, "a port of its own")
    other.close()
    ctl("c1", "port", mode="refused")
    ok(other.breaks() == "ConnectionRefusedError", "refused")
    ctl("c1", "port", mode="reset")
    ok(other.breaks() in ("ConnectionResetError", "ConnectionError", "BrokenPipeError"), "reset at accept")


def try_faults(tap, ctl, probe):
    ok, probe.corpid = tap.ok, "c1"
    good = probe.call(pageSize=100)
    probe.close()
    lost = ("ConnectionError", "ConnectionResetError")
    expected = {"close": lost, "reset": lost, "half": lost, "half-head": lost, "truncated": ("JSONDecodeError",),
                "html": ("JSONDecodeError",), "empty": ("JSONDecodeError",), "bad-utf8": ("UnicodeDecodeError",),
                "nul": ("JSONDecodeError",), "bad-gzip": ("error", "BadGzipFile"), "cut-chunk": lost, "bad-chunk": ("ValueError",),
                "long-length": lost, "short-length": ("JSONDecodeError",), "bad-status-line": ("KeyError", "ValueError"),
                "trailing": ("JSONDecodeError",)}
    for what, errors in expected.items():
        ctl("c1", "fault", what=what)
        try:
            got = probe.breaks(pageSize=100)
        except KeyError:
            got = "KeyError"
        probe.close()
        ok(got in errors, "fault " + what, got if isinstance(got, str) else list(got))
    for what, check in {"no-list": lambda d: "list" not in d["result"], "no-result": lambda d: "result" not in d,
                        "no-total": lambda d: "totalCount" not in d["result"], "chunked": lambda d: d == good,
                        "wrong-page": lambda d: d["result"]["list"][0] not in good["result"]["list"],
                        "wrong-type": lambda d: isinstance(d["result"]["list"], dict),
                        "dup-keys": lambda d: d == good, "busy": lambda d: "系统繁忙" in d["msg"],
                        "success-false": lambda d: d["success"] is False, "array": lambda d: d == [good],
                        "gzip-members": lambda d: d == good}.items():
        ctl("c1", "fault", what=what)
        got = probe.breaks(pageSize=100)
        ok(not isinstance(got, str) and check(got), "fault " + what, got)
    ctl("c1", "fault", what="gzip-members", n="2", coding="x-gzip")
    raw = probe.raw("product/list", compact({"corpid": "c1", "userId": "u-0001", "pageSize": 100}).encode())
    first = zlib.decompressobj(31)
    half = first.decompress(raw)
    ok(probe.headers["content-encoding"] == "x-gzip" and json.loads(half + gzip_format.decompress(first.unused_data)) == good and
       raw.endswith(compress(b"", 6)), "gzip-members n=2")
    ctl("c1", "fault", what="bom")
    raw = probe.raw("product/list", compact({"corpid": "c1", "userId": "u-0001", "pageSize": 100}).encode())
    ok(raw[:3] == b"\xef\xbb\xbf" and json.loads(raw[3:]) == good, "fault bom")
    ctl("c1", "fault", what="status", code="503", body="{}", retry_after="date+5")
    probe.call()
    ok(probe.status == 503 and probe.headers["retry-after"] == "Mon, 02 Feb 2026 03:40:05 GMT", "status and Retry-After")
    start = time.monotonic()
    ctl("c1", "fault", what="drip", bytes="2000", ms="5")
    ok(probe.call(pageSize=100) == good and time.monotonic() - start > 0.1, "fault drip")
    for what in ("hang", "hang-body"):
        ctl("c1", "fault", what=what)
        probe.close()
        probe.sock = socket.create_connection(("127.0.0.1", probe.port), 0.3)
        ok(probe.breaks(pageSize=100) == "TimeoutError", "fault " + what)
    for what, least in (("endless", 1 << 22), ("gzip-bomb", 1 << 18)):
        ctl("c1", "fault", what=what)
        sock = socket.create_connection(("127.0.0.1", probe.port), 5)
        body = compact({"corpid": "c1"}).encode()
        sign = hashlib.sha256(body + b"t0ken").hexdigest()
        sock.sendall(f"POST {PREFIX}product/list HTTP/1.1\r\nsign: {sign}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        size = 0
        while size < least:
            size += len(sock.recv(1 << 16)) or least * 2
        sock.close()
        ok(size < least * 2, "fault " + what)
    ctl("c1", "clear", what="all")
    ctl("c1", "fault", what="code", at="middle", msg="x")
    codes = [probe.call(page=k, pageSize=100)["code"] for k in range(1, 9)]
    ok(codes == [1, 1, 1, 100000, 1, 1, 1, 1], "at=middle", codes)
    ctl("c1", "fault", what="code", at="3", times="2")
    ok([probe.call()["code"] for _ in range(5)] == [1, 1, 100000, 100000, 1], "at=3 times=2")
    ok(probe.call(pageSize=100) == good, "and then all is well")


def try_holds(tap, ctl, probe):
    ok, probes = tap.ok, [Probe(probe.port, "c4") for _ in range(4)]

    def send(one, **body):
        one.send("product/list", compact({"corpid": "c4", **body}).encode())

    def total(one):
        return json.loads(one.answer())["result"]["totalCount"]

    ctl("c4", "create", products="5")
    ctl("c4", "hold", name="x", at="2", page="3")
    ok(probes[0].call(page=3)["code"] == 1 and probes[0].call(page=1)["code"] == 1, "what is not meant is not held")
    send(probes[1], page=3)
    ctl("c4", "wait-held", name="x")
    ok(ctl("c4", "held") == "x waiting=1 seen=2" and ctl("c4", "count") == "3", "a request is held", ctl("c4", "held"))
    ctl("c4", "add")
    ok(probes[0].call(page=3)["result"]["totalCount"] == 6, "others are answered meanwhile")
    ctl("c4", "add")
    ok(ctl("c4", "release", name="x") == "1" and total(probes[1]) == 7, "released, it gets what is there then")
    ok(ctl("c4", "held") == "", "and the hold has ended")
    for verb in ("release", "held", "wait-held"):
        try:
            ok(False, "no such hold", verb, ctl("c4", verb, name="x"))
        except Refused as error:
            ok("no hold x" in str(error), verb + " of no hold")
    ctl("c4", "hold", at="every")
    for one in probes[:2]:
        send(one)
    ctl("c4", "wait-held", n="2")
    try:
        ok(False, "wait-held ends", ctl("c4", "wait-held", n="3", timeout="0.1"))
    except Refused as error:
        ok("2 of 3 requests wait" in str(error), "wait-held ends")
    probes[0].close()
    while ctl("c4", "held", name="hold") == "2":
        time.sleep(0.01)
    ok(ctl("c4", "held", name="hold") == "1", "a client that is gone waits no more", ctl("c4", "held"))
    ctl("c4", "clear", what="all")
    ok(total(probes[1]) == 7 and ctl("c4", "held") == "", "clear what=all lets go")
    ctl("c4", "hold", until="3")
    for n, one in enumerate(probes[:3]):
        send(one)
        if n < 2:
            ctl("c4", "wait-held", n=str(n + 1))
    ok([total(one) for one in probes[:3]] == [7, 7, 7] and "peak=3" in ctl("c4", "stats"), "until=3")
    ctl("c4", "hold")
    send(probes[3])
    ctl("c4", "wait-held")
    ctl("c4", "create", products="1")
    ok(total(probes[3]) == 7 and probes[0].call()["result"]["totalCount"] == 1 and ctl("c4", "held") == "",
       "create forgets the holds of the world that was")
    for one in probes:
        one.close()


def selftest():
    """Starts a server of its own and talks to it; TAP."""
    import subprocess
    import tempfile
    tap = Tap()
    with tempfile.TemporaryDirectory() as place:
        name = os.path.join(place, "port")
        process = subprocess.Popen([sys.executable, os.path.abspath(__file__), "serve", "--port-file", name])
        try:
            for _ in range(500):
                if os.path.exists(name):
                    break
                time.sleep(0.02)
            with open(name) as file:
                port = int(file.read())
            ctl, probe = Client(f"http://127.0.0.1:{port}"), Probe(port, "c1")
            ctl("c1", "create", products="730", width="30")
            everything = try_lists(tap, ctl, probe)
            try_conditions(tap, ctl, probe, everything)
            try_comparisons(tap, ctl, probe)
            try_changes(tap, ctl, probe)
            try_other_lists(tap, ctl, probe)
            try_manners(tap, ctl, probe)
            try_faults(tap, ctl, probe)
            try_holds(tap, ctl, probe)
        finally:
            process.terminate()
            code = process.wait(10)
    tap.ok(code == 0, "SIGTERM ends it cleanly", code)
    print(f"1..{tap.count}")
    return 1 if tap.failed else 0


def main():
    verb, words = (sys.argv[1], sys.argv[2:]) if len(sys.argv) > 1 else ("--help", [])
    if verb == "serve":
        main_serve(words)
    elif verb == "ctl":
        main_ctl(words)
    elif verb == "selftest":
        sys.exit(selftest())
    elif verb == "switches":
        print(switches_text())
    elif verb in ("--help", "-h", "help"):
        print(help_text())
    else:
        sys.exit(f"xbb_sim: unknown command {verb}")


if __name__ == "__main__":
    main()
