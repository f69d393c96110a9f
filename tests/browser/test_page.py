"""The try-out page in a real browser, against a running server (SMARTSTUDY_URL)."""

import json
import re
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from steps import (
    GENERATION_MS, MIXED, PASSAGE, answer_by_keyboard, answer_key, await_quiz, fits, flat, make_quiz, send_pdf,
    send_text, tab_to, take_quiz,
)

PHONE = {"width": 360, "height": 740}
DESKTOP = {"width": 1280, "height": 860}
KINDS = [
    "Multiple choice", "Several answers", "True or false", "Short answer", "Fill the gap", "Number", "Matching",
    "Ordering",
]
NOWHERE = "f" * 24
JOB = "01JZZZZZZZZZZZZZZZZZZZZZZZ"


def test_a_guest_turns_a_lecture_into_a_quiz_and_takes_it_by_keyboard(open_page, pdf):
    page = open_page()
    tab_to(page, page.get_by_role("button", name="Continue as guest"))
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Make a quiz")).to_be_focused()

    chooser = page.locator("#file")
    tab_to(page, chooser)
    chooser.set_input_files(pdf("lecture.pdf"))
    expect(page.locator("#chosen")).to_contain_text("lecture.pdf")
    tab_to(page, page.get_by_role("button", name="Make the quiz"))
    page.keyboard.press("Enter")

    arrivals = page.locator(".arrivals li")
    expect(arrivals.first).to_contain_text(re.compile(r"Page \d+"), timeout=GENERATION_MS)
    made = await_quiz(page)
    assert made >= 5

    tab_to(page, page.get_by_role("link", name="Take the quiz"))
    page.keyboard.press("Enter")
    hand_in = page.get_by_role("button", name="Hand in")
    expect(hand_in).to_be_visible()
    expect(page.locator("#view h1")).to_be_focused()

    key = answer_key(page, page.url.rpartition("/")[2])
    cards = page.locator(".question")
    expect(cards).to_have_count(made)
    asked = [card.locator("h2").text_content().partition(": ")[2] for card in cards.all()]
    for card, text in list(zip(cards.all(), asked))[1:]:
        answer_by_keyboard(page, card, key[text])
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()

    tab_to(page, hand_in)
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("1 question is unanswered")
    tab_to(page, page.get_by_role("button", name="Hand in anyway"))
    page.keyboard.press("Enter")

    lecture = flat(pdf("lecture.txt").read_text())
    results = page.locator(".result")
    expect(results).to_have_count(made)
    expect(page.locator("#view h1")).to_be_focused()
    expect(results.first).to_contain_text("Wrong")
    expect(results.first).to_contain_text("No answer")
    expect(page.locator(".verdict", has_text="Right")).to_have_count(made - 1)
    for item, text in zip(results.all(), asked):
        question = key[text]
        quote = flat(item.locator("blockquote mark").inner_text())
        assert quote == flat(question["source"]["quote"])
        assert quote in lecture
        expect(item.locator("figcaption")).to_have_text(f"Page {question['source']['page']}")
        if question.get("explanation"):
            expect(item.locator(".explanation")).to_have_text(question["explanation"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_question_is_answered_by_keyboard_and_taken_back(guest, pdf, kind):
    page = guest()
    if kind == "Ordering":
        send_text(page, MIXED, types=[kind])
    else:
        send_pdf(page, pdf("lecture.pdf"), types=[kind], Questions="2")
    made = await_quiz(page)
    key = answer_key(page, take_quiz(page))
    for card in page.locator(".question").all():
        answer_by_keyboard(page, card, key[card.locator("h2").text_content().partition(": ")[2]])
    expect(page.locator(".tally")).to_have_text(f"{made} of {made} answered")

    first = page.locator(".question").first
    clear(first)
    left = made if kind in ("Multiple choice", "True or false") else made - 1
    expect(page.locator(".tally")).to_have_text(f"{left} of {made} answered")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(page.locator(".tally")).to_have_text(f"{left} of {made} answered")

    page.get_by_role("button", name="Hand in").click()
    if left < made:
        page.get_by_role("button", name="Hand in anyway").click()
    expect(page.locator(".verdict", has_text="Right")).to_have_count(left)
    expect(page.locator(".result", has_text="No answer")).to_have_count(made - left)


def clear(card):
    """Takes the answer back, where its kind has a way to."""
    for box in card.get_by_role("checkbox").all():
        box.uncheck()
    for select in card.get_by_role("combobox").all():
        select.select_option("")
    for text in card.get_by_role("textbox").all():
        text.fill("")


def test_questions_appear_one_after_the_other_and_nothing_jumps(guest, pdf):
    page = guest()
    page.evaluate(
        """() => {
            window.steps = [];
            const view = document.getElementById('view');
            new MutationObserver(() => {
                const actions = view.querySelector('.actions');
                if (!actions) return;
                steps.push({
                    items: view.querySelectorAll('.arrivals li').length,
                    top: actions.getBoundingClientRect().top + scrollY,
                    ready: Boolean(actions.querySelector('a')),
                });
            }).observe(view, { childList: true, subtree: true, characterData: true });
        }"""
    )
    send_pdf(page, pdf("lecture.pdf"), Questions="12")
    made = await_quiz(page)
    steps = page.evaluate("steps")
    assert made >= 10
    assert len({step["items"] for step in steps}) > made / 2
    assert {step["items"] for step in steps if step["ready"]} == {made}
    assert len({step["top"] for step in steps}) == 1


def test_without_motion_everything_is_there_at_once(guest, pdf):
    page = guest(motion="reduce")
    send_pdf(page, pdf("lecture.pdf"), Questions="12")
    await_quiz(page)
    assert page.evaluate("document.getAnimations().length") == 0


@pytest.mark.parametrize("address", [f"quiz/{NOWHERE}", f"result/{NOWHERE}/{NOWHERE}", f"job/{JOB}", "quiz/x", "job/x"])
def test_what_does_not_exist_is_said_and_leads_back(guest, address):
    page = guest()
    page.goto(f"/#{address}")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text(
        re.compile(r"There is no such|leads nowhere|does not exist")
    )
    expect(page.locator("#view h1")).to_be_visible()
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("main").get_by_role("link", name="Make a quiz").click()
    expect(page.get_by_role("heading", name="Make a quiz")).to_be_focused()


def test_the_server_speaks_of_the_fields_by_their_names_on_the_page(guest, open_page):
    page = guest()
    send_text(page, Questions="201")
    expect(page.locator("[data-field=questionCount] .field-error")).to_have_text(
        "The number of questions must be at most 200."
    )
    expect(page.get_by_label("Questions")).to_be_focused()

    page = open_page()
    page.get_by_role("radio", name="Create account").check()
    page.get_by_label("Email").fill("ada")
    page.get_by_label("Password", exact=True).fill("short")
    page.locator("#auth-submit").click()
    expect(page.locator("[data-field=name] .field-error")).to_have_text("Name must have 1 to 100 characters and not only space.")
    expect(page.locator("[data-field=email] .field-error")).to_contain_text("Email must be an e-mail address")
    expect(page.locator("#auth [data-field=password] .field-error")).to_have_text(
        "Password must have at least 6 characters."
    )


def test_a_waiting_job_is_cancelled_and_tried_again(guest, base_url):
    page = guest()
    ask = {"inputMethod": "text", "textContent": PASSAGE, "notBefore": "2999-01-01T00:00:00.000Z"}
    response = page.request.post("/quiz/generate", data=ask, headers={"origin": base_url})
    assert response.status == 202, response.text()
    page.goto(f"/#job/{response.json()['id']}")
    expect(page.get_by_text("Waiting to start")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Making your quiz")).to_be_focused()


def test_the_documentation_shows_every_operation_without_the_internet(open_page, base_url, screenshot):
    page = open_page("/health")
    asked = []

    def only_ours(route):
        ours = route.request.url.startswith((f"{base_url}/", "data:", "blob:"))
        asked.append(route.request.url)
        route.continue_() if ours else route.abort()

    page.route("**/*", only_ours)
    page.goto("/docs/")
    expect(page.get_by_role("heading", name="SmartStudy")).to_be_visible()
    paths = page.request.get("/openapi.json").json()["paths"]
    operations = sorted((method, path) for path, item in paths.items() for method in item)
    expect(page.locator(".opblock")).to_have_count(len(operations))
    shown = page.locator(".opblock-summary").evaluate_all(
        """rows => rows.map(row => [row.querySelector('.opblock-summary-method').innerText.toLowerCase(),
                                    row.querySelector('.opblock-summary-path').dataset.path])"""
    )
    assert sorted(map(tuple, shown)) == operations
    screenshot(page, "docs")
    operation = page.locator(".opblock", has_text="/quiz/generate-from-pdf")
    operation.get_by_role("button").first.click()
    expect(operation.get_by_role("button", name="Try it out")).to_be_visible()
    assert [url for url in asked if not url.startswith((f"{base_url}/", "data:", "blob:"))] == []


def test_something_that_is_no_pdf_is_refused_beside_the_field_and_nothing_is_lost(guest):
    page = guest()
    page.locator("#file").set_input_files(
        {"name": "notes.pdf", "mimeType": "application/pdf", "buffer": b"PK\x03\x04 not a document"}
    )
    page.get_by_label("Topic").fill("Botany")
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.locator("[data-field=file] .field-error")).to_contain_text("PDF")
    expect(page.locator("#file")).to_be_focused()
    expect(page.locator("#chosen")).to_contain_text("notes.pdf")
    expect(page.get_by_label("Topic")).to_have_value("Botany")


def test_files_of_the_wrong_kind_or_size_are_doubted_before_they_are_sent(guest):
    page = guest()
    page.locator("#file").set_input_files({"name": "a.docx", "mimeType": "application/zip", "buffer": b"PK"})
    expect(page.locator("#file-hint")).to_have_text("This does not look like a PDF.")
    page.locator("#file").set_input_files(
        {"name": "a.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-" + bytes(10 * 1024 * 1024)}
    )
    expect(page.locator("#file-hint")).to_contain_text("larger than 10 MB")
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.locator("[data-field=file] .field-error")).to_be_visible()


def test_a_dropped_file_is_taken(guest):
    page = guest()
    page.get_by_role("radio", name="Text", exact=True).check()
    page.evaluate(
        """() => {
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File(['%PDF-1.7'], 'dropped.pdf', { type: 'application/pdf' }));
            document.body.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.locator("#chosen")).to_contain_text("dropped.pdf")


def test_49_characters_are_too_few_and_stay_where_they_were(guest):
    page = guest()
    send_text(page, "x" * 49, Topic="Letters")
    expect(page.locator("#text-hint")).to_have_text("49 characters, 1 more needed.")
    expect(page.locator("[data-field=textContent] .field-error")).to_contain_text("50")
    text = page.get_by_label("Your text")
    expect(text).to_be_focused()
    expect(text).to_have_value("x" * 49)
    expect(text).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Topic")).to_have_value("Letters")


def test_a_reload_goes_on_with_the_job_and_then_with_the_attempt(guest):
    page = guest()
    send_text(page)
    page.wait_for_url("**/#job/*")
    page.reload()
    made = await_quiz(page)
    assert page.locator(".arrivals li").count() == made > 0

    take_quiz(page)
    control = page.locator(".question input, .question select").first
    if control.get_attribute("type") in ("radio", "checkbox"):
        control.check()
    else:
        control.fill("7")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()
    page.reload()
    expect(page.locator(".tally")).to_have_text(f"1 of {made} answered")


def test_without_an_event_stream_the_page_polls(guest):
    page = guest()
    page.route("**/jobs/*/events", lambda route: route.abort())
    send_text(page)
    assert await_quiz(page) > 0
    expect(page.get_by_role("link", name="Take the quiz")).to_be_visible()


def test_an_expired_session_is_renewed_without_a_word(guest):
    page = guest()
    page.context.clear_cookies(name="jwt")
    with page.expect_response("**/auth/refresh") as renewal:
        send_text(page)
    assert renewal.value.ok
    await_quiz(page)


def test_a_lost_session_asks_to_sign_in_and_keeps_the_text(guest):
    page = guest()
    page.context.clear_cookies()
    send_text(page)
    expect(page.get_by_text("Your session has ended")).to_be_visible()
    page.get_by_role("button", name="Continue as guest").click()
    expect(page.get_by_label("Your text")).to_have_value(PASSAGE)


def test_a_failed_job_says_why_and_can_be_retried_and_cancelled(guest):
    """The job's answers are scripted, since a real one cannot be made to fail on demand."""
    page = guest()
    error = {"code": "llm.unavailable", "message": "The question writer is not answering.", "retryable": True}
    progress = {"percent": 40, "stage": "generating", "message": "", "done": 0, "total": 5}
    job = {"id": JOB, "kind": "quiz.generate", "status": "failed", "attempt": 3, "notices": [], "progress": progress}
    job["error"] = error
    stream = f"id: 1\nevent: error\ndata: {json.dumps({'error': error})}\n\n"

    def becomes(status):
        def answer(route):
            job["status"] = status
            route.fulfill(json=job)

        return answer

    page.route(f"**/jobs/{JOB}/events", lambda route: route.fulfill(content_type="text/event-stream", body=stream))
    page.route(f"**/jobs/{JOB}", lambda route: route.fulfill(json=job))
    page.route(f"**/jobs/{JOB}/retry", becomes("running"))
    page.route(f"**/jobs/{JOB}/cancel", becomes("cancelled"))
    page.goto(f"/#job/{JOB}")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("not answering")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_role("heading", name="Making your quiz")).to_be_focused()
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("heading", name="Cancelled")).to_be_visible()


