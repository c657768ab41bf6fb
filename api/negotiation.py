"""What a caller likes best, of an Accept header or one of its kind."""

from collections.abc import Iterator


def offers(header: str | None) -> Iterator[tuple[str, float]]:
    """What a header names, in lower case, each with its quality: 1 where it says none, 0 where what
    it says is none."""
    for offer in (header or "").split(","):
        name, *parameters = (part.strip().lower() for part in offer.split(";"))
        if name:
            yield name, _quality(parameters)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() != "q":
            continue
        try:
            return float(value)
        except ValueError:
            # Not worth refusing a request: such an offer counts for nothing.
            return 0.0
    return 1.0
