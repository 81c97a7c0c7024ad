"""What the usual tutorial tells one to run: read the list page by page, clean it, write it with psycopg2.

    tutorial.py row|values URL CORPID TOKEN

"row" executes an INSERT a record, as the tutorial does, "values" uses execute_values.  The tutorial's three columns
have become the seven that are measured.  Prints the CPU seconds of the server's process.
"""

import hashlib
import json
import sys
import urllib.request
from datetime import datetime, timezone

import psycopg2
import psycopg2.extras

mode, url, corpid, token = sys.argv[1:]

COLUMNS = "data_id, serial_no, update_time, add_time, name, price, owners"


def fetch(page):
    body = json.dumps({"corpid": corpid, "page": page, "pageSize": 100}, separators=(",", ":")).encode()
    sign = hashlib.sha256(body + token.encode()).hexdigest()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json", "sign": sign})
    with urllib.request.urlopen(request) as response:
        return json.loads(response.read(), parse_float=str, parse_int=str)["result"]


def clean_data(items):
    cleaned_data = []
    for item in items:
        data = item["data"]
        cleaned_data.append({
            "dataId": item["dataId"],
            "serialNo": data["serialNo"],
            "updateTime": datetime.fromtimestamp(int(item["updateTime"]), timezone.utc),
            "addTime": datetime.fromtimestamp(int(item["addTime"]), timezone.utc),
            "name": data["text_1"],
            "price": data["num_1"],
            "owners": json.loads(data["ownerId"]),
        })
    unique_data = {item["serialNo"]: item for item in cleaned_data}.values()
    return list(unique_data)


def write_to_db(cleaned_data, db_connection):
    cursor = db_connection.cursor()
    rows = [tuple(item.values()) for item in cleaned_data]
    if mode == "values":
        psycopg2.extras.execute_values(cursor, f"INSERT INTO target ({COLUMNS}) VALUES %s", rows,
                                       template="(%s, %s, %s, %s, %s, %s::numeric, %s)")
    else:
        for row in rows:
            cursor.execute(f"INSERT INTO target ({COLUMNS}) VALUES (%s, %s, %s, %s, %s, %s, %s)", row)
    db_connection.commit()


def main():
    connection = psycopg2.connect("")
    page = 1
    while True:
        result = fetch(page)
        write_to_db(clean_data(result["list"]), connection)
        if page >= int(result["totalPage"]):
            break
        page += 1
    with open(f"/proc/{connection.get_backend_pid()}/schedstat", encoding="ascii") as file:
        print(int(file.read().split()[0]) / 1e9)


main()
