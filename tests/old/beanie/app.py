"""The FastAPI port of the old backend, as far as the tests need it."""

import os
import socket
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import uvicorn
from beanie import Link, PydanticObjectId, init_beanie
from bson import DBRef, ObjectId
from documents import Note, Question, Quiz, QuizAttempt, StudySession, User, now
from fastapi import Depends, FastAPI, Header, HTTPException
from fastapi.encoders import jsonable_encoder
from jose import JWTError, jwt
from passlib.context import CryptContext
from pydantic import BaseModel
from pymongo import AsyncMongoClient

SECRET = os.environ["JWT_SECRET"]
ALGORITHM = "HS256"
passwords = CryptContext(schemes=["bcrypt"], deprecated="auto")
listener = socket.create_server(("127.0.0.1", int(os.environ.get("PORT", 0))))


@asynccontextmanager
async def lifespan(_):
    client = AsyncMongoClient(os.environ["MONGODB_URI"], tz_aware=True)
    await init_beanie(client.get_default_database(), document_models=[User, Quiz, QuizAttempt, Note, StudySession])
    print(f"listening on {listener.getsockname()[1]}", flush=True)
    yield
    await client.close()


app = FastAPI(lifespan=lifespan)


def shown(document):
    fields = {name: value for name, value in document if name not in ("password", "revision_id")}
    encoders = {ObjectId: str, Link: lambda link: link.ref.id and str(link.ref.id)}
    return jsonable_encoder({**fields, "_id": document.id}, custom_encoder=encoders)


def found(document, name):
    if document is None:
        raise HTTPException(404, f"{name} not found")
    return document


def of(user, name, old_name):
    """A filter for the user's documents, in whatever form a reference to the user is stored."""
    return {"$or": [{f"{name}.$id": user.id}, {old_name: {"$in": [user.id, str(user.id)]}}]}


@app.get("/health")
async def health():
    return {"status": "ok"}


# --- Accounts ----------------------------------------------------------------------------------


async def optional_login(authorization: Annotated[str, Header()] = ""):
    scheme, _, token = authorization.partition(" ")
    if scheme != "Bearer":
        return None
    try:
        user_id = jwt.decode(token, SECRET, algorithms=[ALGORITHM])["sub"]
    except (JWTError, KeyError):
        raise HTTPException(401, "Could not validate credentials") from None
    return (ObjectId.is_valid(user_id) and await User.get(user_id)) or None


Caller = Annotated[User | None, Depends(optional_login)]


async def login(user: Caller):
    if user is None:
        raise HTTPException(401, "Could not validate credentials")
    return user


LoggedIn = Annotated[User, Depends(login)]


class Credentials(BaseModel):
    email: str
    password: str


class Registration(Credentials):
    name: str
    role: Literal["student", "teacher", "admin"] = "student"


def session(user):
    claims = {"sub": str(user.id), "exp": now() + timedelta(days=7)}
    token = jwt.encode(claims, SECRET, algorithm=ALGORITHM)
    return {"access_token": token, "user": {"id": str(user.id), "_id": str(user.id), "email": user.email}}


@app.post("/auth/register", status_code=201)
async def register(account: Registration):
    if await User.find_one(User.email == account.email):
        raise HTTPException(400, "Email already registered")
    hashed = passwords.hash(account.password)
    return session(await User(**account.model_dump(exclude={"password"}), password=hashed).insert())


@app.post("/auth/login")
async def log_in(given: Credentials):
    user = await User.find_one(User.email == given.email)
    if user is None or not passwords.verify(given.password, user.password):
        raise HTTPException(401, "Incorrect email or password")
    return session(user)


@app.get("/auth/me")
async def me(user: LoggedIn):
    return shown(user)


# --- Quizzes -----------------------------------------------------------------------------------


class NewQuiz(BaseModel):
    topic: str
    questions: list[Question]
    correct_answers: list[str]
    source_content: str | None = None


class Answers(BaseModel):
    answers: dict[str, str] | None = None


