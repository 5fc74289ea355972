"""A peer: the way tutorials teach. FastAPI, SQLModel's ORM session, get → check → change → commit → refresh.

`python -m uvicorn bench.tutorial:app` with DATABASE_URL, on donebase's tables. Nothing of donebase's is in it.
"""

import os
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal, Self

from fastapi import Depends, FastAPI, HTTPException
from pydantic import model_validator
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import create_async_engine
from sqlmodel import ARRAY, BigInteger, DateTime, Field, SQLModel, Text, col, select
from sqlmodel.ext.asyncio.session import AsyncSession

engine = create_async_engine(
    os.environ.get("DATABASE_URL", "").replace("postgresql://", "postgresql+asyncpg://") or "postgresql+asyncpg://",
    pool_pre_ping=True,
    pool_size=10,
    max_overflow=0,
)
app = FastAPI(title="Tasks")
Priority = Literal["low", "medium", "high"]
Tag = Annotated[str, Field(min_length=1, max_length=50)]


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


class User(SQLModel, table=True):
    """A user."""

    __tablename__ = "users"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)


class Due(SQLModel):
    """When a task is due."""

    date: date
    time: str | None = Field(default=None, regex=r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$")
    time_zone: str | None = None


class TaskBase(SQLModel):
    """What a task and its inputs share."""

    title: str = Field(min_length=1, max_length=500)
    description: str | None = Field(default=None, max_length=5000)
    completed: bool = False
    priority: Priority | None = Field(default=None, sa_type=Text)
    tags: list[Tag] = Field(default=[], max_length=20, sa_type=ARRAY(Text))
    order: float | None = None


class Task(TaskBase, table=True):
    """A task in the database."""

    __tablename__ = "tasks"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger)
    user_id: int = Field(foreign_key="users.id", index=True, sa_type=BigInteger)
    version: int = Field(default=1, sa_type=BigInteger)
    due: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    completed_at: datetime | None = Field(default=None, sa_type=DateTime(timezone=True))
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TaskCreate(TaskBase):
    """A task to be created."""

    due: Due | None = None


class TaskUpdate(SQLModel):
    """What is to change."""

    title: str | None = Field(default=None, min_length=1, max_length=500)
    description: str | None = Field(default=None, max_length=5000)
    completed: bool | None = None
    due: Due | None = None
    priority: Priority | None = None
    tags: list[Tag] | None = Field(default=None, max_length=20)
    order: float | None = None


class TaskRead(TaskBase):
    """A task as it is answered."""

    id: int
    user_id: int
    version: int
    due: Due | None
    completed_at: datetime | None
    created_at: datetime
    updated_at: datetime

    @model_validator(mode="after")
    def _order_of_creation(self) -> Self:
        if self.order is None:
            self.order = self.id
        return self


async def get_session() -> AsyncIterator[AsyncSession]:
    """Give a request a session of its own."""
    async with AsyncSession(engine) as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


async def _own_task(session: AsyncSession, user_id: int, task_id: int) -> Task:
    task = (await session.exec(select(Task).where(Task.id == task_id))).first()
    if task is None or task.user_id != user_id:
        raise HTTPException(status_code=404, detail="Task not found")
    return task


async def _save(session: AsyncSession, task: Task) -> Task:
    task.updated_at = now()
    if task.completed != (task.completed_at is not None):
        task.completed_at = task.updated_at if task.completed else None
    session.add(task)
    await session.commit()
    await session.refresh(task)
    return task


@app.post("/users/{user_id}/tasks", status_code=201, response_model=TaskRead)
async def create_task(session: Session, user_id: int, task: TaskCreate) -> Task:
    """Create a task, and its user where there is none yet."""
    if await session.get(User, user_id) is None:
        session.add(User(id=user_id))
        await session.flush()
    due = task.due and task.due.model_dump(mode="json")
    return await _save(session, Task.model_validate(task, update={"user_id": user_id, "due": due}))


@app.get("/users/{user_id}/tasks", response_model=list[TaskRead])
async def list_tasks(session: Session, user_id: int) -> Sequence[Task]:
    """List a user's tasks."""
    return (await session.exec(select(Task).where(Task.user_id == user_id).order_by(col(Task.id)))).all()


@app.get("/users/{user_id}/tasks/{task_id}", response_model=TaskRead)
async def get_task(session: Session, user_id: int, task_id: int) -> Task:
    """Read a task."""
    return await _own_task(session, user_id, task_id)


@app.put("/users/{user_id}/tasks/{task_id}", response_model=TaskRead)
async def update_task(session: Session, user_id: int, task_id: int, changes: TaskUpdate) -> Task:
    """Change what is sent of a task."""
    task = await _own_task(session, user_id, task_id)
    task.sqlmodel_update(changes.model_dump(mode="json", exclude_unset=True))
    task.version += 1
    return await _save(session, task)


@app.patch("/api/{user_id}/tasks/{task_id}/complete", response_model=TaskRead)
async def toggle_task(session: Session, user_id: int, task_id: int) -> Task:
    """Turn a task over."""
    task = await _own_task(session, user_id, task_id)
    task.completed = not task.completed
    task.version += 1
    return await _save(session, task)


@app.delete("/users/{user_id}/tasks/{task_id}")
async def delete_task(session: Session, user_id: int, task_id: int) -> dict[str, str]:
    """Delete a task."""
    task = await _own_task(session, user_id, task_id)
    await session.delete(task)
    await session.commit()
    return {"message": "Task deleted successfully"}
