#!/usr/bin/env python3
"""Checks finished quizzes against the API contract and against the texts they were made from.

Shares no code with the product and needs nothing but Python 3.9. A case is a JSON object

    {"pages": [{"number": n or null, "text": "…"}], "questions": [question with its answers, …]}

and may also hold `name` (said in reports), `asked` (`{"count": n, "types": […]}`), and `forbidden` (texts that must
stand in no question). Pages without a number are those of a plain text. A file holds one case, a list of cases, or a
case a line. Prints counts by kind of violation; the exit status is 1 when there are any, 2 when a file is unreadable.
"""

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import proof
import schema
import self_test
import texts


def violations(case):
    """Every violation in a case, as (kind, id of the question or "", detail)."""
    questions = case["questions"]
    if not isinstance(questions, list):
        return [("schema.questions", "", "not a list")]
    found = []
    for question in questions:
        name = question.get("id") if isinstance(question, dict) else None
        name = name if isinstance(name, str) else "?"
        flaws = list(schema.flaws(question))
        # What is not well-formed cannot be held against its source.
        if not flaws:
            flaws += proof.flaws(question, case["pages"])
            flaws += texts.flaws(question, case.get("forbidden", ()))
        found += [(kind, name, detail) for kind, detail in flaws]
    found += [(kind, "", detail) for kind, detail in texts.repetitions(questions)]
    found += [(kind, "", detail) for kind, detail in unasked(questions, case.get("asked", {}))]
    return found


def unasked(questions, asked):
    types = asked.get("types")
    for question in questions:
        kind = question.get("type") if isinstance(question, dict) else None
        if types and kind not in types:
            yield "asked.type", f"{kind!r} was not asked for"
    if "count" in asked and len(questions) > asked["count"]:
        yield "asked.count", f"{len(questions)} questions, {asked['count']} asked for"


def cases(path):
    """The cases of a file."""
    text = path.read_text(encoding="utf-8")
    try:
        read = json.loads(text)
        return read if isinstance(read, list) else [read]
    except ValueError:
        # Not `splitlines`, which also splits at characters that JSON texts may hold.
        return [json.loads(line) for line in text.split("\n") if line.strip()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="cases to check")
    parser.add_argument("--self-test", action="store_true", help="check the checker")
    parser.add_argument("--show", type=int, default=20, metavar="N", help="violations to print in full (20)")
    options = parser.parse_args()
    if options.self_test:
        return self_test.run(violations)
    if not options.files:
        parser.error("no files")

    counts, questions, seen, shown = Counter(), 0, 0, 0
    for path in options.files:
        try:
            for case in cases(path):
                seen += 1
                questions += len(case["questions"])
                for kind, name, detail in violations(case):
                    counts[kind] += 1
                    if shown < options.show:
                        shown += 1
                        print(f"{path.name}: {case.get('name', f'case {seen}')} {name}: {kind}: {detail}"[:500])
        except (OSError, ValueError, KeyError, TypeError) as problem:
            print(f"{path}: not readable as cases: {problem!r}", file=sys.stderr)
            return 2
    for kind, count in sorted(counts.items()):
        print(f"{count:6} {kind}")
    print(f"{seen} quizzes, {questions} questions, {sum(counts.values())} violations")
    return 1 if counts else 0


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")
    sys.exit(main())
