"""The records of the test, and the companies that hold them.

All of it is fixed: a run's seed draws queries, not data.  Values are drawn from
small pools, so that joins meet equal keys, and odd ones are among them.
"""
import calendar
import json
import random
import re
import time

ZONE = 28800                        # of Shanghai
EPOCH = 1735689600                  # 2025-01-01 08:00 in Shanghai

NAMES = ["角磨机", "角磨机 ", " 角磨机", "冲击钻 500W", "Drill", "drill", "DRILL", "drill ", "a'b\"c\\d", "100%", "100_", "1%",
         "_", "%", "A", "a", "1", "1.0", "01", "0", " ", "x" * 60, "tab\there", "two\nlines", "{a,b}", "NULL", "null",
         "大有 切割机", "É", "é", "ß", "ﬁ", "ab", "abc", "$1", "--", ";", "/*", "[1]", "１"]
TAGS = ["a", "a ", "A", "b", "b  ", "abcdef", "abcdef    ", "abc", "1", "2", "3", "10", "007", " a", "%", "红"]
MEMOS = ["现货", "包邮 %", "50%_off", "质保一年", "x", "X"]
CREATORS = ["u-0001", "u-0002", "u-0003", "U-0001"]
CITIES = ["杭州市", "苏州市", "深圳市"]
PRICES = ['0', '"0"', '12.5', '"12.50"', '12.50', '12.500', '"007"', '7', '7.0', '1e2', '"1e2"', '100', '-0.5', '"-3"', '-3',
          '392.2305', '392.23', '392.2', '0.04', '0.05', '9999.995', '1000000', '1234567.89', '2.675', '-7.25', '"15"',
          '15', '15.0', '1.5e-3', '33', '44.4', '45.678', '8', '7.5', '8.4', '0.5', '1', '2', '3', '10.06']
AMOUNTS = ['0', '1', '2', '3', '"7"', '"007"', '7', '7.0', '1e3', '1000', '-5', '-1', '12', '15', '"15"', '32767', '-32768',
           '40', '41', '42', '4', '5', '6', '10', '100', '8']
# values that do not fit some of the columns that show them, for tables with on_error 'set_null'
MISFITS = {
    "num_1": ['"abc"', '"12,5"', '-2000000', '1e12', '"NaN"', 'true', '"x 7"'],
    "num_2": ['12.5', '99999', '3000000000', '"x"', '"7.0x"', '[7]', '-99999'],
    "text_8": ['"abcdefgh"', '"abc def ghi"', '["a"]', '7', '7.0', '{"a":1}'],
    "text_46": ['"maybe"', '7', '[true]'],
    "date_5": ['"soon"', '"2025-13-01"', '"now"', '"infinity"', '1e30', 'true'],
    "array_31": ['"x"', '[1,"x"]', '4401', '[4401.5]'],
}
# what a server that tells types, lengths or doubles apart may hold against a condition
HARD = {"num_1": ['123456789012345678.25', '0.1000000000000000001', '0.1', '"0.10"', '9007199254740993', '9007199254740992'],
        "text_8": ['7', '10', '1.0', '"7"', '"1.0"', 'true', '"true"', '3', '"３"'],
        "text_1": ['"' + "y" * 300 + '"'] * 4 + ['"' + "y" * 256 + '"', '"[1]"', '1', '1.0', '1e3', '"1e3"']}
FLAGS = ['true', 'false', '"true"', '"t"', '"yes"', '"0"', '"no"']

ONE_PAGE = dict(no_times=True)
# name: switches of the company, records, options of the table, how the records are made
# bounds=exclusive breaks what the extension takes for granted (A5 in doc/guarantees.md), unless no time is a whole second
COMPANIES = {
    "t0": (dict(gzip="off"), 96, dict(page_size=100), {}),
    "t1": (dict(order="id-asc", bounce="on", gzip="off"), 72, dict(page_size=40), {}),
    "t2": (dict(text_case="fold", numbers="string", arrays_in_strings="off", total="string", key_order="totals-first"), 60,
           dict(), dict(ONE_PAGE, numbers="string", arrays="off")),
    "t3": (dict(times="ms", total="string", fractions="wire"), 72, dict(page_size=40), dict(unit="ms", fraction=700)),
    "t4": (dict(times="string", escape="ascii", arrays_in_strings="all", key_order="totals-first",
                total="string", success="string"), 45, dict(),
           dict(quoted=True, ascii=True, arrays="all")),
    "t5": (dict(fractions="wire", gzip="off", types="strict", bounds="exclusive"), 80,
           dict(), dict(fraction=700, whole_times=False)),
    "t6": (dict(short_pages=7, order="add-asc", gzip="off"), 64, dict(page_size=40), {}),
    "t7": (dict(max_values=50, empty="no-list", order="add-desc"), 130, dict(concurrency=3, page_size=60), {}),
    "t8": (dict(times="ms-string", echo_page_size="on", success="string", code_type="string",
                key_order="code-last"), 50, dict(on_error="set_null"), dict(ONE_PAGE, unit="ms", quoted=True)),
    "t9": (dict(ignore="text_1,text_8", zero="none", order="update-asc", total_page="string", gzip="off",
                success="missing"), 64, dict(page_size=32), {}),
    "t10": (dict(times="text", key_order="code-last", arrays_in_strings="off", doubles="on", total="string"), 50,
            dict(), dict(unit="text", arrays="off")),
    "t11": (dict(types="strict", trim="on", text_limit="256", doubles="on", zero="none", gzip="off"), 40, dict(on_error="set_null"),
            dict(first=8999999999999999001, odd=HARD)),
    "t12": (dict(success="string", types="strict", trim="on"), 60, dict(on_error="set_null"), dict(odd=MISFITS)),
}
# lists of further forms, whose ids do not meet those of others: partitions and children
FORMS = {
    "f1": (5300201, 2001, 40, dict(page_size=100)),
    "f2": (5300202, 3001, 30, dict(page_size=16)),
    "f3": (5300203, 4001, 25, dict(page_size=100)),
}
# companies whose lists are partitions of one table, by a column with the option constant: the constants
CORPS = {"t5": ("north", 1), "t8": ("south", 2), "t10": ("west", 3)}
ANALYZED = {"t1", "t3", "t4", "t6", "t7", "f2"}


