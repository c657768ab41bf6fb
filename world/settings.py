"""What the world is told by its environment."""

from pathlib import Path

from pydantic import Field, HttpUrl, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(Exception):
    """The environment does not say what the world needs; the text is one sentence for a person."""


class Settings(BaseSettings):
    """Read from `WORLD_*`; the host, the seed and the speed need not be given."""

    model_config = SettingsConfigDict(env_prefix="WORLD_", frozen=True, env_ignore_empty=True)

    host: str = Field("127.0.0.1", description="the address to listen on")
    port: int = Field(ge=1, le=65535, description="the TCP port to listen on")
    ledger: Path = Field(description="the SQLite file that keeps what the world did")
    webhook_url: HttpUrl = Field(description="the base URL that receives the webhooks")
    seed: int | None = Field(None, description="the seed of every random choice")
    speed: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="how many simulated seconds pass in a real one"
    )


def read_settings() -> Settings:
    """The settings of this process; raises SettingsError naming the first variable at fault."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        what = Settings.model_fields[name].description
        problem = "is not set" if first["type"] == "missing" else f"is wrong ({first['msg']})"
        raise SettingsError(f"WORLD_{name.upper()} {problem}: it is {what}.") from None
