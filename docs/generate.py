"""Gather the pages of the site: python docs/generate.py FOLDER

One page for each kind of formula is written from the catalogue; the others are copied.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import omomi.rules  # the highest floor with a catalogue: importing it defines them all
from omomi.cli.docstrings import Words
from omomi.cli.entries import Entry, entries, plural
from omomi.formulas.formula import Formula

HERE = Path(__file__).parent
LABELS = ("", "Range", "Units", "Numerics", "Differs", "Check", "Reference")
COPIED = {
    "index.md": HERE / "index.md",
    "getting-started.md": HERE / "getting-started.md",
    "rules.md": HERE / "rules.md",
    "spikes.md": HERE / "spikes.md",
    "adapters.md": HERE / "adapters.md",
    "api.md": HERE / "api.md",
    "images/readme.png": HERE / "images" / "readme.png",
    "images/spikes.png": HERE / "images" / "spikes.png",
    "architecture.md": HERE.parent / "ARCHITECTURE.md",
    "contributing.md": HERE.parent / "CONTRIBUTING.md",
    "changelog.md": HERE.parent / "CHANGELOG.md",
}

Draw = Callable[[Entry | str, Path], Path | None]


def main() -> None:
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    for name, path in COPIED.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, folder / name)
    (folder / "formulas").mkdir()
    for kind in Formula.kinds:
        path = folder / "formulas" / f"{plural(kind)}.md"
        path.write_text(page(kind, path.parent, picture), encoding="utf8")


def page(kind: str, folder: Path, draw: Draw) -> str:
    """The page of a kind. `draw` writes a picture into the folder, if there is one of the formula or the kind."""
    doc = Formula.kinds[kind].__doc__ or ""
    parts = [f"# {plural(kind).capitalize()}", escape(" ".join(doc.split("\n\n")[0].split()))]
    parts += image(draw(kind, folder), f"All {plural(kind)}")
    for entry in entries(kind):
        if entry.thing.__module__.startswith("omomi."):  # and nobody's own
            parts += section(entry, draw(entry, folder))
    return "\n\n".join(parts) + "\n"


def section(entry: Entry, drawn: Path | None) -> list[str]:
    """What there is to say about a formula, paragraph by paragraph."""
    said = checked(entry)
    also = ", ".join(f"`{name}`" for name in entry.also)
    head = f"`{public_name(entry.thing)}`" + (f", also {also}" if also else "")
    parts = [f"## {escape(entry.name)}", head, "{.formula}\n" + formula(said.formula)]
    parts += image(drawn, entry.name)
    parts += [f"**{label}:** {linked(escape(text))}" if label else escape(text) for label, text in said.lines]
    if entry.parameters:
        rows = [[f"`{p['name']}`", default(p), escape(p["range"])] for p in entry.parameters]
        lines = [["parameter", "default", "range"], ["---"] * 3, *rows]
        parts.append("\n".join("| " + " | ".join(line) + " |" for line in lines))
    if said.example:
        parts.append(f"```pycon\n{said.example}\n```")
    return [*parts, "<details><summary>Code</summary>", f"```python\n{entry.code}\n```", "</details>"]


def checked(entry: Entry) -> Words:
    """The words of a docstring that has what the page needs."""
    said, name = entry.words, entry.thing.__name__
    if not said.formula:
        raise ValueError(f"{name}: the docstring must begin with the formula")
    for label, text in said.lines:
        if label not in LABELS:
            raise ValueError(f"{name}: the docstring knows {', '.join(LABELS[1:])}, got {label!r}")
        if not text:
            raise ValueError(f"{name}: nothing stands after {label}:")
    if said.reference and not said.source:
        raise ValueError(f"{name}: a reference begins with authors (year), got {said.reference!r}")
    return said


def picture(what: Entry | str, folder: Path) -> Path | None:
    """Draw a formula, or all of a kind, if there is a picture of such."""
    from omomi import plots
    from omomi.cli import figures
    from omomi.formulas.optimizers import Optimizer
    from omomi.plots.formulas import PICTURES
    from omomi.plots.sheets import needs_nothing

    figures.without_a_window()
    kind = what if isinstance(what, str) else what.kind
    walks = kind == Optimizer.noun
    if not walks and Formula.kinds[kind] not in PICTURES:
        return None
    if isinstance(what, str):
        return figures.save(plots.sheet(kind), folder / "images" / f"{plural(kind)}.png")
    if not needs_nothing(what.thing):
        return None
    if walks:
        axes = plots.races(list(dict.fromkeys(["sgd", what.name])))
        return figures.save(axes, folder / "images" / f"{kind}_{what.name}.png", 80)
    return figures.save(
        plots.formula(what.thing(**what.thing.shown_with)), folder / "images" / f"{kind}_{what.name}.svg"
    )


def image(path: Path | None, words: str) -> list[str]:
    return [] if path is None else [f"![{escape(words)}](images/{path.name})"]


def public_name(cls: type) -> str:
    """The shortest name under which users find it: `om.Adam`, `om.schedules.Cosine`."""
    parts = {f"om.{name}": getattr(omomi, name) for name in ("schedules", "initializers", "surrogates")}
    for prefix, module in {"om": omomi, **parts}.items():
        if getattr(module, cls.__name__, None) is cls:
            return f"{prefix}.{cls.__name__}"
    package = cls.__module__.rpartition(".")[0]
    exported = getattr(sys.modules[package], cls.__name__, None) is cls
    return f"{package if exported else cls.__module__}.{cls.__name__}"


def default(parameter: dict[str, Any]) -> str:
    value = parameter["default"]
    if parameter["required"]:
        return "needed"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def formula(text: str) -> str:
    """Line by line, as it is written."""
    return "\\\n".join(escape(line.strip()) for line in text.splitlines() if line.strip())


def escape(text: str) -> str:
    """Text as Markdown that looks as the text does; `code` stays code."""
    parts = re.split(r"(`[^`]+`)", text)
    plain = (re.sub(r"([\\`*_{}\[\]<>#|$~^&!])", r"\\\1", part) for part in parts[::2])
    escaped = "".join(a + b for a, b in zip(plain, [*parts[1::2], ""], strict=True))
    return re.sub(r"^([-+=:]|\d+(?=[.)]))", lambda m: m[1] + "\\" if m[1].isdigit() else "\\" + m[1], escaped)


def linked(text: str) -> str:
    """arXiv and DOI numbers as links."""
    text = re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", text)
    return re.sub(
        r"doi:(10\.\S+?)(?=[,;.)]?(?:\s|$))", lambda m: f"[doi:{m[1]}](<https://doi.org/{plain(m[1])}>)", text
    )


def plain(text: str) -> str:
    return text.replace("\\", "")


if __name__ == "__main__":
    main()
