"""What the port keeps in MongoDB, beside what the old backend keeps there."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from beanie import Document, Link
from pydantic import BaseModel, Field, model_validator
from pydantic.alias_generators import to_camel


def now():
    """The time as MongoDB can keep it."""
    at = datetime.now(UTC)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


Now = Annotated[datetime, Field(default_factory=now)]


class Stamped(BaseModel):
    created_at: Now
    updated_at: Now


class EitherShape(Stamped):
    """Reads the old backend's names where its own are absent."""

    @model_validator(mode="before")
    @classmethod
    def with_own_names(cls, data):
        old = {name: data[to_camel(name)] for name in cls.model_fields if to_camel(name) in data}
        return {**old, **data}

    class Settings:
        # Else only the fields declared here are fetched.
        projection = None


class User(EitherShape, Document):
    name: str
    email: str
    password: str
    role: str | None = "student"
    is_active: bool | None = True

    class Settings(EitherShape.Settings):
        name = "users"


class Question(BaseModel):
    id: str | None = None
    question: str
    options: list[str] = []


class Quiz(EitherShape, Document):
    topic: str
    created_by: Link[User] | None = None
    questions: list[Question]
    correct_answers: list[str]
    status: Literal["active", "archived"] = "active"
    source_content: str | None = None

    class Settings(EitherShape.Settings):
        name = "quizzes"


class QuizAttempt(Stamped, Document):
    quiz: Link[Quiz]
    user: Link[User]
    answers: dict[str, str] | None = None
    score: float | None = None
    max_score: float | None = None
    percentage: float | None = None
    started_at: Now
    completed_at: datetime | None = None
    is_completed: bool = False

    class Settings:
        name = "quiz_attempts"


class Note(Stamped, Document):
    title: str
    content: str | None = None
    tags: list[Any] | str | None = []
    user: Link[User]
    metadata: dict[str, Any] | None = None

    class Settings:
        name = "notes"


class StudySession(EitherShape, Document):
    user_id: Link[User]
    start_time: Now
    end_time: datetime | None = None
    duration_minutes: float | None = None
    session_type: str | None = "focus"
    notes: str | None = None

    class Settings(EitherShape.Settings):
        name = "studysessions"