@app.post("/quiz", status_code=201)
async def create_quiz(quiz: NewQuiz, user: Caller):
    creator = Link(DBRef("users", user and user.id), User)
    return shown(await Quiz(**dict(quiz), created_by=creator).insert())


@app.get("/quiz/user/me/history")
async def history(user: LoggedIn):
    mine = QuizAttempt.find({"user.$id": user.id, "is_completed": True}).sort("-completed_at")
    return [shown(attempt) async for attempt in mine]


@app.get("/quiz/{quiz_id}")
async def read_quiz(quiz_id: PydanticObjectId):
    return shown(found(await Quiz.get(quiz_id), "Quiz"))


def new_attempt(quiz_id, user):
    return QuizAttempt(quiz=quiz_id, user=user.id)


@app.post("/quiz/{quiz_id}/start", status_code=201)
async def start_quiz(quiz_id: PydanticObjectId, user: LoggedIn):
    found(await Quiz.get(quiz_id), "Quiz")
    return shown(await new_attempt(quiz_id, user).insert())


@app.post("/quiz/{quiz_id}/submit", status_code=201)
async def submit_quiz(quiz_id: PydanticObjectId, given: Answers, user: LoggedIn):
    quiz = found(await Quiz.get(quiz_id), "Quiz")
    started = {"quiz.$id": quiz_id, "user.$id": user.id, "is_completed": False}
    attempt = await QuizAttempt.find_one(started) or new_attempt(quiz_id, user)
    answers = given.answers or {}
    pairs = zip(quiz.questions, quiz.correct_answers, strict=False)
    attempt.answers = given.answers
    attempt.score = float(sum(answers.get(question.id) == correct for question, correct in pairs))
    attempt.max_score = float(len(quiz.questions))
    attempt.percentage = attempt.score / attempt.max_score * 100 if quiz.questions else 0.0
    attempt.completed_at = attempt.updated_at = now()
    attempt.is_completed = True
    return shown(await attempt.save())


# --- Notes -------------------------------------------------------------------------------------


class NewNote(BaseModel):
    title: str
    content: str | None = None
    tags: list[str] = []
    metadata: dict[str, Any] | None = None


class NoteChange(NewNote):
    title: str = ""


async def own_note(note_id: PydanticObjectId, user: LoggedIn):
    return found(await Note.find_one({"_id": note_id, **of(user, "user", "user")}), "Note")


OwnNote = Annotated[Note, Depends(own_note)]


@app.post("/notes", status_code=201)
async def create_note(note: NewNote, user: LoggedIn):
    return shown(await Note(**note.model_dump(), user=user.id).insert())


@app.get("/notes")
async def list_notes(user: LoggedIn):
    return [shown(note) async for note in Note.find(of(user, "user", "user")).sort("-_id")]


@app.get("/notes/{note_id}")
async def read_note(note: OwnNote):
    return shown(note)


@app.put("/notes/{note_id}")
async def change_note(note: OwnNote, change: NoteChange):
    for name, value in change.model_dump(exclude_unset=True).items():
        setattr(note, name, value)
    note.updated_at = now()
    # A `$set` of the fields declared here: a note of the old backend keeps its own beside them.
    return shown(await note.save())


@app.delete("/notes/{note_id}")
async def delete_note(note: OwnNote):
    await note.delete()
    return {"message": "Note deleted"}


# --- Study sessions ----------------------------------------------------------------------------


class NewSession(BaseModel):
    start_time: datetime | None = None
    end_time: datetime | None = None
    duration_minutes: float | None = None
    session_type: str = "focus"
    notes: str | None = None


@app.post("/study-sessions", status_code=201)
async def create_session(given: NewSession, user: LoggedIn):
    fields = {**given.model_dump(), "start_time": given.start_time or now()}
    return shown(await StudySession(**fields, user_id=user.id).insert())


@app.get("/study-sessions")
async def list_sessions(user: LoggedIn):
    mine = StudySession.find(of(user, "user_id", "userId")).sort("-_id")
    return [shown(session) async for session in mine]


if __name__ == "__main__":
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    uvicorn.Server(config).run(sockets=[listener])
