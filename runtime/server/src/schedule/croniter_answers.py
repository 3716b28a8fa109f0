"""Writes croniter.json: what croniter answers for cron expressions with seconds. `python croniter_answers.py > croniter.json`, croniter 6.0.0.

Only what both agree on by their documentation: croniter has the seconds last, and takes day of month and weekday together as cron does.
"""
import datetime
import json
import zoneinfo

from croniter import croniter

CRONS = [
    "0 0 9 ? * MON-FRI", "0 */5 * * * *", "30 15 10 * * *", "0 0 0 1 * *", "0 0 12 15 1,4,7,10 *", "0 0 0 1 1 *",
    "*/20 * * * * *", "0 0 8-18/2 * * *", "0 59 23 31 * *", "0 0 6 * * SUN", "0 0 0 13 * FRI", "0 30 4 1,15 * 5",
    "5,10,15 0 0 * * *", "0 10-20/3 3 * FEB *", "0 0 0 29 2 *", "0 0 22 ? * TUE,THU", "15 14 1 * * *", "0 0 0 28-31 * *",
]
STARTS = ["2024-01-31T22:59:59", "2024-02-28T12:00:00", "2025-06-15T09:00:00", "2025-12-31T23:59:59"]
ZONES = ["UTC", "Asia/Tokyo"]


def utc(time):
    return time.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


cases = []
for cron in CRONS:
    second, rest = cron.replace("?", "*").split(" ", 1)
    for start in STARTS:
        for zone in ZONES:
            begin = datetime.datetime.fromisoformat(start).replace(tzinfo=zoneinfo.ZoneInfo(zone))
            times = croniter(f"{rest} {second}", begin, second_at_beginning=False)
            following = [utc(times.get_next(datetime.datetime)) for _ in range(4)]
            cases.append({"cron": cron, "zone": zone, "after": utc(begin), "next": following})
print("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]")
