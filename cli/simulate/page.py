"""A report as one HTML file that needs nothing else: no script, font or picture from elsewhere."""

from collections.abc import Iterable, Sequence
from html import escape

from cli.simulate import charts
from cli.simulate.history import Account, headings, headings_of_most, most_of, rows_of
from cli.simulate.report import judged, share, with_margin
from cli.simulate.words import FIGURES, Language, say
from domain.simulation.trial import Trial

_CSS = """
:root { color-scheme: light; }
body { font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff;
       max-width: 62rem; margin: 0 auto; padding: 1rem; }
h1 { font-size: 1.5rem; line-height: 1.2; } h2 { font-size: 1.15rem; margin-top: 2rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem; }
th, td { padding: .25rem .6rem; border-bottom: 1px solid #ddd; text-align: right;
         white-space: nowrap; vertical-align: top; }
th:first-child, td:first-child { text-align: left; position: sticky; left: 0; background: #fff;
                                  white-space: normal; min-width: 6.5rem; }
td.term { padding-left: 1.6rem; color: #555; }
small { display: block; font-size: .78em; font-weight: 400; color: #666; }
.better { color: #00664c; font-weight: 600; } .worse { color: #a8330a; font-weight: 600; }
figure { margin: 0; } svg { width: 100%; height: auto; max-width: 44rem; }
p { max-width: 44rem; }
"""
_JUDGED = {1: "better", 0: "", -1: "worse"}


def of_trial(trial: Trial, setting: str, language: Language) -> str:
    """The page of a trial; `setting` says in a sentence what was played."""
    first = trial.names[0]
    note = "margin" if len(trial.seeds) > 1 else "one_seed"
    parts = [
        f"<p>{escape(setting)}</p>",
        table(*_figures(trial, language)),
        f"<p>{escape(say(note, language))} {escape(say('weights', language, first=first))}</p>",
        chart(say("cost_chart", language), charts.costs(trial, language)),
        chart(say("service_chart", language), charts.service(trial, language)),
        chart(say("load", language), charts.load(trial)),
        table(*_load(trial, language)),
    ]
    return page(say("title", language), parts, language)


def of_history(account: Account, language: Language) -> str:
    """The page of past decisions made again."""
    parts = [f"<p>{escape(account.setting(language))}</p>"]
    for comparison in account.comparisons:
        name = f"{comparison.live_version}, {comparison.currency}"
        parts.append(f"<h2>{escape(name)}</h2>")
        rows = [_plain(row) for row in rows_of(comparison, language)]
        parts.append(table(headings(account.tried, language), rows))
        parts.append(f"<figure>{charts.changes(comparison, account.tried, language)}</figure>")
        if comparison.most:
            parts.append(f"<h3>{escape(say('most', language))}</h3>")
            most = [_plain(row) for row in most_of(comparison)]
            parts.append(table(headings_of_most(language), most))
    return page(say("history", language), parts, language)


def _plain(row: Sequence[str]) -> list[tuple[str, str]]:
    return [(text, "") for text in row]


def page(title: str, parts: Iterable[str], language: Language) -> str:
    """A whole document; the parts are HTML already."""
    body = "\n".join(parts)
    return f"""<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{_CSS}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
"""


def chart(title: str, svg: str) -> str:
    return f"<h2>{escape(title)}</h2>\n<figure>{svg}</figure>"


def table(head: Sequence[str], rows: Iterable[Sequence[tuple[str, str]]]) -> str:
    """A table that scrolls by itself where it is too wide; each cell is a text and its class."""
    heads = "".join(f'<th scope="col">{escape(text)}</th>' for text in head)
    lines = [f"<tr>{''.join(_cell(*cell) for cell in row)}</tr>" for row in rows]
    body = "\n".join(lines)
    return f'<div class="wide"><table>\n<tr>{heads}</tr>\n{body}\n</table></div>'


def _cell(text: str, style: str) -> str:
    mean, sign, margin = escape(text).partition(" ± ")
    text = f"{mean}<small>±&nbsp;{margin}</small>" if sign else mean
    return f'<td class="{style}">{text}</td>' if style else f"<td>{text}</td>"


def _figures(trial: Trial, language: Language) -> tuple[list[str], list[list[tuple[str, str]]]]:
    first, *others = trial.names
    head = [
        say("figure", language),
        *trial.names,
        *(say("difference", language, name=name, first=first) for name in others),
    ]
    rows = []
    for figure in FIGURES:
        row = [(figure.label(language), "term" if figure.is_term else "")]
        row += [(with_margin(trial.figure(figure.name, name), figure), "") for name in trial.names]
        for name in others:
            value = trial.difference(figure.name, name)
            row.append((with_margin(value, figure, signed=True), _JUDGED[judged(value, figure)]))
        rows.append(row)
    return head, rows


def _load(trial: Trial, language: Language) -> tuple[list[str], list[list[tuple[str, str]]]]:
    rows = [
        [(place, ""), *((share(trial.load(place, name)), "") for name in trial.names)]
        for place in trial.locations()
    ]
    return [say("location", language), *trial.names], rows
