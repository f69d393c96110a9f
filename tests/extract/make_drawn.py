"""Documents by Typst and by the drawing libraries ReportLab, fpdf2 and PyMuPDF."""
from texts import RIGHT_TO_LEFT, UNSPACED, Story, exam

SANS = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
NOTO_ARABIC = "/usr/share/fonts/truetype/noto/NotoSansArabic-Regular.ttf"
NOTO_HEBREW = "/usr/share/fonts/truetype/noto/NotoSansHebrew-Regular.ttf"
CID_FONTS = {"ja": "HeiseiMin-W3", "zh": "STSong-Light", "ko": "HYSMyeongJo-Medium"}


def typst(language, seed, columns=1, running=False):
    def write(pdf):
        import typst as compiler

        story = Story(language, seed)
        mark = lambda value: "#" + repr_string(value)
        head = f"#set text(lang: \"{language}\", size: 11pt, font: (\"Libertinus Serif\", \"DejaVu Sans\", \"Noto Sans Arabic\", \"Noto Sans Hebrew\", \"Noto Serif CJK SC\"))\n"
        head += f"#set par(justify: true)\n#set page(columns: {columns}"
        head += ', header: [Course notes #h(1fr) Spring], footer: context [Page #counter(page).display("1 of 1", both: true)])\n' if running else ")\n"
        out, rows = [head], []
        for kind, value in [*story.parts(), ("end", "")]:
            if kind != "row" and rows:
                out.append("#table(columns: 3, " + ", ".join(f"[{mark(cell)}]" for row in rows for cell in row) + ")\n")
                rows = []
            match kind:
                case "title":
                    out.append(f"= {mark(value)}\n")
                case "heading":
                    out.append(f"== {mark(value)}\n")
                case "p":
                    out.append(mark(value) + "\n")
                case "item":
                    out.append(f"- {mark(value)}")
                case "row":
                    rows.append(value)
        pdf.write_bytes(compiler.compile("\n".join(out).encode()))
        return story.text()

    return write


