"""The settings of a running process, read from its environment."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class SettingsError(SystemExit):
    """The environment lacks a setting or holds a wrong one; the message names it.

    Nobody can mend that while the process runs, so that left alone it ends the process with this
    one sentence instead of a traceback.
    """


def _with_driver(url: str) -> str:
    scheme, separator, rest = url.partition("://")
    if separator and scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    if scheme != "postgresql+psycopg":
        raise ValueError("must begin with postgresql://")
    return url


def _http_base(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("must begin with http:// or https://")
    return url.rstrip("/")


DatabaseUrl = Annotated[str, AfterValidator(_with_driver)]
HttpBase = Annotated[str, AfterValidator(_http_base)]
LogLevel = Annotated[
    Literal["DEBUG", "INFO", "WARNING", "ERROR"],
    BeforeValidator(lambda value: value.upper() if isinstance(value, str) else value),
]


class Settings(BaseSettings):
    """Where everything is, and how to behave. Each field is the variable of the same name.

    Only composition roots (the worker, the API, the command line) make one and pass on what each
    part needs. Raises `SettingsError` when a required variable is missing or a value is wrong.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    database_url: DatabaseUrl = Field(repr=False)
    temporal_address: str
    temporal_namespace: str = "default"
    task_queue: str = "orders"

    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8080, ge=0, le=65535)

    carriers_url: HttpBase
    warehouses_url: HttpBase
    payments_url: HttpBase
    notifier_url: HttpBase
    http_timeout: float = Field(default=5.0, gt=0, description="seconds")

    reconcile_period: float = Field(default=60.0, gt=0, description="seconds")

    log_level: LogLevel = "INFO"
    log_format: Literal["json", "console"] = "json"
    otel_exporter_otlp_endpoint: HttpBase | None = None

    def __init__(self, **values: object) -> None:
        try:
            super().__init__(**values)  # type: ignore[arg-type]  # validated by the call itself
        except ValidationError as error:
            raise SettingsError(_sentence(error)) from None


def _sentence(error: ValidationError) -> str:
    """Say which variables are missing or wrong, without repeating a value that may be a secret."""
    missing, wrong = [], []
    for problem in error.errors(include_url=False, include_input=False):
        variable = "_".join(str(part) for part in problem["loc"]).upper()
        if problem["type"] == "missing":
            missing.append(variable)
        else:
            wrong.append(f"{variable}: {problem['msg'].removeprefix('Value error, ')}")
    sentences = []
    if missing:
        verb = "is" if len(missing) == 1 else "are"
        sentences.append(f"{', '.join(missing)} {verb} not set in the environment.")
    sentences += [f"{text}." for text in wrong]
    return " ".join(sentences)
