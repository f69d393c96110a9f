"""A browser and signed-in pages for the tests of the try-out page."""

import os
import re
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright

FLAGS = """--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
--disable-component-update --disable-sync""".split()
DESKTOP = {"width": 1280, "height": 860}
EXPECTED_NOISE = re.compile(r"the server responded with a status of 4\d\d|net::ERR_FAILED")

expect.set_options(timeout=15_000)


def chromium():
    names = ["chromium", "google-chrome", "chromium-browser"]
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if not found:
        pytest.fail("No Chromium found: put it on PATH or name it in CHROMIUM.")
    return found


@pytest.fixture(scope="session")
def base_url():
    return os.environ.get("SMARTSTUDY_URL", "http://localhost:4000")


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, base_url):
    """Opens pages, and fails the test for whatever they complain about: script errors, the CSP, missing files."""
    contexts = []
    complaints = []

    def open_page(path="/", viewport=DESKTOP, scheme="light", motion="no-preference"):
        context = browser.new_context(
            base_url=base_url, viewport=viewport, color_scheme=scheme, reduced_motion=motion, locale="en-GB"
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: note(message, complaints))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not complaints


def note(message, complaints):
    if message.type == "error" and not EXPECTED_NOISE.search(message.text):
        complaints.append(message.text)


@pytest.fixture
def guest(open_page):
    def enter(**options):
        page = open_page(**options)
        page.get_by_role("button", name="Continue as guest").click()
        expect(page.get_by_role("heading", name="Make a quiz")).to_be_visible()
        return page

    return enter


@pytest.fixture(scope="session")
def pdf():
    return (Path(__file__).parents[1] / "fixtures" / "pdf").joinpath


@pytest.fixture(scope="session")
def screenshot():
    folder = os.environ.get("SMARTSTUDY_SCREENSHOTS")

    def take(page, name):
        if folder:
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True, animations="disabled")

    return take
