"""An operator's day, all from the operators' page: a provider's outage makes many jobs fail; they are found by their
error code, retried together and watched to their end. The server is the test's own (SMARTSTUDY_API_BIN, or what
`cargo build` made); OPERATOR_JOBS says how many jobs fail."""

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import json
import urllib.request

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

sys.path.insert(0, str(Path(__file__).parents[1]))

import serve  # noqa: E402
from scripted_provider import TEXT, Provider  # noqa: E402
from steps import fits, tab_to  # noqa: E402

JOBS = int(os.environ.get("OPERATOR_JOBS", "300"))
# What a server in a debug build needs for all of them, with room to spare.
ALL_MS = 60_000 + JOBS * 200
PHONE = {"width": 390, "height": 844}
EMAIL, PASSWORD = "operator@example.org", "correct horse battery"
CODE = "provider.rejected"
MANY = f"{JOBS:,} jobs"
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def binary():
    built = Path(__file__).parents[2] / "target" / "debug" / "smartstudy-api"
    return Path(os.environ.get("SMARTSTUDY_API_BIN", built))


@pytest.fixture(scope="module")
def provider():
    provider = Provider()
    yield provider
    provider.stop()


@pytest.fixture(scope="module")
def base_url(provider):
    env = {
        "AI_LOCAL_FALLBACK": "off", "AI_KEY_CHECK": "off", "DEEPSEEK_API_KEY": "sk-of-the-tests",
        "DEEPSEEK_BASE_URL": provider.url, "WORKER_CONCURRENCY": "16", "AI_DAILY_TOKENS": "1000000000",
    }
    with serve.embedded(binary(), **env) as server:
        call(server.url, "/auth/register", {"name": "Olga Operator", "email": EMAIL, "password": PASSWORD})
        server.promote(EMAIL)
        yield server.url


def call(url, path, body, token=None):
    headers = {"Content-Type": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(url + path, json.dumps(body).encode(), headers)
    with OPENER.open(request, timeout=60) as answer:
        return json.load(answer)


@pytest.fixture(scope="module")
def student(base_url):
    """A student's token."""
    call(base_url, "/auth/register", {"name": "Stu Dent", "email": "stu@example.org", "password": PASSWORD})
    return call(base_url, "/auth/login", {"email": "stu@example.org", "password": PASSWORD})["accessToken"]


def ask_for_quizzes(url, token, count):
    def ask(number):
        body = {
            "inputMethod": "text", "textContent": TEXT, "questionCount": 1, "questionTypes": ["multiple_choice"],
            "topic": f"Water {number}",
        }
        return call(url, "/quiz/generate", body, token)["id"]

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(ask, range(count)))


def log_in(page, place="/admin"):
    page.get_by_label("E-mail or username").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page).to_have_url(re.compile(re.escape(place) + "$"))


