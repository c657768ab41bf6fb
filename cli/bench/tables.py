"""Tables as the benchmarks write them, in Markdown; on the screen the same are drawn."""

from collections.abc import Sequence

from rich.console import Console
from rich.markdown import Markdown

_WIDTH = 120


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown; all columns but the first are numbers."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def draw(content: str) -> None:
    """Show what is written, on the screen."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=_WIDTH)
    console.print(Markdown(content))
