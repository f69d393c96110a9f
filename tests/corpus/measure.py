#!/usr/bin/env python3
"""Measures the local generator on the documents that fetch.py fetched.

Runs `smartstudy-worker quiz` twice over all of them: multiple choice only, enough of it for the statistics of the
key's place, and every kind. Prints a table in Markdown. Shares no code with the product; what it does not check
itself, ../checker does. The exit status is 1 when a figure misses its target.
"""

import argparse
import collections
import csv
import json
import math
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = HERE.parent / ".cache"
KINDS = "multiple_choice,multiple_select,true_false,short_answer,cloze,numeric,matching,ordering"
ALIKE = 0.8


def chi_square_tail(statistic, freedom):
    """P(X >= statistic) of a chi-square distribution: the regularized upper incomplete gamma function."""
    a, x = freedom / 2, statistic / 2
    if x <= 0:
        return 1.0
    log_front = a * math.log(x) - x - math.lgamma(a)
    if x < a + 1:
        term = total = 1 / a
        n = a
        while term > total * 1e-15:
            n += 1
            term *= x / n
            total += term
        return 1 - total * math.exp(log_front)
    b, c, d = x + 1 - a, 1e300, 1 / (x + 1 - a)
    h = d
    for i in range(1, 10_000):
        an = -i * (i - a)
        b += 2
        d = 1 / (an * d + b)
        c = b + an / c
        h *= d * c
        if abs(d * c - 1) < 1e-14:
            break
    return h * math.exp(log_front)


def uniform(counts):
    mean = sum(counts) / len(counts)
    return chi_square_tail(sum((count - mean) ** 2 / mean for count in counts), len(counts) - 1)


def independent(table):
    rows = [sum(row) for row in table]
    columns = [sum(column) for column in zip(*table)]
    total = sum(rows)
    statistic = sum(
        (table[i][j] - rows[i] * columns[j] / total) ** 2 / (rows[i] * columns[j] / total)
        for i in range(len(rows))
        for j in range(len(columns))
    )
    return chi_square_tail(statistic, (len(rows) - 1) * (len(columns) - 1))


def run(worker, files, out, *options):
    out.mkdir(parents=True, exist_ok=True)
    command = [worker, "quiz", *files, "--out", out, *options]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    return {name: (int(made), int(refused), float(took)) for name, made, refused, took in (l.split("\t") for l in lines)}


def load(out, name):
    return json.loads((out / f"{name}.json").read_text(encoding="utf-8"))


def page_of(quiz, source):
    numbers = [page["number"] for page in quiz["pages"]]
    return numbers.index(source.get("page")) if source.get("page") in numbers else 0


def proven(quiz, question):
    source = question["source"]
    text = quiz["pages"][page_of(quiz, source)]["text"]
    return bool(source["quote"].strip()) and text[source["start"] : source["end"]] == source["quote"]


def covered(quiz):
    """Sections in which a quote begins, and all sections."""
    places = [(page_of(quiz, q["source"]), q["source"]["start"]) for q in quiz["questions"]]
    inside = lambda s, place: (s["page"], s["start"]) <= place < (s["endPage"], s["end"])
    return sum(any(inside(s, place) for place in places) for s in quiz["sections"]), len(quiz["sections"])


def shingles(question):
    said = json.dumps([question["question"], question["correctAnswer"]], ensure_ascii=False).lower()
    # What the generator always says is no likeness.
    said = re.sub(r"^[^“«„]*[“«„]", "", said) if re.search("[“«„]", said) else said
    said = re.sub(r"\W+", " ", said)
    return {said[i : i + 5] for i in range(max(1, len(said) - 4))}


