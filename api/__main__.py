"""Run the API: `python -m api`."""

from contextlib import suppress

from adapters.settings import Settings
from adapters.starting import loading


def main() -> None:
    """Read the settings from the environment and serve."""
    # Before all that takes seconds to import: a wrong setting is told at once.
    settings = Settings()
    with loading():
        import uvloop

        from adapters.telemetry import configure_logging
        from api.serving import SERVICE, serve
    configure_logging(settings.log_level, settings.log_format, SERVICE)
    with suppress(KeyboardInterrupt):
        uvloop.run(serve(settings))


if __name__ == "__main__":
    main()
