"""Which files each page is made of, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class ScriptLibrary(NamedTuple):
    """A library of others, kept as it was published; ``vendor/vendor.json`` tells where.

    Args:
        script: what it runs, as a path below this package; it leaves one global name.
        style: its style sheet; None for none.
        makes_styles: it adds style elements of its own, and has to be told a nonce for them.
        makes_markup: it sets markup from text of its own, so trusted types cannot be required.
    """

    script: str
    style: str | None = None
    makes_styles: bool = False
    makes_markup: bool = False


#: Draws waveforms; it leaves the name WaveSurfer.
WAVESURFER = ScriptLibrary(
    "vendor/wavesurfer.js-8.0.1/wavesurfer.min.js", makes_styles=True, makes_markup=True
)
#: Draws plots; it leaves the name uPlot.
UPLOT = ScriptLibrary("vendor/uplot-1.6.32/uPlot.iife.min.js", "vendor/uplot-1.6.32/uPlot.min.css")


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLayout:
    """A page before its data; files are paths below this package.

    Args:
        body: the markup between ``<body>`` and ``</body>``.
        styles: style sheets, the later ones stronger.
        scripts: our own scripts, run in this order inside one function in strict mode: what one
            declares, the later ones and all functions see, and nobody else does.
        libraries: what they use, run before them.
        plays: it plays sounds that lie beside it.
    """

    body: str
    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    libraries: tuple[ScriptLibrary, ...] = ()
    plays: bool = False


#: The page on which people hear, see and decide.
REVIEW_LAYOUT = PageLayout(
    body="review/review.html",
    styles=(
        "review/tokens.css",
        "review/controls.css",
        "review/page.css",
        "review/list.css",
        "review/deck.css",
        "review/dialogs.css",
        "review/panel.css",
        "review/phone.css",
    ),
    scripts=(
        "review/app.js",
        "review/elements.js",
        "review/storage.js",
        "review/model.js",
        "review/waveform.js",
        "review/decisions.js",
        "review/server.js",
        "review/player.js",
        "review/filters.js",
        "review/facets.js",
        "review/address.js",
        "review/rows.js",
        "review/list.js",
        "review/replaced.js",
        "review/votes.js",
        "review/deck.js",
        "review/progress.js",
        "review/dialogs.js",
        "review/keys.js",
        "review/morae.js",
        "review/pitch.js",
        "review/drawing.js",
        "review/picture_media.js",
        "review/picture.js",
        "review/facts.js",
        "review/compare.js",
        "review/accent_picker.js",
        "review/again_typed.js",
        "review/again.js",
        "review/jobs.js",
        "review/panel.js",
        "review/start.js",
    ),
    libraries=(WAVESURFER,),
    plays=True,
)
#: The picture of a run.
REPORT_LAYOUT = PageLayout(
    body="report/report.html",
    styles=("review/tokens.css", "report/report.css"),
    scripts=("report/plots.js", "report/report.js"),
    libraries=(UPLOT,),
)
