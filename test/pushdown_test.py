#!/usr/bin/env python3
"""A condition never lets through less than the column shows (G8).

For each row of the README's pushdown table and each type of column: records whose
values are stored in every form that the API may have, drawn at random, and random
quals.  The answer with the qual must be the one where OFFSET 0 keeps it from being
sent.  The simulator compares as its switches for what is not known of the API say,
drawn at random, too.  Its log shows that enough quals were sent, and that those were
not which a modifier forbids.  The seed is printed; XBB_SEED repeats a run.

Needs a server that is up with a database of its own that has the extension, and the
simulator (XBB_SIM, XBB_SIM_URL), as differential_test.py does.  Prints TAP.
"""
import json
import os
import random
import sys
import urllib.request
from decimal import Decimal

from differential_test import quote, run

RECORDS = 60
QUALS = 16
COMPANY = "dingPushdownTest"
START = 1_767_225_600           # 2026-01-01 in UTC
ZONES = ["UTC", "Asia/Shanghai", "America/New_York"]


def order(verb, *rest, **args):
    """What the simulator says to an order."""
    message = {"corpid": COMPANY, "verb": verb, "args": args, "rest": rest}
    with urllib.request.urlopen(os.environ["XBB_SIM_URL"] + "/_ctl", json.dumps(message).encode()) as answer:
        reply = json.load(answer)
    if not reply["ok"]:
        raise RuntimeError(reply["text"])
    return reply["text"]


# --- how values may be stored: JSON, None for a key that is missing ---------------------------------------

TEXTS = ["a", "A", "ab c", "７", "007", "+7", "7", "7.0", "12.50", "-3", "0", "1e3", "true", "null", "[new]", "中文",
         "😀", "abcdef", "abcdefg", "1234567890123456", "12345678901234567890", "x" * 256, "中" * 257, "y" * 400,
         "字" * 300, "a\tb", "Ａ", "'", '"\\']
BLANKS = ["", "", "", " ", "  ", "\t", "\u3000", "\u00a0"]


def string_form(rng):
    text = rng.choice(TEXTS)
    return json.dumps(rng.choice(BLANKS) + text + rng.choice(BLANKS) if rng.random() < 0.4 else text)


def text_form(rng):
    way = rng.random()
    if way < 0.5:
        return string_form(rng)
    if way < 0.8:
        return rng.choice(["7", "7.0", "7.00", "12.50", "-3", "1", "1", "0", "1e3", "51200003", "123456789012345"])
    return rng.choice(['""', "null", None, "true", "false", '["a"]', '["7"]', "[7]", "{}", '{"a": 1}', '"\\ufffd"'])


def number_form(rng):
    number = Decimal(rng.choice(["7", "7", "12.5", "-3", "0", "0.1", "10", "32767", "392.2305", "7.96", "8", "100000",
                                 "123456789012345.6", "0.10000000000000000555", "0.30000000000000000444",
                                 "1234567890.123456789", "12345678901234567890"]))
    text = f"{number:f}"
    if rng.random() < 0.3:
        text += "0" * rng.randrange(1, 4) if "." in text else "." + "0" * rng.randrange(1, 4)
    way = rng.random()
    if way < 0.4:
        return text
    if way < 0.5:
        return f"{number:E}"
    if way < 0.6:
        return rng.choice(['""', "null", None, "true", '"seven"', "[7]"])
    if way < 0.8:
        return json.dumps(text)
    text = text.lstrip("-")
    return json.dumps(rng.choice([f"00{text}", f"+{text}", f" {text} ", f"{number:E}", text.replace("7", "７")]))


def time_of(rng):
    """Epoch seconds, mostly whole, of a few days, with many ties."""
    seconds = START + rng.choice([0, 1, 2, 3600, 57600, 86399, 86400, 3 * 86400])
    fraction = rng.choice(["0.5", "0.499", "0.7", "0.05", "0.001", "0.95"])
    return seconds if rng.random() < 0.4 else seconds + Decimal(fraction)


def stamp_form(rng, time):
    """A record's own time; ms, digits and texts are read as what they mean."""
    way = rng.random()
    if way < 0.4:
        return str(time)
    if way < 0.6:
        return json.dumps(str(time))
    if way < 0.8 and time * 1000 % 1 == 0:
        return rng.choice(["{:.0f}", '"{:.0f}"']).format(time * 1000)
    return str(time)


def date_form(rng):
    """A date field holds seconds; 0 is none."""
    if rng.random() < 0.2:
        return rng.choice(["0", '"0"', '""', "null", None, "-86400"])
    return rng.choice(["{}", '"{}"']).format(time_of(rng))