def test_an_operators_day(open_page, base_url, provider, student, screenshot):
    page = open_page("/admin")
    log_in(page)
    expect(page.locator("#link")).to_have_text("Live")

    # The outage: everything that is asked for fails, and the page says so by itself.
    jobs = ask_for_quizzes(base_url, student, JOBS)
    errors = page.locator("#errors")
    expect(errors.get_by_role("row", name=CODE)).to_contain_text(MANY, timeout=ALL_MS)
    expect(page.locator("#count-quiz\\.generate-failed")).to_have_text(f"{JOBS:,}")
    screenshot(page, "operator-outage")

    # What failed, and why.
    errors.get_by_role("link", name=CODE).click()
    found = page.locator("#found")
    expect(found.get_by_role("heading", name=MANY)).to_be_visible()
    expect(found.get_by_role("row")).to_have_count(min(JOBS, 50) + 1)
    found.get_by_role("link", name=jobs[-1]).click()
    expect(page.get_by_role("heading", name="Attempts")).to_be_visible()
    expect(page.locator("#head")).to_contain_text(CODE)
    page.locator("#transcript").get_by_text(re.compile("^questions$")).click()
    expect(page.locator("#transcript")).to_contain_text("At sea level, water boils at 100 °C.")
    screenshot(page, "operator-job")
    page.go_back()

    # Stop the queue, have the provider mended, and retry all of them together.
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Pause quiz.generate").click()
    queue = page.locator("#queue-quiz\\.generate")
    expect(queue).to_contain_text("paused")
    provider.works = True
    errors.get_by_role("link", name=CODE).click()
    page.get_by_role("link", name=f"Retry {MANY}…").click()
    expect(page.get_by_role("heading", name=f"Retry {MANY}")).to_be_visible()
    expect(page.get_by_role("row", name=CODE)).to_contain_text(MANY)
    screenshot(page, "operator-preview")
    page.get_by_role("button", name=f"Retry {MANY} now").click()
    expect(page.get_by_role("status").first).to_contain_text(f"Retried {MANY}.", timeout=ALL_MS)
    watched = page.url

    page.get_by_role("link", name="Overview").click()
    page.get_by_role("button", name="Resume quiz.generate").click()
    expect(queue).not_to_contain_text("paused")

    # Nothing but looking on.
    page.goto(watched)
    expect(page.locator("#tab-succeeded")).to_have_text(re.compile(rf"succeeded\s*{JOBS:,}$"), timeout=ALL_MS)
    expect(page.locator("#tab-failed")).to_have_text(re.compile(r"failed\s*0$"))
    screenshot(page, "operator-finished")

    # A job tells all of it: the try that failed, the one by hand, and what it cost.
    page.get_by_role("link", name=jobs[0]).or_(found.get_by_role("rowheader").first.get_by_role("link")).first.click()
    expect(page.locator("#attempts").get_by_role("row")).to_have_count(3)
    expect(page.locator("#attempts")).to_contain_text(CODE)
    expect(page.locator("#facts")).to_contain_text("Retried by hand")
    expect(page.locator("#facts")).to_contain_text("Cost")
    screenshot(page, "operator-job-finished")


def test_it_is_as_useful_without_scripts(browser, base_url, student):
    context = browser.new_context(base_url=base_url, java_script_enabled=False)
    page = context.new_page()
    job = call(base_url, "/quiz/generate", {
        "inputMethod": "text", "textContent": TEXT, "notBefore": "2999-01-01T00:00:00.000Z",
    }, student)["id"]
    page.goto(f"/admin/ui/jobs/{job}")
    log_in(page, f"/admin/ui/jobs/{job}")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("#head .state")).to_have_text("cancelled")
    page.get_by_role("link", name="Jobs").click()
    page.get_by_label("State", exact=True).select_option("cancelled")
    page.get_by_label("Account").fill("stu@example.org")
    page.get_by_role("button", name="Find").click()
    expect(page.locator("#found").get_by_role("link", name=job)).to_be_visible()
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [PHONE, {"width": 1280, "height": 860}], ids=["phone", "desktop"])
def test_every_page_can_be_read_and_used_by_everybody(open_page, base_url, student, screenshot, viewport, scheme):
    job = call(base_url, "/quiz/generate", {
        "inputMethod": "text", "textContent": TEXT, "notBefore": "2999-01-01T00:00:00.000Z",
    }, student)["id"]
    page = open_page("/admin", viewport=viewport, scheme=scheme)
    size = "phone" if viewport == PHONE else "desktop"
    axe = Axe()
    pages = {
        "login": None, "overview": "/admin", "jobs": "/admin/ui/jobs", "job": f"/admin/ui/jobs/{job}",
        "retry": "/admin/ui/retry?status=failed", "missing": "/admin/ui/jobs/01ARZ3NDEKTSV4RRFFQ69G5FAV",
    }
    for name, place in pages.items():
        if place:
            page.goto(place)
        screenshot(page, f"operator-{name}-{size}-{scheme}")
        assert fits(page), f"{name} scrolls sideways"
        found = axe.run(page)
        assert found.violations_count == 0, f"{name}: {found.generate_report()}"
        if not place:
            log_in(page)


def test_it_is_used_by_keyboard_and_keeps_the_focus_when_it_changes(open_page, base_url, student):
    page = open_page("/admin")
    log_in(page)
    expect(page.locator("#link")).to_have_text("Live")
    scheduled = page.locator("#count-quiz\\.generate-scheduled")
    tab_to(page, scheduled)
    before = scheduled.inner_text()
    call(base_url, "/quiz/generate", {
        "inputMethod": "text", "textContent": TEXT, "notBefore": "2999-01-01T00:00:00.000Z",
    }, student)
    expect(scheduled).not_to_have_text(before)
    expect(scheduled).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
    expect(page.locator("#tab-scheduled")).to_have_attribute("aria-current", "true")