def near_duplicates(questions):
    """Questions like an earlier one of their quiz."""
    seen, count = [], 0
    for question in questions:
        own = shingles(question)
        alike = any(len(own & other) >= ALIKE * len(own | other) for other in seen)
        count += alike
        seen.append(own)
    return count


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worker", default=ROOT / "target/release/smartstudy-worker", type=pathlib.Path)
    parser.add_argument("--out", default=CACHE / "quizzes", type=pathlib.Path)
    arguments = parser.parse_args()
    with open(HERE / "documents.tsv", newline="", encoding="utf-8") as table:
        languages = {row["name"]: row["language"] for row in csv.DictReader(table, delimiter="\t")}
    files = [CACHE / "corpus" / f"{name}.txt" for name in languages]

    choice, mixed = arguments.out / "choice", arguments.out / "mixed"
    runs = {
        choice: run(arguments.worker, files, choice, "--count", "100"),
        mixed: run(arguments.worker, files, mixed, "--count", "100", "--types", KINDS),
    }
    places, pairs = [0] * 4, [[0] * 4 for _ in range(4)]
    for name in languages:
        before = None
        for question in load(choice, name)["questions"]:
            place = question["options"].index(question["correctAnswer"])
            places[place] += 1
            if before is not None:
                pairs[before][place] += 1
            before = place

    print("| | multiple choice | all kinds | target |\n| --- | --- | --- | --- |")
    missed = []

    def row(title, figure, target, holds):
        figures = [figure(out) for out in runs]
        print(f"| {title} | {figures[0][1]} | {figures[1][1]} | {target} |")
        missed.extend(title for value, _ in figures if not holds(value))

    quizzes = {out: [load(out, name) for name in languages] for out in runs}
    total = {out: sum(len(quiz["questions"]) for quiz in quizzes[out]) for out in runs}
    row("documents", lambda out: (len(quizzes[out]), len(quizzes[out])), "100", lambda n: n >= 100)
    row("questions", lambda out: (total[out], total[out]), "≥ 4,000", lambda n: n >= 4_000)

    def proof(out):
        sound = sum(proven(quiz, question) for quiz in quizzes[out] for question in quiz["questions"])
        return sound == total[out], f"{100 * sound / total[out]:.2f} %"

    row("proven", proof, "100 %", bool)
    refused = lambda out: (sum(r for _, r, _ in runs[out].values()),) * 2
    row("refused by proof or linter after generation", refused, "0", lambda n: n == 0)

    def coverage(out):
        # A quiz with fewer questions than sections cannot reach all of them.
        counts = [covered(quiz) for quiz in quizzes[out] if len(quiz["sections"]) <= 100]
        share = sum(got for got, _ in counts) / sum(all for _, all in counts)
        return share, f"{100 * share:.1f} %"

    row("sections covered", coverage, "≥ 90 %", lambda share: share >= 0.9)

    def likeness(out):
        share = sum(near_duplicates(quiz["questions"]) for quiz in quizzes[out]) / total[out]
        return share, f"{100 * share:.2f} %"

    row("near-duplicates", likeness, "≤ 1 %", lambda share: share <= 0.01)

    def speed(out):
        rate = total[out] / sum(took for _, _, took in runs[out].values())
        return rate, f"{rate:,.0f}"

    row("questions per second", speed, "≥ 200", lambda rate: rate >= 200)
    even, free = uniform(places), independent(pairs)
    print(f"| key's place even, p ({' '.join(map(str, places))}) | {even:.3f} | | > .001 |")
    print(f"| key's place independent of the one before, p | {free:.3f} | | > .001 |")
    missed += ["even"] * (even <= 0.001) + ["independent"] * (free <= 0.001)

    print("\n| language | documents | words | multiple choice | all kinds | sections covered |\n| --- | --- | --- | --- | --- | --- |")
    for language in sorted(set(languages.values())):
        names = [name for name in languages if languages[name] == language]
        own = {out: [load(out, name) for name in names] for out in runs}
        words = sum(section["words"] for quiz in own[choice] for section in quiz["sections"])
        made = [sum(len(quiz["questions"]) for quiz in own[out]) for out in runs]
        got = [covered(quiz) for quiz in own[mixed]]
        share = sum(g for g, _ in got) / sum(a for _, a in got)
        print(f"| {language} | {len(names)} | {words:,} | {made[0]:,} | {made[1]:,} | {100 * share:.1f} % |")
    kinds = collections.Counter(q["type"] for quiz in quizzes[mixed] for q in quiz["questions"])
    print("\n" + ", ".join(f"{kind} {count:,}" for kind, count in kinds.most_common()))
    if missed:
        print("missed: " + ", ".join(missed))
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