def put_records(rng):
    order("create", products="0", freeze="on")
    ids = [*range(1, RECORDS - 5), 0, -5, 10 ** 12, 2 ** 53 + 1, 10 ** 18 + 7, 2 ** 63 - 1]
    for data_id in ids:
        add, update = time_of(rng), time_of(rng)
        data = {"text_1": text_form(rng), "serialNo": string_form(rng), "num_1": number_form(rng),
                "date_1": date_form(rng)}
        members = ",".join(f'"{name}":{value}' for name, value in data.items() if value is not None)
        form = rng.choice(["5300127", '"5300127"', "7", "12.0"])
        order("putraw", f'{{"dataId":{data_id},"formId":{form},"addTime":{stamp_form(rng, add)},'
                        f'"updateTime":{stamp_form(rng, update)},"data":{{{members}}}}}',
              id=str(data_id), add=str(add), update=str(update))


# --- quals ------------------------------------------------------------------------------------------------

def text_value(rng, shown):
    return rng.choice([shown, shown, shown, shown.strip(), shown.upper(), shown + " ", "none", ""])


def number_value(rng, shown):
    way = rng.random()
    if way < 0.7:
        return shown
    return shown + ("0" if "." in shown else ".00") if way < 0.85 else rng.choice(["0", "-7", "1e40", "NaN"])


def id_value(rng, shown):
    whole = shown.partition(".")[0]
    return rng.choice([whole, whole, whole + ".0", whole + ".5", "3", "0", "9223372036854775808"])


class Quals:
    """Random quals on column v of a table; "shown" are values of it."""

    def __init__(self, rng, kind, sql_type, values, shown):
        self.rng, self.kind, self.type, self.values, self.shown = rng, kind, sql_type, values, shown

    def value(self, cast=None):
        shown = self.rng.choice(self.shown)
        if self.kind == "time":
            cast = self.rng.choice(self.values)
            shift = self.rng.choice(["0", "0", "0", "0.3 s", "-0.5 s", "1 s", "-1 s"])
            return f"({quote(shown)}::{self.type} + interval '{shift}')::{cast}"
        make = {"text": text_value, "number": number_value, "id": id_value}[self.kind]
        text = make(self.rng, shown)
        cast = cast or self.rng.choice(self.values)
        if cast not in ("text", "varchar", "numeric"):
            # a type that cannot hold it: any value will do
            number = Decimal(text)
            text = text if number.is_finite() and number == number.to_integral() and abs(number) < 2 ** 15 else "7"
            text = f"{Decimal(text):.0f}"
        return f"{quote(text)}::{cast}"

    def comparison(self):
        rng = self.rng
        if self.kind == "time":
            operator = rng.choice(["=", "=", "<", "<=", ">", ">=", "between"])
            if operator == "between":
                return f"v BETWEEN {self.value()} AND {self.value()}"
            return f"v {operator} {self.value()}"
        if rng.random() < 0.4:
            cast = rng.choice(self.values)
            items = ", ".join(self.value(cast) for _ in range(rng.randrange(1, 5)))
            return f"v = ANY (ARRAY[{items}])"
        return rng.choice([f"v = {self.value()}", f"{self.value()} = v", f"v = (SELECT {self.value()})"])

    def qual(self):
        both = self.rng.random() < (0.4 if self.kind == "id" else 0.1)
        return f"{self.comparison()} AND {self.comparison()}" if both else self.comparison()


NUMERICS = ["numeric", "numeric", "numeric", "bigint", "smallint"]
TIMES = ["timestamptz", "timestamptz", "timestamp", "date"]
LOCAL = ["timestamp", "timestamp", "date"]

# attr, kind, column type, types of values, whether anything may be sent
TABLES = [
    *((attr, "text", column, ["text", "varchar"], column != "char(6)") for attr in ("text_1", "serialNo")
      for column in ("text", "varchar", "label", "varchar(6)", "code", "char(6)")),
    *((attr, "number", column, values, column not in ("numeric(10,1)", "pieces")) for attr in ("num_1", "formId")
      for column, values in (("numeric", NUMERICS), ("amount", NUMERICS), ("bigint", ["bigint", "smallint"]),
                             ("integer", ["integer", "bigint"]), ("smallint", ["smallint"]),
                             ("numeric(10,1)", NUMERICS), ("pieces", NUMERICS))),
    *(("dataId", "id", column, values, column != "numeric(30,-1)")
      for column, values in (("bigint", ["bigint", "smallint"]), ("numeric", NUMERICS), ("numeric(20,0)", NUMERICS),
                             ("numeric(30,2)", NUMERICS), ("numeric(30,-1)", NUMERICS))),
    *((attr, "time", column, values, True) for attr in ("addTime", "updateTime", "date_1")
      for column, values in (("timestamptz", TIMES), ("timestamptz(0)", TIMES), ("timestamptz(1)", TIMES),
                             ("timestamptz(6)", TIMES), ("second", TIMES), ("timestamp", LOCAL),
                             ("timestamp(0)", LOCAL), ("date", LOCAL))),
]
# the least shares, in percent, of quals that are sent where they may be, and that have records
SHARES = {"text": (15, 30), "number": (25, 30), "id": (25, 30), "time": (60, 30)}
DOMAINS = {"amount": "numeric", "label": "text", "code": "varchar(6)", "pieces": "numeric(8,0)", "second": "timestamptz(0)"}