def test_a_locked_pdf_is_opened_with_its_password(guest, pdf):
    page = guest()
    page.locator("#file").set_input_files(pdf("encrypted.pdf"))
    make = page.get_by_role("button", name="Make the quiz")
    make.click()
    expect(page.get_by_role("heading", name="The quiz could not be made")).to_be_visible(timeout=GENERATION_MS)
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)
    page.get_by_role("button", name="Enter the password").click()
    expect(page.get_by_label("PDF password")).to_be_focused()
    page.keyboard.type("open sesame")
    make.click()
    await_quiz(page)


def test_a_scan_is_explained(guest, pdf):
    page = guest()
    page.locator("#file").set_input_files(pdf("scan.pdf"))
    page.get_by_role("button", name="Make the quiz").click()
    expect(page.get_by_role("heading", name="The quiz could not be made")).to_be_visible(timeout=GENERATION_MS)
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("no text, only pictures")
    page.get_by_role("button", name="Back to the form").click()
    expect(page.locator("#chosen")).to_contain_text("scan.pdf")


def test_a_guest_who_registers_keeps_the_quizzes(guest):
    page = guest()
    make_quiz(page)
    page.get_by_role("link", name="Create account").click()
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_label("Email").fill(f"ada-{uuid4().hex}@example.org")
    page.get_by_label("Password", exact=True).fill("correct horse")
    page.locator("#auth-submit").click()
    expect(page.locator("#who")).to_have_text("Ada")
    expect(page.locator("#library li")).to_have_count(1)

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Continue as guest")).to_be_visible()
    expect(page.locator("#library li")).to_have_count(0)


