"""The conditions of a request: read, checked, compared with a value."""
import re
from decimal import Decimal

from .exact_json import Num, compact, decimal, dump, parse
from .xbb_answer import BadRequest

TIME_MAX = (1 << 41) - 1        # ms; later times are sorted as this one
SEEN = {"equal", "in", "noin", "greaterequal", "lessequal", "range", "like", "empty"}
UNSEEN = {"noequal", "noempty", "greaterthan", "lessthan", "notlike", "include", "noinclude", "allinclude", "between"}
KNOWN_ATTR = re.compile(r"(text|num|date|array|file|address|subForm|geo|long)_\d+$")
ITEM_ATTRS = {"dataId", "formId", "addTime", "updateTime"}
OTHER_ATTRS = {"serialNo", "creatorId", "ownerId", "coUserId", "departmentId"} | ITEM_ATTRS
ARRAY_LIKE = re.compile(r"(ownerId|coUserId|array_\d+|file_\d+)$")


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
