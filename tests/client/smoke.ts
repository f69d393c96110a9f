// A student's day through the typed client that is generated from the document. That it compiles shows that the
// document describes what a client needs; that it runs shows that the server keeps to the document.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./api.js";

const [, , url, lecture] = process.argv;
assert(url && lecture, "usage: smoke.js URL TEXT");

const text = (await readFile(lecture, "utf8")).slice(0, 3000);

const api = createClient<paths>({ baseUrl: url });

function bearer(token: string): Middleware {
  return {
    onRequest({ request }) {
      request.headers.set("Authorization", `Bearer ${token}`);
      return request;
    },
  };
}

/** The data of an answer that must be a success. */
function good<T>(answer: { data?: T; error?: unknown; response: Response }): NonNullable<T> {
  const { method, status } = { method: answer.response.url, status: answer.response.status };
  assert(answer.response.ok, `${method} answers ${status}: ${JSON.stringify(answer.error)}`);
  assert(answer.data !== undefined && answer.data !== null, `${method} has no data`);
  return answer.data;
}

// Without a login there is a problem with a code, which the types list.
const refused = await api.GET("/auth/me");
assert.equal(refused.response.status, 401);
const code: components["schemas"]["ProblemBody"]["code"] | undefined = refused.error?.code;
assert.equal(code, "auth.required");

const account = { name: "Ada Lovelace", email: `ada-${process.pid}@example.org`, password: "correct horse battery" };
const user = good(await api.POST("/auth/register", { body: account }));
assert.equal(user.id, user._id);
const session = good(
  await api.POST("/auth/login", { body: { email: account.email, password: account.password } }),
);
api.use(bearer(session.accessToken));
assert.equal(good(await api.GET("/users/me")).email, account.email);

// A quiz, waited for.
const made = await api.POST("/quiz/generate", {
  params: { header: { Prefer: "wait=60" } },
  body: { inputMethod: "text", textContent: text, questionCount: 3, difficulty: "easy" },
});
assert.equal(made.response.status, 201);
const quiz = good(made);
assert("questions" in quiz && quiz.questions, "a quiz, no job");
assert.equal(quiz.questions.length, 3);

// Taken, with the answers its owner may see.
const key = good(
  await api.GET("/quiz/{id}", { params: { path: { id: quiz.id }, query: { include: "answers" } } }),
);
const attempt = good(await api.POST("/quiz/attempt", { body: { quizId: quiz.id } }));
const answers = Object.fromEntries(
  (key.questions ?? []).map((question) => {
    assert(question.correctAnswer !== undefined);
    return [question.id, question.correctAnswer] as const;
  }),
);
const result = good(await api.POST("/quiz/submit", { body: { attemptId: attempt.attemptId, answers } }));
assert.equal(result.percentage, 100);
const results = good(await api.GET("/quiz/attempts/{quizId}", { params: { path: { quizId: quiz.id } } }));
assert.deepEqual(
  results.map((one) => one.attemptId),
  [result.attemptId],
);

// A job, followed by polling with the version that is known.
const accepted = await api.POST("/quiz/generate", {
  body: { inputMethod: "text", textContent: text, questionCount: 2 },
});
assert.equal(accepted.response.status, 202);
const started = good(accepted);
assert("links" in started);
let job: components["schemas"]["JobView"] = started;
let tag: string | undefined;
while (!["succeeded", "failed", "cancelled", "discarded"].includes(job.status)) {
  const header = { Prefer: "wait=10", ...(tag ? { "If-None-Match": tag } : {}) };
  const polled = await api.GET("/jobs/{id}", { params: { path: { id: job.id }, header } });
  if (polled.response.status === 304) continue;
  job = good(polled);
  tag = polled.response.headers.get("etag") ?? undefined;
}
assert.equal(job.status, "succeeded");
assert.equal(job.result?.type, "quiz");

// A note, found again.
const note = good(await api.POST("/notes", { body: { title: "Cells", content: text, tags: ["biology"] } }));
const found = good(await api.GET("/notes", { params: { query: { search: "membrane" } } }));
assert.deepEqual(
  found.map((one) => one.id),
  [note.id],
);

// A plan, of which a task is done.
const planned = await api.POST("/planner/generate", {
  params: { header: { Prefer: "wait=60" } },
  body: {
    subjects: [{ name: "Biology", difficulty: "moderate", priority: "high" }],
    dailyStudyHours: 2,
    examDate: new Date(Date.now() + 20 * 24 * 3600 * 1000).toISOString().slice(0, 10),
  },
});
assert.equal(planned.response.status, 201);
const plan = good(planned);
assert("days" in plan && plan.days);
const task = plan.days.flatMap((day) => day.tasks).find((task) => task.type !== "break");
assert(task);
const followed = good(
  await api.PATCH("/planner/plans/{id}/tasks/{taskId}", {
    params: { path: { id: plan.id, taskId: task.id } },
    body: { completed: true },
  }),
);
assert.equal(followed.progress.tasksDone, 1);

// A study session.
const studied = good(await api.POST("/study-sessions", { body: { durationMinutes: 25, subject: "Biology" } }));
assert.equal(studied.completed, true);
const sums = good(await api.GET("/study-sessions/stats"));
assert.equal(sums.totalMinutes, 25);

// A mistake is told by its field.
const mistake = await api.POST("/quiz/generate", { body: { inputMethod: "text", textContent: "too short" } });
assert.equal(mistake.response.status, 400);
assert.equal(mistake.error?.code, "validation.failed");
assert.equal(mistake.error?.errors?.[0]?.field, "textContent");

console.log("the typed client works");