def draw_switches(rng):
    def mostly(doubt, kind):
        return doubt if rng.random() < 0.75 else kind
    return {"types": rng.choice(["strict", "strict", "spelled", "loose"]), "trim": mostly("on", "off"),
            "text_limit": mostly("256", "0"), "doubles": mostly("on", "off"), "zero": mostly("none", "value"),
            "text_case": rng.choice(["exact", "fold"])}


def conditions():
    """The conditions of the requests since the last call, in one list."""
    lines = order("log", fields="cond").split("\n")
    order("clear")
    return [condition for line in lines if line.startswith("[") for condition in json.loads(line)]


def ids_of(source, qual):
    return f"SELECT coalesce(string_agg(data_id::text, ',' ORDER BY data_id), 'none') FROM {source} WHERE {qual}"


def answers(name, qual, zone):
    """The ids with the qual sent, and their count; and the ids with it kept back."""
    text = run(f"SET TimeZone = '{zone}'; {ids_of(name, qual)};\nSELECT count(*) FROM {name} WHERE {qual}")
    sent = conditions()
    text += run(ids_of(f"(SELECT * FROM {name} OFFSET 0) q", qual))
    return text.rstrip("\n").split("\n"), sent


def forbidden(sql_type, sent):
    """A condition that the column's modifier forbids, or None."""
    for condition in sent:
        if DOMAINS.get(sql_type, sql_type) == "varchar(6)" and any(len(str(v)) >= 6 for v in condition["value"]):
            return condition
    return None


def check(number, table, rng):
    """What is wrong with a table's quals; and how many were sent, and have records."""
    attr, kind, sql_type, values, may_send = table
    name, switches, zone = f"there{number}", draw_switches(rng), rng.choice(ZONES)
    run(f"CREATE FOREIGN TABLE {name} (data_id numeric, v {sql_type} OPTIONS (attr '{attr}')) "
        f"SERVER crm OPTIONS (object 'product', on_error 'set_null')")
    order("set", **switches)
    shown = run(f"SET TimeZone = 'UTC'; SELECT DISTINCT v::text FROM {name} WHERE v IS NOT NULL ORDER BY 1")
    shown = shown.split("\n")[:-1]
    quals = Quals(rng, kind, sql_type, values, shown)
    found, told = 0, 0
    conditions()
    for _ in range(QUALS):
        qual = quals.qual()
        try:
            (ids, count, kept), sent = answers(name, qual, zone)
        except RuntimeError as error:
            return [f"{qual} (TimeZone {zone})", *str(error).split("\n"), f"switches: {switches}"], told, found
        wrong = ("the qual loses or adds records" if ids != kept else
                 "count(*) is wrong" if int(count) != (0 if kept == "none" else len(kept.split(","))) else
                 "a condition was sent that the modifier forbids" if sent and not may_send or forbidden(sql_type, sent)
                 else None)
        if wrong:
            return [wrong, f"{qual} (TimeZone {zone})", f"sent: {ids}, count {count}", f"kept: {kept}",
                    f"conditions: {sent}", f"switches: {switches}"], told, found
        found += kept != "none"
        told += bool(sent)
    return [], told, found


def main():
    seed = int(os.environ.get("XBB_SEED", random.SystemRandom().randrange(2 ** 31)))
    print(f"# XBB_SEED={seed}", flush=True)
    rng = random.Random(seed)
    put_records(rng)
    domains = "".join(f"CREATE DOMAIN {name} AS {base};" for name, base in DOMAINS.items())
    run(f"""
        SET client_min_messages = error;
        {domains}
        CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '{COMPANY}',
          base_url {quote(os.environ["XBB_SIM_URL"])}, rate_limit '0', daily_quota '0');
        CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken', user_id 'u1');
    """)
    failed = 0
    sums = {kind: [0, 0, 0, 0] for kind in SHARES}
    for number, table in enumerate(TABLES, 1):
        trouble, sent, found = check(number, table, rng)
        failed += bool(trouble)
        print(f"{'not ok' if trouble else 'ok'} {number} - {table[0]} as {table[2]}: {QUALS} quals, {sent} sent, "
              f"{found} with records", flush=True)
        for text in trouble:
            print(f"# {text}")
        for i, n in enumerate((QUALS * table[4], sent, QUALS, found)):
            sums[table[1]][i] += n
    # a test whose quals stay here, or meet nothing, would prove little
    for number, (kind, (may, sent, quals, found)) in enumerate(sums.items(), len(TABLES) + 1):
        good = sent * 100 >= SHARES[kind][0] * may and found * 100 >= SHARES[kind][1] * quals
        failed += not good
        print(f"{'ok' if good else 'not ok'} {number} - {kind}: {sent} of {may} sent, {found} of {quals} with records")
    print(f"1..{len(TABLES) + len(SHARES)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
