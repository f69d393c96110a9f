"""Documents by TeX engines and groff."""
import re
import subprocess

from texts import Story

BABEL = {"en": "english", "de": "ngerman", "fr": "french", "es": "spanish", "pt": "portuguese", "ru": "russian", "el": "greek"}


def escape(text):
    return re.sub(r"([%&#_$])", r"\\\1", text)


def body(story, note=True):
    out, open_part, noted = [], None, not note
    notes = []
    for kind, value in story.parts():
        wanted = {"item": "itemize", "row": "tabular"}.get(kind)
        if wanted != open_part:
            if open_part:
                out.append(f"\\end{{{open_part}}}\n")
            if wanted:
                out.append(f"\\begin{{{wanted}}}" + ("{|l|r|l|}\\hline" if wanted == "tabular" else ""))
            open_part = wanted
        match kind:
            case "title":
                out.append(f"{{\\Large {escape(value)}}}\n")
            case "heading":
                out.append(f"\\section*{{{escape(value)}}}")
            case "p":
                tail = ""
                if not noted:
                    notes.append(story.sentence())
                    tail, noted = f"\\footnote{{{escape(notes[-1])}}}", True
                out.append(escape(value) + tail + "\n")
            case "item":
                out.append(f"\\item {escape(value)}")
            case "row":
                out.append(" & ".join(map(escape, value)) + "\\\\\\hline")
    if open_part:
        out.append(f"\\end{{{open_part}}}")
    return "\n".join(out), "\n".join([story.text(), *notes])


def run(*command, folder):
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=240)
    if done.returncode:
        raise RuntimeError(done.stdout[-500:].decode("utf8", "replace"))


def latex(engine, preamble, language, seed, two=False, note=True):
    def write(pdf, folder):
        story = Story(language, seed)
        text, truth = body(story, note)
        babel = f"\\usepackage[{BABEL[language]}]{{babel}}" if language in BABEL else ""
        head = f"\\documentclass[{'twocolumn' if two else 'a4paper'}]{{article}}\n{preamble}{babel}\n\\begin{{document}}\n"
        (folder / f"{pdf.stem}.tex").write_text(head + text + "\n\\end{document}\n", "utf8")
        match engine:
            case "dvips":
                run("latex", "-interaction=nonstopmode", pdf.stem, folder=folder)
                run("dvips", "-q", "-o", f"{pdf.stem}.ps", pdf.stem, folder=folder)
                run("ps2pdf", f"{pdf.stem}.ps", str(pdf), folder=folder)
            case "dvipdfm":
                run("latex", "-interaction=nonstopmode", pdf.stem, folder=folder)
                run("dvipdfm", "-o", str(pdf), pdf.stem, folder=folder)
            case _:
                run(engine, "-interaction=nonstopmode", pdf.stem, folder=folder)
                (folder / f"{pdf.stem}.pdf").replace(pdf)
        return truth

    return write


BITMAP = "\\pdfmapfile{}\n"
OT1 = "\\usepackage[utf8]{inputenc}"
T1 = OT1 + "\\usepackage[T1]{fontenc}"
LM = T1 + "\\usepackage{lmodern}"
TIMES = T1 + "\\usepackage{mathptmx}"
PALATINO = T1 + "\\usepackage{mathpazo}\\usepackage{microtype}"
T2A = OT1 + "\\usepackage[T2A]{fontenc}"
LGR = OT1 + "\\usepackage[LGR,T1]{fontenc}"
HEADS = "\\usepackage{fancyhdr}\\pagestyle{fancy}\\fancyhead[L]{Lecture notes}\\fancyhead[R]{\\thepage}\\fancyfoot[C]{Spring term}"
WIDE = "\\usepackage{fontspec}\\setmainfont{%s}"


def groff(language, seed, two=False):
    def write(pdf, folder):
        story, out, truth = Story(language, seed, lists=False, table=False), [".nr PS 11"], []
        if two:
            out.append(".2C")
        for kind, value in story.parts():
            out.append({"title": ".SH\n", "heading": ".SH\n", "p": ".PP\n"}[kind] + value)
        source = folder / f"{pdf.stem}.ms"
        source.write_text("\n".join(out) + "\n", "utf8")
        with pdf.open("wb") as target:
            subprocess.run(["groff", "-k", "-ms", "-Tpdf", str(source)], stdout=target, stderr=subprocess.DEVNULL, check=True)
        return story.text()

    return write


def documents(folder):
    """(producer, name, writer(pdf) -> truth) of each document."""
    variants = [("pdftex-t1-bitmap", latex("pdflatex", BITMAP + T1, language, 1)) for language in ("en", "de", "fr", "es", "pt")]
    variants += [("pdftex-ot1-bitmap", latex("pdflatex", BITMAP + OT1, language, 2, two)) for language, two in (("en", False), ("en", True), ("de", False), ("fr", False))]
    variants += [("pdftex-t2a-bitmap", latex("pdflatex", BITMAP + T2A, "ru", 3, two)) for two in (False, True)]
    variants += [("pdftex-ot1", latex("pdflatex", OT1, language, 4, two)) for language in ("en", "de", "fr", "es", "pt") for two in (False, True)]
    variants += [("pdftex-t1", latex("pdflatex", T1 + HEADS, language, 5)) for language in ("en", "de", "fr", "es", "pt")]
    variants += [("pdftex-lmodern", latex("pdflatex", LM, language, 6, True)) for language in ("en", "de", "fr")]
    variants += [("pdftex-times", latex("pdflatex", TIMES + HEADS, language, 7, True)) for language in ("en", "es")]
    variants += [("pdftex-palatino", latex("pdflatex", PALATINO, language, 8)) for language in ("en", "pt")]
    variants += [("pdftex-t2a", latex("pdflatex", T2A, "ru", 9, two)) for two in (False, True)]
    variants += [("pdftex-lgr", latex("pdflatex", LGR, "el", 10))]
    variants += [("dvips", latex("dvips", encoding, language, 11)) for encoding in (OT1, T1) for language in ("en", "fr", "de")]
    variants += [("dvipdfm", latex("dvipdfm", encoding, language, 12)) for encoding in (OT1, T1) for language in ("en", "de")]
    for engine in ("xelatex", "lualatex"):
        fonts = (("en", "DejaVu Serif"), ("ru", "Noto Serif"), ("el", "Noto Sans"), ("fr", "Liberation Serif"), ("de", "FreeSerif"), ("es", "DejaVu Sans"))
        variants += [(engine, latex(engine, WIDE % font, language, 13, two)) for (language, font), two in zip(fonts, [False, True] * 3)]
    variants += [("xelatex-rtl", latex("xelatex", f"\\usepackage{{fontspec}}\\setmainfont[Script={script}]{{{font}}}\\TeXXeTstate=1\\everypar{{\\setbox0\\lastbox\\beginR\\box0}}", language, 14, note=False))
                 for language, font, script in (("ar", "Noto Sans Arabic", "Arabic"), ("he", "Noto Serif Hebrew", "Hebrew"))]
    variants += [("groff", groff(language, 15, two)) for language in ("en", "fr", "de") for two in (False, True)]
    counts = {}
    for producer, write in variants:
        counts[producer] = counts.get(producer, 0) + 1
        yield producer, f"{producer}_{counts[producer]}", lambda pdf, write=write: write(pdf, folder)