def epoch(text):
    """The second of a time that is written as text."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%d %H:%M:%S")) - ZONE


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


class Records:
    """The records of one list, as the API writes them."""

    def __init__(self, name, count, first_id=1001, form_id=5300127, way=()):
        self.rng, self.way = random.Random(name), dict(way)
        self.count, self.first_id, self.form_id = count, self.way.get("first", first_id), form_id

    def time(self, seconds):
        """A time; two thirds lie a fraction of a second later, if the list has such, or all do."""
        fraction = self.way.get("fraction", 0) if seconds % 3 or not self.way.get("whole_times", True) else 0
        text = str(seconds)
        if self.way.get("unit") == "ms":
            text = str(seconds * 1000 + fraction)
        elif fraction:
            text = f"{seconds}.{fraction:03d}"
        return f'"{text}"' if self.way.get("quoted") else text

    def stamp(self, seconds):
        """A time of the record itself, which may be text."""
        if self.way.get("unit") == "text":
            return time.strftime('"%Y-%m-%d %H:%M:%S"', time.gmtime(seconds + ZONE))
        return self.time(seconds)

    def array(self, items, which):
        """An array, as JSON or within a string."""
        text = "[" + ",".join(items) + "]"
        return quoted(text) if self.way.get("arrays", "users") in ("all", which) else text

    def one_of(self, pool, missing=0.1):
        """A member of a pool as JSON; sometimes none, or one of the ways to write none."""
        if self.rng.random() < missing:
            return self.rng.choice([None, '""', "null", '""'])
        return self.rng.choice(pool)

    def number(self, pool):
        text = self.one_of(pool)
        if self.way.get("numbers") == "string" and text not in (None, "null") and text[0] != '"':
            text = f'"{text}"'
        return text

    def serial(self, i):
        choice = self.rng.random()
        if choice < 0.06:
            return self.rng.choice([None, '""', '"s-0007"', '"S-0003 "', '" S-0003"'])
        if choice < 0.2:
            i = self.rng.randrange(30)
        return f'"S-{i:04d}"'

    def data(self, i):
        rng = self.rng
        owners = [f'"u-{rng.randrange(4)}"' for _ in range(rng.randrange(3))]
        labels = [str(4400 + rng.randrange(5)) for _ in range(rng.randrange(4))]
        day = EPOCH + rng.randrange(30) * 21600
        made = {
            "serialNo": self.serial(i),
            "text_1": self.one_of([quoted(name) for name in NAMES]),
            "text_8": self.one_of([quoted(tag) for tag in TAGS]),
            "text_46": self.one_of(FLAGS),
            "text_5": self.one_of([quoted(memo) for memo in MEMOS], 0.5),
            "num_1": self.number(PRICES),
            "num_2": self.number(AMOUNTS),
            "num_3": self.number([str(self.first_id + rng.randrange(max(1, i)))] * 2 + ["0"]) if i else "0",
            "date_5": rng.choice([self.time(day)] * 6 + ["0", '""', None]),
            "creatorId": quoted(rng.choice(CREATORS)),
            "ownerId": rng.choice([self.array(owners, "users")] * 4 + [None]),
            "array_31": rng.choice([self.array(labels, "all")] * 4 + [None]),
            "address_1": f'{{"city":{quoted(rng.choice(CITIES))},"n":{rng.randrange(3)}}}',
        }
        for attr, pool in self.way.get("odd", {}).items():
            if rng.random() < 0.45:
                made[attr] = rng.choice(pool)
        return made

    def __iter__(self):
        """The records, as the text of a JSON object each."""
        rng = self.rng
        for i in range(self.count):
            add = EPOCH + rng.randrange(24) * 21600 + rng.randrange(2)
            update = add + rng.choice([0, 0, 1, 60, 86400, 7 * 86400])
            data = ",".join(f'"{name}":{value}' for name, value in self.data(i).items() if value is not None)
            times = f'"addTime":{self.stamp(add)},"updateTime":{self.stamp(update)},'
            if self.way.get("no_times") and i % 13 == 5:
                times = rng.choice(["", '"addTime":0,"updateTime":0,'])
            text = f'{{"dataId":{self.first_id + i},"formId":{self.form_id},{times}"data":{{{data}}}}}'
            if self.way.get("ascii"):
                text = re.sub(r"[^\x00-\x7f]", lambda found: json.dumps(found[0])[1:-1], text)
            yield text


def plain(value):
    """A value of a record as the text that a column shows, roughly; None for none."""
    if value in (None, ""):
        return None
    return value if isinstance(value, str) else json.dumps(value)


def witnesses(records):
    """Of each record attr -> text, to draw values from that are met."""
    found = []
    for text in records:
        record = json.loads(text, parse_int=str, parse_float=str)
        found.append({name: plain(value) for name, value in {**record, **record["data"]}.items() if name != "data"})
    return found
