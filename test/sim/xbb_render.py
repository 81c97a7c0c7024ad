"""The bytes of generated records."""
import time

from .clock import EPOCH, SHANGHAI, shanghai_day
from .exact_json import ascii_only, json_string

KINDS = ["角磨机", "冲击钻", "电锤", "扳手套装", "激光水平仪", "砂轮片", "切割机", "热风枪", "空压机", "千斤顶", "卷尺", "工具箱"]
BRANDS = ["东成", "博世", "得力", "世达", "牧田", "大有"]
COLOURS = ["红色", "蓝色", "黑色", "银灰"]
CITIES = [("浙江省", "杭州市", "滨江区"), ("江苏省", "苏州市", ""), ("广东省", "深圳市", "南山区"), ("上海市", "上海市", "")]
WORDS = ["现货", "包邮", "质保一年", "工业级", "可开专票", "样品", "定制", "停产替代"]


def mix(n):
    """splitmix64: a number's own random bits."""
    n = (n * 0x9E3779B97F4A7C15 + 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    n = ((n ^ n >> 30) * 0xBF58476D1CE4E5B9) & 0xFFFFFFFFFFFFFFFF
    n = ((n ^ n >> 27) * 0x94D049BB133111EB) & 0xFFFFFFFFFFFFFFFF
    return n ^ n >> 31


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
