"""`python -m world`: the simulated outside world, set up by its environment."""

import logging
import sys

import uvicorn

from world.app import create_app
from world.settings import SettingsError, read_settings


def main() -> int:
    """Serve until interrupted; returns the exit status."""
    try:
        settings = read_settings()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    # One line for each webhook would be most of what the log says.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    uvicorn.run(
        create_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,
        log_config=None,
        ws="none",
        # Longer than our clients keep an idle connection: none is closed under a request.
        timeout_keep_alive=75,
        # A hanging answer must not keep the process from ending.
        timeout_graceful_shutdown=1,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
