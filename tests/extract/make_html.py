"""Documents by way of HTML: Chromium's printer, WeasyPrint, and LibreOffice through pandoc's .docx and .odt."""
import html
import shutil
import subprocess

from texts import RIGHT_TO_LEFT, Story, exam

STYLES = {
    "one": "",
    "justified": "p{text-align:justify;hyphens:auto}",
    "two": "main{columns:2;column-gap:8mm} p{text-align:justify;hyphens:auto}",
    "three": "@page{size:A4 landscape} main{columns:3;column-gap:7mm} body{font-size:9pt} p{hyphens:auto;text-align:justify}",
    "slides": "@page{size:254mm 143mm;margin:12mm} body{font-size:22pt;font-family:sans-serif} h2{break-before:page}",
    "small": "body{font-size:7.5pt;letter-spacing:.03em} @page{size:A5}",
    "running": "@page{margin:25mm; @top-left{content:'Course notes'} @top-right{content:'Lesson 3'}"
    " @bottom-center{content:'Page ' counter(page) ' of ' counter(pages)}}",
    "indented": "p{margin:0;text-indent:1.5em;text-align:justify} body{line-height:1.1}",
    "boxed": "table{border-collapse:collapse;width:100%} td{border:1px solid;padding:3mm} p{border-left:2mm solid #ccc;padding-left:4mm}",
    "dropcap": "p:first-of-type::first-letter{font-size:300%;float:left;line-height:.8;padding-right:2mm}",
}


def page(story, style):
    direction = "rtl" if story.language in RIGHT_TO_LEFT else "ltr"
    out = [f"<!doctype html><html lang={story.language} dir={direction}><meta charset=utf-8>"]
    out.append(f"<title>{html.escape(story.title)}</title><style>body{{font-size:11pt}}{STYLES[style]}</style><body>")
    out.append(f"<h1>{html.escape(story.title)}</h1><main>")
    open_part = None
    for kind, value in story.parts():
        wanted = {"item": "ul", "row": "table"}.get(kind)
        if wanted != open_part:
            out.append((f"</{open_part}>" if open_part else "") + (f"<{wanted}>" if wanted else ""))
            open_part = wanted
        match kind:
            case "heading":
                out.append(f"<h2>{html.escape(value)}</h2>")
            case "p":
                out.append(f"<p>{html.escape(value)}</p>")
            case "item":
                out.append(f"<li>{html.escape(value)}</li>")
            case "row":
                out.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in value) + "</tr>")
    return "\n".join(out + [f"</{open_part}>" if open_part else "", "</main></body></html>"])


def exam_page(language, seed):
    direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
    out, truth = [f"<!doctype html><html lang={language} dir={direction}><meta charset=utf-8><body><h1>Test 7</h1>"], ["Test 7"]
    for question, options in exam(language, seed):
        out.append(f"<p style='break-after:avoid'><b>{html.escape(question)}</b></p>")
        out += [f"<div style='margin-left:8mm'>{html.escape(option)}</div>" for option in options]
        truth += [question, *options]
    return "\n".join(out), "\n".join(truth)


def chromium(source, pdf):
    subprocess.run(
        ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer", f"--print-to-pdf={pdf}", str(source)],
        check=True, capture_output=True, timeout=120,
    )


def weasyprint(source, pdf):
    from weasyprint import HTML

    HTML(filename=str(source)).write_pdf(str(pdf))


def office(form):
    def convert(source, pdf):
        written = pdf.with_suffix(f".{form}")
        if form == "html":
            shutil.copy(source, written)
        else:
            subprocess.run(["pandoc", "-f", "html", str(source), "-o", str(written)], check=True, capture_output=True)
        subprocess.run(
            ["soffice", "--headless", "--convert-to", "pdf", "--outdir", str(pdf.parent), str(written)],
            check=True, capture_output=True, timeout=180,
        )
        written.unlink()

    return convert


LANGUAGES = ["en", "de", "fr", "es", "pt", "ru", "el", "ar", "he", "zh", "ja", "ko"]
ALL = [(language, style) for language in LANGUAGES for style in ("one", "two")]
MORE = [(language, style) for language in ("en", "de", "ar", "zh") for style in STYLES if style not in ("one", "two")]


def documents(folder):
    """(producer, name, writer(pdf) -> truth) of each document."""
    made = [
        ("chromium", chromium, [*ALL, *MORE[:20]]),
        ("weasyprint", weasyprint, [*ALL[::2], *MORE]),
        ("libreoffice-docx", office("docx"), ALL[::2]),
        ("libreoffice-odt", office("odt"), ALL[::4]),
        ("libreoffice-html", office("html"), ALL[::3]),
    ]
    for producer, render, variants in made:
        for seed, (language, style) in enumerate(variants):
            def write(pdf, render=render, language=language, style=style, seed=seed):
                story = Story(language, seed, sections=3 if style == "slides" else 5, paragraphs=1 if style == "slides" else 3)
                source = folder / f"{pdf.stem}.html"
                source.write_text(page(story, style), "utf8")
                render(source, pdf)
                # LibreOffice has no idea of our styles and prints no title twice; pandoc repeats <title>.
                title = story.title + "\n" if render not in (chromium, weasyprint) and not pdf.stem.startswith("libreoffice-html") else ""
                return title + story.text()

            yield producer, f"{producer}_{language}_{style}", write
        if render in (chromium, weasyprint):
            for language in ("en", "fr", "ru", "he"):
                def write_exam(pdf, render=render, language=language):
                    source = folder / f"{pdf.stem}.html"
                    text, truth = exam_page(language, 1)
                    source.write_text(text, "utf8")
                    render(source, pdf)
                    return truth

                yield producer, f"{producer}_{language}_exam", write_exam