def repr_string(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def platypus(language, seed, columns=1, running=False, rotated=False):
    """ReportLab's page layout: frames, headers, tables."""

    def write(pdf):
        from reportlab.lib import colors
        from reportlab.lib.pagesizes import A4
        from reportlab.lib.styles import ParagraphStyle
        from reportlab.pdfbase import pdfmetrics
        from reportlab.pdfbase.cidfonts import UnicodeCIDFont
        from reportlab.pdfbase.ttfonts import TTFont
        from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate, Paragraph, Table

        font = CID_FONTS.get(language) or ("Helvetica" if language in ("en", "de", "fr", "es", "pt") else "DejaVu")
        pdfmetrics.registerFont(UnicodeCIDFont(font) if language in CID_FONTS else TTFont("DejaVu", SANS))
        wrap = {"wordWrap": "CJK"} if language in UNSPACED else {}
        style = ParagraphStyle("p", fontName=font, fontSize=10, leading=13, spaceAfter=6, alignment=4 if not wrap else 0, **wrap)
        large = ParagraphStyle("h", parent=style, fontSize=14, leading=18, spaceBefore=8)
        story, flow, rows = Story(language, seed), [], []
        escape = lambda value: value.replace("&", "&amp;").replace("<", "&lt;")
        for kind, value in [*story.parts(), ("end", "")]:
            if kind != "row" and rows:
                flow.append(Table(rows, style=[("GRID", (0, 0), (-1, -1), 0.5, colors.black), ("FONTNAME", (0, 0), (-1, -1), font)]))
                rows = []
            match kind:
                case "title" | "heading":
                    flow.append(Paragraph(escape(value), large))
                case "p":
                    flow.append(Paragraph(escape(value), style))
                case "item":
                    flow.append(Paragraph(escape(value), style, bulletText="•"))
                case "row":
                    rows.append(value)

        def decorate(canvas, document):
            if running:
                canvas.setFont("Helvetica", 8)
                canvas.drawString(60, 810, "Introduction to the Sciences")
                canvas.drawCentredString(297, 25, f"- {document.page} -")
            if rotated:
                canvas.setPageRotation(90)

        width = (A4[0] - 100) / columns
        frames = [Frame(50 + column * width, 50, width - 8, A4[1] - 110) for column in range(columns)]
        document = BaseDocTemplate(str(pdf), pagesize=A4)
        document.addPageTemplates(PageTemplate(frames=frames, onPage=decorate))
        document.build(flow)
        return story.text()

    return write


def canvas(language, seed, how):
    """Lines drawn by hand: columns row by row, every word on its own, all in one form, or a line at random places of the file."""

    def write(pdf):
        import random

        from reportlab.lib.utils import simpleSplit
        from reportlab.pdfgen.canvas import Canvas

        story = Story(language, seed, lists=False, table=False)
        page = Canvas(str(pdf), pageCompression=1)
        columns = 2 if how in ("interleaved", "shuffled") else 1
        width = 500 // columns - 10
        lines = [line for kind, value in story.parts() for line in [*simpleSplit(value, "Times-Roman", 11, width), ""]]
        per_column = 50
        for start in range(0, len(lines), per_column * columns):
            slots = []
            for column in range(columns):
                part = lines[start + column * per_column : start + (column + 1) * per_column]
                slots += [(row, column, line) for row, line in enumerate(part) if line]
            if how == "interleaved":
                slots.sort()
            if how == "shuffled":
                random.Random(seed).shuffle(slots)
            if how == "form":
                page.beginForm(f"page{start}")
            for row, column, line in slots:
                x, y = 50 + column * 260, 790 - row * 15
                page.setFont("Times-Roman", 11)
                if how == "words":
                    for word in line.split(" "):
                        page.drawString(x, y, word)
                        x += page.stringWidth(word + " ", "Times-Roman", 11)
                elif how == "letters":
                    for letter in line:
                        if letter != " ":
                            page.drawString(x, y, letter)
                        x += page.stringWidth(letter, "Times-Roman", 11)
                else:
                    page.drawString(x, y, line)
            if how == "form":
                page.endForm()
                page.doForm(f"page{start}")
            page.showPage()
        page.save()
        return story.text()

    return write


def fpdf(language, seed, columns=1):
    def write(pdf):
        from fpdf import FPDF

        story, document = Story(language, seed), FPDF()
        document.add_page()
        font = {"ar": NOTO_ARABIC, "he": NOTO_HEBREW}.get(language, SANS)
        document.add_font("text", fname=font)
        document.set_font("text", size=11)
        if language in RIGHT_TO_LEFT:
            document.set_text_shaping(True)
        with document.text_columns(ncols=columns, gutter=8, text_align="R" if language in RIGHT_TO_LEFT else "J") as flow:
            for kind, value in story.parts():
                with flow.paragraph(bottom_margin=3) as paragraph:
                    paragraph.write(" ".join(value) if kind == "row" else value)
        document.output(str(pdf))
        return story.text()

    return write


def fpdf_exam(language, seed):
    def write(pdf):
        from fpdf import FPDF

        document, truth = FPDF(), []
        document.add_page()
        document.add_font("text", fname=SANS)
        document.set_font("text", size=10)
        for question, options in exam(language, seed, 20):
            document.multi_cell(0, 6, question, new_x="LMARGIN", new_y="NEXT")
            for option in options:
                document.set_x(25)
                document.multi_cell(0, 5, option, new_x="LMARGIN", new_y="NEXT")
            truth += [question, *options]
        document.output(str(pdf))
        return "\n".join(truth)

    return write


def pymupdf(language, seed):
    def write(pdf):
        import pymupdf as mupdf

        story = Story(language, seed)
        direction = "rtl" if language in RIGHT_TO_LEFT else "ltr"
        text = "".join(f"<p>{' '.join(value) if kind == 'row' else value}</p>" for kind, value in story.parts())
        flow, writer = mupdf.Story(f"<div dir={direction}>{text}</div>"), mupdf.DocumentWriter(str(pdf))
        more = 1
        while more:
            device = writer.begin_page(mupdf.paper_rect("a4"))
            more, _ = flow.place(mupdf.paper_rect("a4") + (50, 50, -50, -50))
            flow.draw(device)
            writer.end_page()
        writer.close()
        return story.text()

    return write


def documents(_folder):
    """(producer, name, writer(pdf) -> truth) of each document."""
    made = [("typst", f"{language}_{columns}", typst(language, 20, columns)) for language in ("en", "de", "fr", "ru", "el", "ar", "he", "zh", "ja") for columns in (1, 2)]
    made += [("typst", f"{language}_running", typst(language, 21, running=True)) for language in ("en", "es", "he")]
    made += [("reportlab", f"{language}_{columns}", platypus(language, 22, columns, running=columns == 1)) for language in ("en", "de", "es", "ru", "el", "zh", "ja", "ko") for columns in (1, 2)]
    made += [("reportlab", "en_3", platypus("en", 23, 3)), ("reportlab", "fr_rotated", platypus("fr", 24, 1, rotated=True))]
    made += [("canvas", f"{how}_{seed}", canvas("en", seed, how)) for how in ("interleaved", "shuffled", "form", "words", "letters") for seed in (25, 26)]
    made += [("fpdf2", f"{language}_{columns}", fpdf(language, 27, columns)) for language in ("en", "fr", "pt", "ru", "ar", "he") for columns in (1, 2)]
    made += [("fpdf2", f"{language}_exam", fpdf_exam(language, 28)) for language in ("en", "de", "ru")]
    made += [("pymupdf", language, pymupdf(language, 29)) for language in ("en", "de", "fr", "ru", "el", "zh", "ja", "ar", "he")]
    for producer, name, write in made:
        yield producer, f"{producer}_{name}", write
