"""Lists of items without times: users, departments and the like."""
import json

from .clock import EPOCH
from .exact_json import compact, decimal, parse
from .xbb_condition import TIME_MAX
from .xbb_objects import FLAT, list_numbers
from .xbb_render import WORDS, mix

SURNAMES, GIVEN = "王李张刘陈杨赵黄周吴", ["伟", "芳", "敏", "静", "丽", "强", "磊", "洋"]


class FlatList:
    """Users, departments and the like: flat items without times."""

    def __init__(self, tenant, kind, args):
        self.key, self.tenant, self.kind = next(list_numbers), tenant, kind
        self.path, self.list_key, self.id_key, self.paged = FLAT[kind]
        self.version, self.marked = 0, False
        count, default = args.pop("records", None), {"user": 60, "department": 9, "role": 5, "signIn": 40, "label": 4,
                                                     "category": 4, "workOrderProduct": 12, "workOrderLog": 12}[kind]
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

    @staticmethod
    def make_workOrderProduct(n, h, revision):
        return {"id": 8000 + n, "dataId": 51_200_001 + n % 3, "productId": 51_200_001 + h % 20, "num": 1 + n % 4 + revision,
                "price": 10 + h % 90}

    @staticmethod
    def make_workOrderLog(n, h, revision):
        return {"id": 8500 + n, "dataId": 51_200_001 + n % 3, "userId": f"u-{h % 60:04d}", "memo": WORDS[h % 8],
                "addTime": EPOCH - 3600 * n}

    def select(self, body):
        """The rows that a request's own filters leave (section 8)."""
        rows = list(self.items.values())
        if self.kind == "signIn":
            low, high = decimal(body.get("startAddTime")), decimal(body.get("endAddTime"))
            if low is not None or high is not None:
                rows = [r for r in rows if (low or 0) <= decimal(parse(r).get("addTime")) <= (high or TIME_MAX)]
        if self.kind.startswith("workOrder"):
            rows = [r for r in rows if parse(r)["dataId"] == str(body.get("dataId"))]
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