def test_wrong_credentials_are_told_and_the_name_stays(open_page):
    page = open_page()
    page.get_by_label("Email or username").fill("nobody@example.org")
    page.get_by_label("Password", exact=True).fill("wrong password")
    page.locator("#auth-submit").click()
    expect(page.get_by_role("alert").filter(visible=True)).to_have_text("Incorrect email or password")
    expect(page.get_by_label("Email or username")).to_have_value("nobody@example.org")


def test_markup_in_data_stays_text(guest):
    page = guest()
    markup = "<img src=x onerror=document.title='broken'>"
    make_quiz(page, text=f"{PASSAGE} The tag {markup} is markup. {markup} shows an image.", Topic=markup)
    quiz_id = take_quiz(page)
    assert page.locator("#view img, #library img").count() == 0
    page.get_by_role("link", name="SmartStudy").click()
    expect(page.locator(f"#library a[href='#quiz/{quiz_id}']")).to_be_visible()
    assert page.locator("#view img, #library img").count() == 0
    assert page.title() != "broken"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_accessible_and_fits(open_page, pdf, screenshot, size, scheme):
    page = open_page(viewport=size, scheme=scheme, motion="reduce")
    seen = f"{'phone' if size == PHONE else 'desktop'}-{scheme}"

    def inspect(view):
        report = Axe().run(page)
        assert report.violations_count == 0, f"{view}: {report.generate_report()}"
        assert fits(page), f"{view} scrolls sideways"
        screenshot(page, f"{seen}-{view}")

    expect(page.get_by_role("button", name="Continue as guest")).to_be_visible()
    inspect("1-welcome")
    page.get_by_role("button", name="Continue as guest").click()
    expect(page.get_by_role("heading", name="Make a quiz")).to_be_visible()
    inspect("2-pdf")
    send_text(page, "x" * 49)
    expect(page.locator("[data-field=textContent] .field-error")).to_be_visible()
    inspect("3-error")
    kinds = ["Multiple choice", "Several answers", "Matching", "Number", "Fill the gap"]
    send_pdf(page, pdf("lecture.pdf"), kinds, Questions="14")
    await_quiz(page)
    inspect("4-ready")
    take_quiz(page)
    inspect("5-quiz")
    page.get_by_role("button", name="Hand in").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    inspect("6-unanswered")
    page.get_by_role("button", name="Hand in anyway").click()
    expect(page.locator(".result").first).to_be_visible()
    inspect("7-result")
    page.get_by_role("link", name="Make another").click()
    expect(page.locator("#library li")).to_have_count(2)
    inspect("8-home")
