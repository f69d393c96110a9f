#!/usr/bin/env python3
"""Reads hostile and damaged PDFs with `smartstudy-worker extract`, each in a process of its own, and checks how each ends.

usage: hostile.py WORKER [--flips N] [--seed N] [--seconds N] [--megabytes N] [--only own|shared|flipped]
Files: a few of our own, those of ../shared/pdf/make_hostile.py when it is there, and N copies of the fixtures (and of the corpus, when
made) with random bytes changed. Each must end with a status of the documents (text, scan, encrypted, notpdf, damaged, too_complex) within
the time, in seconds of wall clock, and the resident memory; address space is limited by the worker itself. Exit status 1 if one does not.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter

import flip
from make_corpus import CACHE

HERE = pathlib.Path(__file__).resolve().parent
SHARED = HERE.parents[2] / "shared" / "pdf" / "make_hostile.py"
TYPED = {"text", "scan", "encrypted", "notpdf", "damaged", "too_complex"}


def pdf(objects, root=1):
    """A document of `objects` (number -> bytes)."""
    out, places = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        places[number] = len(out)
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (max(places) + 1)
    for number in range(1, max(places) + 1):
        out += b"%010d 00000 n \n" % places.get(number, 0)
    return bytes(out + b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (max(places) + 1, root, start))


def stream(data, extra=b""):
    return b"<</Length %d%b>>\nstream\n%b\nendstream" % (len(data), extra, data)


def one_page(content, font=b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>", more=None, resources=b""):
    objects = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>" + resources + b">>>>",
        4: content,
        5: font,
    }
    return pdf(objects | (more or {}))


def own():
    """(name, bytes) of hostile documents."""
    packed = zlib.compress(bytes(200 << 20), 9)
    yield "bomb", one_page(stream(packed, b"/Filter/FlateDecode"))
    yield "bomb_twice", one_page(stream(zlib.compress(packed, 9), b"/Filter[/FlateDecode/FlateDecode]"))
    text = zlib.compress(b"BT /F 9 Tf 9 9 Td " + b"(study) Tj " * 4_000_000 + b"ET", 9)
    yield "endless_text", one_page(stream(text, b"/Filter/FlateDecode"))
    yield "deep_arrays", one_page(stream(b"BT ET"), font=b"[" * 200_000 + b"]" * 200_000)
    yield "deep_content", one_page(stream(b"[" * 500_000 + b"BT" + b"q " * 500_000))
    form = stream(b"/X Do /X Do", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>")
    yield "form_in_itself", one_page(stream(b"/X Do"), more={6: form}, resources=b"/XObject<</X 6 0 R>>")
    forms = {n: stream(b"/X Do " * 10, b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X %d 0 R>>>>" % (n + 1)) for n in range(6, 30)}
    yield "forms_of_forms", one_page(stream(b"/X Do"), more=forms, resources=b"/XObject<</X 6 0 R>>")
    yield "pages_in_a_ring", pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Kids[3 0 R 2 0 R]/Count 2000000000>>", 3: b"<</Type/Pages/Kids[2 0 R]/Count 9>>"})
    yield "a_million_pages", pdf({1: b"<</Type/Catalog/Pages 2 0 R>>", 2: b"<</Type/Pages/Count 1000000/Kids[" + b"3 0 R " * 1_000_000 + b"]>>", 3: b"<</Type/Page/MediaBox[0 0 9 9]>>"})
    wide = b"1 begincodespacerange <0000> <FFFF> endcodespacerange 1 beginbfrange <0000> <FFFF> <" + b"0041" * 30_000 + b"> endbfrange"
    font = b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/ToUnicode 6 0 R/DescendantFonts[<</Type/Font/Subtype/CIDFontType2/BaseFont/A>>]>>"
    yield "text_out_of_nothing", one_page(stream(b"BT /F 9 Tf <" + b"0041" * 50_000 + b"> Tj ET"), font=font, more={6: stream(wide)})
    names = b"".join(b"/a%d" % n for n in range(200_000))
    type3 = b"<</Type/Font/Subtype/Type3/FontMatrix[1e38 0 0 1e38 0 0]/FirstChar 0/Widths[" + b"1e38 " * 100_000 + b"]/Encoding<</Differences[-9223372036854775808 " + names + b"]>>/CharProcs<<>>>>"
    yield "type3_out_of_range", one_page(stream(b"BT /F 1e30 Tf (abc) Tj ET"), font=type3)
    yield "reference_to_itself", one_page(b"4 0 R")
    yield "huge_numbers", one_page(stream(b"BT /F 99999999999999999999 Tf 1e308 1e308 Td (x) Tj -1e308 Tc (y) Tj ET"))


def measure(worker, path, out):
    """The status of `path`, seconds and resident megabytes of the worker and its child."""
    started = time.monotonic()
    process = subprocess.Popen([worker, "extract", str(path), "--out", str(out)], stderr=subprocess.DEVNULL)
    _, code, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(code)
    took = time.monotonic() - started
    status = (out / "status.tsv").read_text("utf8").split("\t")[-1].strip() if process.returncode == 0 else f"exit {process.returncode}"
    return status, took, usage.ru_maxrss / 1024


def main():
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("worker")
    asked.add_argument("--flips", type=int, default=500)
    asked.add_argument("--seed", type=int, default=4)
    asked.add_argument("--seconds", type=float, default=15)
    asked.add_argument("--megabytes", type=float, default=512)
    asked.add_argument("--only", choices=["own", "shared", "flipped"])
    asked = asked.parse_args()
    bad = []
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        groups = {group: folder / group for group in ("own", "shared", "flipped")}
        for place in (*groups.values(), folder / "out"):
            place.mkdir()
        for name, data in own():
            (groups["own"] / f"{name}.pdf").write_bytes(data)
        if SHARED.exists():
            subprocess.run([sys.executable, str(SHARED), str(groups["shared"])], check=True, stdout=subprocess.DEVNULL)
        sources = [*(HERE.parent / "fixtures" / "pdf").glob("*.pdf"), *CACHE.glob("*.pdf")]
        flip.write(groups["flipped"], asked.flips, asked.seed, [path for path in sources if path.stat().st_size])
        for group, place in groups.items():
            if asked.only not in (None, group):
                continue
            results = [(path.name, *measure(asked.worker, path, folder / "out")) for path in sorted(place.iterdir()) if path.is_file()]
            if not results:
                continue
            slowest, largest = max(results, key=lambda one: one[2]), max(results, key=lambda one: one[3])
            print(f"{group}: {len(results)} files", *(f"{status} {count}" for status, count in Counter(one[1] for one in results).most_common()))
            print(f"  slowest {slowest[2]:.2f} s {slowest[0]} ({slowest[1]}), largest {largest[3]:.0f} MB {largest[0]} ({largest[1]})")
            bad += [one for one in results if one[1] not in TYPED or one[2] > asked.seconds or one[3] > asked.megabytes]
    for name, status, seconds, megabytes in bad:
        print(f"  BAD {name}: {status} {seconds:.1f} s {megabytes:.0f} MB")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
