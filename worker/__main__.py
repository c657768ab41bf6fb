"""`python -m worker`: runs until it is told to stop, then finishes what it has in hand."""

from adapters.settings import Settings
from adapters.starting import loading


def main() -> None:
    """Read the settings from the environment and run."""
    # Before all that takes seconds to import: a wrong setting is told at once.
    settings = Settings()
    with loading():
        import uvloop

        from adapters.telemetry import configure_logging
        from worker.running import SERVICE, run
    configure_logging(settings.log_level, settings.log_format, SERVICE)
    uvloop.run(run(settings))


if __name__ == "__main__":
    main()
