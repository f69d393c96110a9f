#!/usr/bin/env python3
"""Reads study plans as iCalendar with two parsers from another world, over the running server in SMARTSTUDY_URL."""

import json
import os
import re
import sys
import urllib.request
from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import icalendar
import vobject

URL = os.environ["SMARTSTUDY_URL"]
ZONE = "America/New_York"
AWKWARD = 'Analysis; "II", C:\\new — 漢字 🦀\r\nand a second line'


def call(method, path, body=None, token=None, **headers):
    request = urllib.request.Request(URL + path, method=method)
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    for name, value in headers.items():
        request.add_header(name, value)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(request, timeout=150) as answer:
        return answer.read(), answer.headers


def told(*arguments, **more):
    return json.loads(call(*arguments, **more)[0])


def make_plan(token):
    exam = date.today() + timedelta(days=45)
    ask = {
        "subjects": [
            {"name": AWKWARD, "topic": "x" * 200, "difficulty": "hard", "priority": "high"},
            {"name": "Art, and its history", "difficulty": "easy", "priority": "low"},
        ],
        "dailyStudyHours": 3,
        "examDate": exam.isoformat(),
        "goals": "ü" * 500,
        # From nine o'clock on it would end after midnight.
        "availability": {"saturday": 24, "sunday": 0},
    }
    plan = told("POST", f"/planner/generate?tz={ZONE}", ask, token, Prefer="wait=100")
    tasks = [task for day in plan["days"] for task in day["tasks"] if task["type"] != "break"]
    told("PATCH", f"/planner/plans/{plan['id']}/tasks/{tasks[0]['id']}", {"completed": True}, token)
    return told("GET", f"/planner/plans/{plan['id']}", token=token)


def work_of(plan):
    return [(day["date"], task) for day in plan["days"] for task in day["tasks"] if task["type"] != "break"]


def summary(task):
    return ("✓ " if task["completed"] else "") + task["title"]


def clean(text):
    return text.replace("\r\n", "\n")


def check_lines(raw):
    assert raw.endswith(b"\r\n") and b"\n" not in raw.replace(b"\r\n", b""), "every line ends with CRLF"
    for line in raw.split(b"\r\n"):
        assert len(line) <= 75, line
        line.decode()


def check_events(events, plan):
    """`events` are (uid, start, end, summary, description), by any parser."""
    work = work_of(plan)
    assert len(events) == len(work) + 1, (len(events), len(work))
    assert len({event[0] for event in events}) == len(events), "no two events have the same UID"
    zone, ends = ZoneInfo(ZONE), {}
    made = datetime.fromisoformat(plan["createdAt"].replace("Z", "+00:00")).astimezone(zone)
    for (day, task), (uid, start, end, text, description) in zip(work, events):
        assert uid.startswith(task["id"] + "."), (uid, task)
        assert clean(text) == clean(summary(task)), (text, task)
        assert clean(description or "") == clean(task["description"]), (description, task)
        assert end - start == timedelta(minutes=task["estimatedDuration"]), task
        local = start.astimezone(zone)
        assert local.date().isoformat() == day, (local, day)
        assert start >= ends.get(day, start), "tasks of a day do not overlap"
        next_day = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), zone)
        assert end.astimezone(zone) <= next_day
        nine, minutes = next_day - timedelta(hours=15), sum(t["estimatedDuration"] for d, t in work if d == day)
        first = max(nine, made) if made.date().isoformat() == day else nine
        if day not in ends and next_day - first - timedelta(minutes=minutes) > timedelta(hours=3):
            assert first <= local < first + timedelta(minutes=5), local
        ends[day] = end
    exam = events[-1]
    assert exam[1].isoformat()[:10] == plan["examDate"] and exam[2] - exam[1] == timedelta(days=1), exam


def with_icalendar(raw, plan):
    calendar = icalendar.Calendar.from_ical(raw)
    assert not calendar.errors and calendar["VERSION"] == "2.0" and str(calendar["PRODID"])
    for name in ["NAME", "X-WR-CALNAME"]:
        # Not known to it as texts, so it leaves their escapes.
        title = re.sub(r"\\(.)", lambda found: "\n" if found[1] in "nN" else found[1], str(calendar[name]))
        assert title == clean(plan["title"]), calendar[name]
    events = list(calendar.walk("VEVENT"))
    for event in events:
        assert not event.errors, event.errors
        for name in ["DTSTAMP", "LAST-MODIFIED", "CREATED"]:
            assert event[name].dt.tzinfo == timezone.utc or event[name].dt.utcoffset() == timedelta(0), name
        assert event["STATUS"] == "CONFIRMED" and event["TRANSP"] in ("OPAQUE", "TRANSPARENT")
    done = [event for event in events if event["TRANSP"] == "TRANSPARENT"]
    assert len(done) == 2, "the one that is done, and the exam"
    check_events(
        [
            (str(event["UID"]), event["DTSTART"].dt, event["DTEND"].dt, str(event["SUMMARY"]), event.get("DESCRIPTION"))
            for event in events
        ],
        plan,
    )
    again = icalendar.Calendar.from_ical(calendar.to_ical())
    assert again == calendar, "it survives being written again"


def with_vobject(raw, plan):
    calendar = vobject.readOne(raw.decode())
    calendar.validate(raiseException=True)
    events = calendar.vevent_list
    for event in events:
        event.validate(raiseException=True)
    check_events(
        [
            (
                event.uid.value,
                event.dtstart.value,
                event.dtend.value,
                event.summary.value,
                event.description.value if hasattr(event, "description") else None,
            )
            for event in events
        ],
        plan,
    )


def main():
    guest = told("POST", "/auth/guest")["accessToken"]
    told("PUT", "/users/me", {"preferences": {"timeZone": ZONE}}, guest)
    plan = make_plan(guest)
    raw, headers = call("GET", f"/planner/plans/{plan['id']}/calendar.ics", token=guest)
    assert headers["Content-Type"] == "text/calendar; charset=utf-8", headers["Content-Type"]
    feed = plan["feedUrl"]
    public, _ = call("GET", feed[feed.index("/planner/") :])
    assert public == raw, "the feed is the same calendar"
    check_lines(raw)
    with_icalendar(raw, plan)
    with_vobject(raw, plan)
    print(f"calendar: {len(work_of(plan))} tasks, {len(raw)} bytes, read by icalendar and vobject")


if __name__ == "__main__":
    sys.exit(main())
