#!/usr/bin/env python3
"""The usual way to copy a list, as integration platforms and tutorials do it: page 1, 2, 3 ... until a page is empty;
then, every few minutes, what has changed since the last run, with an hour of overlap.

    usual_way.py COPY.json     one run; the first makes the copy

XBB_CORPID, XBB_TOKEN and XBB_BASE_URL say whose list and where.
"""
import hashlib
import json
import os
import sys
import time
import urllib.request

corpid, token, url = (os.environ[name] for name in ("XBB_CORPID", "XBB_TOKEN", "XBB_BASE_URL"))


def page(number, conditions):
    body = json.dumps({"corpid": corpid, "page": number, "pageSize": 100, "conditions": conditions},
                      separators=(",", ":")).encode()
    headers = {"Content-Type": "application/json", "sign": hashlib.sha256(body + token.encode()).hexdigest()}
    request = urllib.request.Request(url + "/pro/v2/api/product/list", body, headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        answer = json.load(response)
    if answer["code"] != 1:
        sys.exit(f"{answer['code']}: {answer['msg']}")
    return answer["result"]["list"]


copy = {"last_sync": None, "records": {}}
if os.path.exists(sys.argv[1]):
    with open(sys.argv[1], encoding="utf-8") as file:
        copy = json.load(file)

now, number, conditions = int(time.time()), 1, []
if copy["last_sync"] is not None:
    conditions = [{"attr": "updateTime", "symbol": "greaterequal", "value": [copy["last_sync"] - 3600]}]
while rows := page(number, conditions):
    copy["records"].update((str(row["dataId"]), row) for row in rows)
    number += 1
copy["last_sync"] = now

with open(sys.argv[1], "w", encoding="utf-8") as file:
    json.dump(copy, file)
