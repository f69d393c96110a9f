#!/usr/bin/env python3
"""Makes PDFs of known text by many producers into tests/.cache/extract/: NAME.pdf, NAME.truth.txt, corpus.tsv (name, producer).

usage: make_corpus.py [PREFIX…]   only the documents whose names start so; what is there already is kept.
Needs what the producers need (Chromium, TeX Live, LibreOffice, groff, Ghostscript, qpdf, poppler-utils; PyPI: weasyprint typst reportlab
fpdf2 pymupdf); a producer that is missing is reported and left out.
"""
import pathlib
import subprocess
import sys
import tempfile

import make_drawn
import make_html
import make_tex

CACHE = pathlib.Path(__file__).resolve().parent.parent / ".cache" / "extract"

# Programs that write anew what another producer wrote.
REWORK = {
    "ghostscript": ["gs", "-q", "-dBATCH", "-dNOPAUSE", "-sDEVICE=pdfwrite", "-sOutputFile={new}", "{old}"],
    "qpdf": ["qpdf", "--object-streams=generate", "--linearize", "{old}", "{new}"],
    "qpdf-encrypted": ["qpdf", "--encrypt", "", "owner", "256", "--", "{old}", "{new}"],
    "cairo": ["pdftocairo", "-pdf", "{old}", "{new}"],
    "rotated": ["qpdf", "--rotate=90", "{old}", "{new}"],
}
REWORKED = ["chromium_en_two", "chromium_ar_one", "chromium_he_one", "chromium_ru_one", "typst_en_2", "typst_ja_1", "pdftex-ot1_2", "pdftex-t1_2",
            "weasyprint_en_running", "libreoffice-docx_en_one", "pdftex-t1-bitmap_3"]


def reworked(_folder):
    for producer, command in REWORK.items():
        for name in REWORKED:
            def write(pdf, command=command, name=name):
                old = CACHE / f"{name}.pdf"
                done = subprocess.run([part.format(old=old, new=pdf) for part in command], capture_output=True, timeout=120)
                if not pdf.exists():
                    raise RuntimeError(done.stderr[-300:].decode("utf8", "replace"))
                return old.with_suffix(".truth.txt").read_text("utf8")

            yield producer, f"{producer}_{name}", write


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    table = []
    with tempfile.TemporaryDirectory() as folder:
        for source in (make_drawn.documents, make_html.documents, make_tex.documents, reworked):
            for producer, name, write in source(pathlib.Path(folder)):
                pdf = CACHE / f"{name}.pdf"
                truth = pdf.with_suffix(".truth.txt")
                if not truth.exists():
                    if not name.startswith(tuple(sys.argv[1:]) or ""):
                        continue
                    try:
                        truth.write_text(write(pdf), "utf8")
                    except Exception as error:  # whatever a missing program or package raises
                        print(f"{name}: {type(error).__name__} {str(error)[-200:]!r}", file=sys.stderr)
                        pdf.unlink(missing_ok=True)
                        continue
                table.append(f"{name}\t{producer}\n")
    (CACHE / "corpus.tsv").write_text("".join(table), "utf8")
    print(f"{len(table)} documents in {CACHE.name}")


if __name__ == "__main__":
    main()
