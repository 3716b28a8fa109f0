#!/usr/bin/env bash
# croniter 7.0.0 has a job that runs once a day, at 2:30 (`30 2 * * *`), run twice on the day when the clock goes back in Berlin: at 2:30 of summer time and
# at 2:30 an hour later, as a yearly job on that day would. `cron` itself runs such jobs once. When the clock goes forward it runs at 3:00, and `15 * * * *`
# on Lord Howe Island, where 2:00 to 2:30 is left out, does not run at all in that hour. Guess: once a day.
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
packages croniter==7.0.0
cat >days.py <<'PY'
from datetime import datetime
from zoneinfo import ZoneInfo

from croniter import croniter


def runs(expression, start, zone, count):
    times = croniter(expression, datetime(*start, tzinfo=ZoneInfo(zone)))
    return [times.get_next(datetime).strftime('%d %H:%M %z') for _ in range(count)]


print(*runs('30 2 * * *', (2024, 10, 26), 'Europe/Berlin', 4), sep=', ')
print(*runs('30 2 27 10 *', (2024, 10, 26), 'Europe/Berlin', 2), sep=', ')
print(*runs('30 2 * * *', (2024, 3, 30), 'Europe/Berlin', 3), sep=', ')
print(*runs('15 * * * *', (2024, 10, 6, 0, 30), 'Australia/Lord_Howe', 3), sep=', ')
PY
python days.py >seen
expect 'October, daily' "$(sed -n 1p seen)" '26 02:30 +0200, 27 02:30 +0200, 27 02:30 +0100, 28 02:30 +0100'
expect 'October, yearly' "$(sed -n 2p seen)" '27 02:30 +0200, 27 02:30 +0100'
expect 'March, daily' "$(sed -n 3p seen)" '30 02:30 +0100, 31 03:00 +0200, 01 02:30 +0200'
expect 'Lord Howe, hourly' "$(sed -n 4p seen)" '06 01:15 +1030, 06 03:15 +1100, 06 04:15 +1100'
