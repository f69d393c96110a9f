"""Real accounts and resources for the requests that schemathesis makes up."""

import base64
import itertools
import os
import random
import re
import threading
import time
from http import cookiejar
from pathlib import Path

import requests
from schemathesis.transport.serialization import Binary

PDF = Path(__file__).resolve().parents[1] / "fixtures" / "pdf" / "lecture.pdf"
TEXT = (PDF.parent / "lecture.txt").read_text().split("\n\n2. ")[0]
# As text: schemathesis takes a body with bytes for a breach of its schema.
DOCUMENT = PDF.read_bytes().decode("ascii", "replace").replace("\ufffd", "?")
# One black pixel.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
)
PATIENCE = 20
PASSWORD = "correct horse battery"

# Calls after which their account is of no use, so each gets one of its own.
SPENDS_ACCOUNT = {
    "POST /auth/logout",
    "POST /auth/change-password",
    "DELETE /users/me",
    "POST /users/me/erase",
    # The accounts that all other calls are made with have too much to be copied again and again.
    "POST /users/me/export",
}


class People:
    """Accounts and their tokens."""

    def __init__(self, url, user, admin):
        self.url, self.user, self.admin = url, user, admin
        self.local = threading.local()
        self.numbers = itertools.count(1)

    def session(self):
        """One for each thread."""
        if not hasattr(self.local, "session"):
            self.local.session = requests.Session()
            self.local.session.trust_env = False
            # A cookie of a login would go along with what is to be sent without one.
            self.local.session.cookies.set_policy(cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        return self.local.session

    def call(self, method, path, token=None, **more):
        headers = more.pop("headers", {})
        if token:
            headers["Authorization"] = f"Bearer {token}"
        return self.session().request(method, self.url + path, headers=headers, timeout=60, **more)

    def made(self, path, body=None, token=None, **more):
        answer = self.call("POST", path, token or self.user, json=body if body is not None else {}, **more)
        if answer.status_code not in (200, 201, 202):
            raise RuntimeError(f"POST {path} answers {answer.status_code}: {answer.text}")
        return answer.json()

    def email(self):
        return f"person-{os.getpid()}-{next(self.numbers)}@example.org"

    def account(self):
        """A new account that is logged in."""
        email = self.email()
        body = {"name": "Somebody", "email": email, "password": PASSWORD}
        self.call("POST", "/auth/register", json=body).raise_for_status()
        answer = self.call("POST", "/auth/login", json={"email": email, "password": PASSWORD})
        answer.raise_for_status()
        return answer.json()

    def mailed(self, email, words):
        """The token of the mail to an address with these words in its link. Without SMTP mails go to the log."""
        deadline = time.monotonic() + PATIENCE
        link = re.compile(rf"a mail to {re.escape(email)} .*?{words}\?token=([\w.-]+)", re.DOTALL)
        while time.monotonic() < deadline:
            found = link.search(Path(os.environ["SMARTSTUDY_LOG"]).read_text(errors="replace"))
            if found:
                return found.group(1)
            time.sleep(0.02)
        raise RuntimeError(f"no mail to {email} with {words}")

    def token_for(self, label):
        if label in SPENDS_ACCOUNT:
            return self.account()["accessToken"]
        return self.admin if " /admin/" in label else self.user

    def after(self, label, path, status):
        """Lets the queues run again that a call has paused."""
        if label == "POST /admin/queues/{name}/pause" and status == 200:
            self.call("POST", f"/admin/queues/{path['name']}/resume", self.admin)


class Pool:
    """Resources of the user. One that is only read may serve many calls; one that is changed is made anew."""

    def __init__(self, people):
        self.people = people
        self.kept = {}
        self.lock = threading.Lock()

    def fill_path(self, label, parameters):
        """Puts ids of real resources into a path."""
        method, path = label.split(" ", 1)
        maker = next((maker for prefix, maker in PATHS if path.startswith(prefix)), None)
        if maker is None:
            return
        values = maker(self) if method != "GET" else self.again(maker)
        for name in parameters:
            if name in values:
                parameters[name] = values[name]

    def fill_body(self, label, media_type, body):
        """Puts ids of real resources, and what else must be so and no other way, into a body."""
        if not isinstance(body, dict):
            return body
        if media_type == "multipart/form-data" and "file" in body:
            body["file"] = Binary(PICTURE) if label == "PUT /users/me/avatar" else DOCUMENT
        if body.get("noteIds"):
            body["noteIds"] = [self.again(Pool.note)["id"]]
        fill = BODIES.get(label)
        if fill:
            body.update(fill(self))
        return body

    def again(self, maker):
        with self.lock:
            if maker not in self.kept:
                self.kept[maker] = maker(self)
            return self.kept[maker]

    # --- one maker for each kind --------------------------------------------------------------

    def me(self):
        mine = self.people.call("GET", "/auth/me", self.people.user).json()["id"]
        return {"id": mine, "userId": mine}

    def me_with_picture(self):
        self.people.call("PUT", "/users/me/avatar", self.people.user, files={"file": PICTURE}).raise_for_status()
        return self.me()

    def unsettled_plan(self):
        """A plan with more to do on a day than fits."""
        plan = self.plan()
        task = f"/planner/plans/{plan['id']}/tasks/{plan['taskId']}"
        self.people.call("PATCH", task, self.people.user, json={"estimatedDuration": 1440}).raise_for_status()
        return plan

    def quiz(self):
        body = {"inputMethod": "text", "textContent": TEXT, "questionCount": 3}
        quiz = self.people.made("/quiz/generate", body, headers={"Prefer": "wait=60"})["id"]
        return {"id": quiz, "quizId": quiz}

    def card(self):
        """A question that was submitted."""
        quiz = self.quiz()["id"]
        result = self.people.made("/quiz/submit", {"quizId": quiz, "answers": {}})
        return {"quizId": quiz, "questionId": result["questionResults"][0]["questionId"]}

    def plan(self):
        subject = {"name": "Art", "difficulty": "easy", "priority": "low"}
        body = {"subjects": [subject], "dailyStudyHours": 0.5, "examDate": "2099-01-01"}
        plan = self.people.made("/planner/generate", body, headers={"Prefer": "wait=60"})
        token = plan["feedUrl"].split("/")[-2]
        return {"id": plan["id"], "taskId": plan["days"][0]["tasks"][0]["id"], "token": token}

    def forgotten_password(self):
        email = self.people.account()["user"]["email"]
        self.people.made("/auth/forgot-password", {"email": email})
        return {"token": self.people.mailed(email, "reset-password")}

    def new_address(self):
        return {"token": self.people.mailed(self.people.account()["user"]["email"], "verify-email")}

    def attempt(self):
        quiz = self.quiz()["id"]
        return {"quizId": quiz, **self.people.made("/quiz/attempt", {"quizId": quiz})}

    def shared_quiz(self):
        quiz = self.quiz()["id"]
        return {"id": quiz, **self.people.made(f"/quiz/{quiz}/share")}

    def waiting_job(self):
        body = {"inputMethod": "text", "textContent": TEXT, "notBefore": "2099-01-01T00:00:00.000Z"}
        return {"id": self.people.made("/quiz/generate", body)["id"]}

    def ended_job(self):
        job = self.waiting_job()
        self.people.made(f"/jobs/{job['id']}/cancel")
        return job

    def failed_job(self):
        """A job that failed: its document is damaged."""
        with open(PDF.parent / "damaged.pdf", "rb") as file:
            answer = self.people.call("POST", "/quiz/generate-from-pdf", self.people.user, files={"file": file})
        job = answer.json()["id"]
        self.people.call("GET", f"/jobs/{job}", self.people.user, headers={"Prefer": "wait=60"})
        return {"id": job}

    def queue(self):
        queues = self.people.call("GET", "/admin/queues", self.people.admin).json()
        return {"name": random.choice(queues)["name"]}

    def note(self):
        return {"id": self.people.made("/notes", {"title": "Cells", "content": TEXT, "tags": ["biology"]})["id"]}

    def trashed_note(self):
        note = self.note()
        self.people.call("DELETE", f"/notes/{note['id']}", self.people.user).raise_for_status()
        return note

    def export(self):
        return {"id": self.people.made("/users/me/export", headers={"Prefer": "wait=60"})["id"]}

    def rendered_report(self):
        wanted = {"Accept": "application/pdf"}
        job = self.people.call("GET", "/analytics/report", self.people.user, headers=wanted).json()["id"]
        self.people.call("GET", f"/jobs/{job}", self.people.user, headers={"Prefer": "wait=60"})
        return {"id": job}

    def study_session(self):
        return {"id": self.people.made("/study-sessions", {})["id"]}

    def login(self):
        return {"refreshToken": self.people.account()["refreshToken"]}


# Of the paths that begin so: what their ids name. The first that fits counts.
PATHS = [
    ("/admin/jobs/{id}/discard", Pool.failed_job),
    ("/admin/jobs/{id}/retry", Pool.ended_job),
    ("/admin/jobs/{id}", Pool.waiting_job),
    ("/admin/queues/{name}", Pool.queue),
    ("/analytics/reports/{id}", Pool.rendered_report),
    ("/jobs/{id}/events", Pool.ended_job),
    ("/jobs/{id}/retry", Pool.ended_job),
    ("/jobs/{id}", Pool.waiting_job),
    ("/notes/trash/{id}", Pool.trashed_note),
    ("/notes/{id}/restore", Pool.trashed_note),
    ("/notes/{id}", Pool.note),
    ("/planner/feeds/{token}", Pool.plan),
    ("/planner/plans/{id}/reschedule", Pool.unsettled_plan),
    ("/planner/plans/{id}", Pool.plan),
    ("/quiz/attempts/{attemptId}", Pool.attempt),
    ("/quiz/attempts/{quizId}", Pool.quiz),
    ("/quiz/shared/{token}", Pool.shared_quiz),
    ("/quiz/user/{userId}", Pool.me),
    ("/quiz/{id}/share", Pool.shared_quiz),
    ("/quiz/{id}", Pool.quiz),
    ("/review/{quizId}/{questionId}", Pool.card),
    ("/study-sessions/{id}", Pool.study_session),
    ("/users/me/exports/{id}", Pool.export),
    ("/users/{id}/avatar", Pool.me_with_picture),
    ("/users/{id}", Pool.me),
]


def only(maker, *names):
    """Those of the values that a maker gives."""

    def values(pool):
        made = maker(pool)
        return {name: made[name] for name in names}

    return values


# What a body must hold to mean something.
BODIES = {
    "POST /auth/register": lambda pool: {"email": pool.people.email()},
    "POST /auth/login": lambda pool: {"email": os.environ["SMARTSTUDY_EMAIL"], "password": PASSWORD},
    "POST /auth/refresh": Pool.login,
    "POST /auth/change-password": lambda pool: {"currentPassword": PASSWORD},
    "POST /auth/reset-password": Pool.forgotten_password,
    "POST /auth/verify-email": Pool.new_address,
    "POST /users/me/erase": lambda pool: {"password": PASSWORD},
    "POST /planner/generate": lambda pool: {"examDate": "2099-01-01"},
    "POST /quiz/attempt": only(Pool.quiz, "quizId"),
    "POST /quiz/submit": lambda pool: {**only(Pool.attempt, "attemptId")(pool), "answers": {}},
    "POST /quiz/{id}/submit": lambda pool: {"answers": {}},
    "PATCH /quiz/attempts/{attemptId}/answers": lambda pool: {"answers": {}},
}
