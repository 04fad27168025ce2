"""Logs are facts with fields: once when it breaks, once when it heals; people by id."""

import logging
import sys

import structlog

SECRET_FIELDS = ("password", "pin", "token", "secret", "cookie", "authorization", "key")
"""A field whose name holds one of these is never written out, whatever its value."""


def hide_secrets(
    logger: object, method: str, fields: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace the values of secret-looking fields before anything is rendered."""
    del logger, method
    for name in fields:
        if any(word in name.lower() for word in SECRET_FIELDS):
            fields[name] = "***"
    return fields


def set_up(*, json_lines: bool = False, level: int = logging.INFO) -> None:
    """Send everything to standard error, as lines for people or as JSON for machines."""
    renderer = (
        structlog.processors.JSONRenderer()
        if json_lines
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            hide_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s"
    )
