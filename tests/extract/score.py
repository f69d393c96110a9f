#!/usr/bin/env python3
"""Scores `smartstudy-worker extract` over the corpus of make_corpus.py, producer by producer.

usage: score.py WORKER [--worst N] [--reference]
--reference scores pdftotext in the worker's place. F1 and order (true words found in order) as in metric.py; usable: F1 of .9 or more.
"""
import argparse
import pathlib
import re
import subprocess
import tempfile
from statistics import mean

from make_corpus import CACHE
from metric import f1, in_order, words


def extract(worker, pdfs, out, reference):
    if not reference:
        subprocess.run([worker, "extract", *map(str, pdfs), "--out", str(out)], check=True)
        return
    for pdf in pdfs:
        subprocess.run(["pdftotext", str(pdf), str(out / f"{pdf.stem}.txt")], capture_output=True)


def row(name, scores):
    count = len(scores)
    return f"{name:20} {count:4}  {mean(s[1] for s in scores):.3f}  {mean(s[2] for s in scores):.3f}  {sum(s[1] >= 0.9 for s in scores) / count:.3f}"


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("worker")
    asked.add_argument("--worst", type=int, default=10)
    asked.add_argument("--reference", action="store_true")
    asked.add_argument("--keep", help="a folder for the extracted texts")
    asked = asked.parse_args()
    corpus = [line.split("\t") for line in (CACHE / "corpus.tsv").read_text().splitlines()]
    with tempfile.TemporaryDirectory() as folder:
        out = pathlib.Path(asked.keep or folder)
        out.mkdir(exist_ok=True)
        extract(asked.worker, [CACHE / f"{name}.pdf" for name, _ in corpus], out, asked.reference)
        by_producer, ligatures, hyphens = {}, 0, 0
        for name, producer in corpus:
            path = out / f"{name}.txt"
            raw = path.read_text("utf8") if path.exists() else ""
            truth, found = words((CACHE / f"{name}.truth.txt").read_text("utf8")), words(raw)
            ligatures += len(re.findall("[\ufb00-\ufb06]", raw))
            hyphens += len(re.findall(r"\w[-\u2010]\n\w", raw))
            by_producer.setdefault(producer, []).append((name, f1(found, truth), in_order(found, truth)))
    every = [score for scores in by_producer.values() for score in scores]
    print(f"{'producer':20} docs  F1     order  usable")
    for producer, scores in sorted(by_producer.items()):
        print(row(producer, scores))
    print(row("all", every), f" ligatures {ligatures}  hyphens {hyphens}")
    for name, found, order in sorted(every, key=lambda score: score[1])[: asked.worst]:
        print(f"  {found:.3f} {order:.3f} {name}")


if __name__ == "__main__":
    main()
