"""What every value of the domain has in common."""

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value; a field that it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Stored(BaseModel):
    """A value that a workflow's history keeps.

    Such types change only by addition, each addition with a default, so that an old history always
    decodes; a field written by a newer release is ignored, so that a release can be taken back.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
