"""Logs and traces of a process."""

import logging
import sys
from typing import TYPE_CHECKING, Literal

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger
from temporalio import activity, workflow

from domain.identity import order_id

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

# What they say at INFO is said by our own logs, with the order's id, or is of no use in a log.
_CHATTY = ("httpx", "httpcore", "urllib3")


def configure_logging(level: str, style: Literal["json", "console"], service: str) -> None:
    """Write every log record of the process to standard error, one JSON object or one line each.

    Records of structlog, of the standard library and of Temporal's workflow and activity loggers
    look alike: timestamp, level, logger, service, event, and order_id where it is known.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _naming(service),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, _order_of_temporal],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(style),
            ],
        )
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # What they would add to the end of each message is in the record already.
    workflow.logger.workflow_info_on_message = False
    activity.logger.activity_info_on_message = False


def configure_tracing(service: str, endpoint: str | None) -> "TracerProvider | None":
    """Export the process's spans by OTLP over HTTP to `endpoint`; None, at no cost, without one.

    Call `shutdown()` on the provider when the process ends: it sends what is still waiting.
    """
    if endpoint is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import SERVICE_NAME, Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({SERVICE_NAME: service}))
    exporter = OTLPSpanExporter(endpoint=f"{endpoint.rstrip('/')}/v1/traces")
    provider.add_span_processor(BatchSpanProcessor(exporter))
    return provider


def _rendering(style: Literal["json", "console"]) -> list[Processor]:
    # Tracebacks without local variables: those may hold names, addresses and payment tokens.
    if style == "console":
        plain = structlog.dev.plain_traceback
        return [structlog.dev.ConsoleRenderer(exception_formatter=plain, colors=False)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]


def _naming(service: str) -> Processor:
    def name_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return name_service


def _order_of_temporal(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take the order's id from what Temporal's loggers attach to their records."""
    record: logging.LogRecord = event["_record"]
    for source in ("temporal_workflow", "temporal_activity"):
        attached = getattr(record, source, None)
        if attached:
            event["workflow_id"] = attached.get("workflow_id")
            event["attempt"] = attached.get("attempt")
            kind, _, name = (event["workflow_id"] or "").partition("/")
            if kind == "order":
                event["order_id"] = order_id(*name.split("/", 1))
    return event
