#!/usr/bin/env python3
"""Records the document's examples: calls every route as its owner, over the embedded server, and keeps what was sent
and answered. Run it after routes or their answers have changed."""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "api" / "src" / "openapi" / "examples.json"

# What differs each time, and what stands for it.
ID = re.compile(r"\b[0-9a-f]{24}\b")
JOB_ID = re.compile(r"\b[0-7][0-9A-HJKMNP-TV-Z]{25}\b")
PLAIN = [
    (re.compile(r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"), "2026-11-22T12:00:00.000Z"),
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI2NzQ1In0.c2lnbmF0dXJl"),
    (re.compile(r"\b[0-9a-f]{40}\b"), "6745c1f0a1b2c3d4e5f60718293a4b5c6d7e8f90"),
    (re.compile(r"\b(learner|new)-\d+-\d+\b"), "ada"),
    (re.compile(r"\bmailed-\d+-\d+\b"), "5f0c9d1e7b3a48269e4fd2a1c6b80375"),
    (re.compile(r"http://127\.0\.0\.1:\d+|http://localhost:\d+"), "https://study.example.org"),
]
UNDOCUMENTED = ["GET /openapi.json"]
# A week is shown whole, of longer lists the beginning.
WEEK = 7
BEGINNING = 2
LONGEST_TEXT = 400


class Calmer:
    """Replaces what differs each time, the same by the same within one example."""

    def __init__(self):
        self.ids = {}

    def one(self, form):
        return lambda found: self.ids.setdefault(found.group(), form.format(len(self.ids) + 1))

    def text(self, text):
        text = ID.sub(self.one("6745c1f0a1b2c3d4e5f6{:04}"), text)
        text = JOB_ID.sub(self.one("01JDGKT5V0ZX3N8Q6Y2W4R{:04}"), text)
        for pattern, calm in PLAIN:
            text = pattern.sub(calm, text)
        return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT].rsplit(" ", 1)[0]

    def value(self, value):
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list) and all(isinstance(item, (int, float)) for item in value):
            return value
        if isinstance(value, list):
            return [self.value(item) for item in (value if len(value) == WEEK else value[:BEGINNING])]
        if isinstance(value, dict):
            return {self.text(name): self.value(item) for name, item in value.items()}
        return value


def example(call):
    calmer = Calmer()
    made = {"status": call["status"], "response": calmer.value(call["response"])}
    if call["request"] is not None:
        made["request"] = calmer.value(call["request"])
    return made


def main():
    with tempfile.TemporaryDirectory() as folder:
        recorded = Path(folder) / "calls.json"
        tests = ["cargo", "test", "--workspace", "--test", "http", "--"]
        case = ["--exact", "authorization::embedded::everybody_is_answered_as_the_table_says"]
        # Where the harness finds the API without being told.
        subprocess.run(["cargo", "build", "--workspace", "--bins"], cwd=ROOT, check=True)
        subprocess.run(tests + case, cwd=ROOT, check=True, env={**os.environ, "SMARTSTUDY_RECORD": str(recorded)})
        calls = json.loads(recorded.read_text())
    told = {
        call["route"]: example(call)
        for call in calls
        if 200 <= call["status"] < 300
        and call["route"] not in UNDOCUMENTED
        and (call["type"].startswith("application/json") or call["request"])
    }
    EXAMPLES.write_text(json.dumps(told, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    print(f"{len(told)} examples are in {EXAMPLES.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
