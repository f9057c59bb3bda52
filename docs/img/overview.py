"""Draws docs/img/overview.svg: who acts on whom in the model, by the day and by the month.

From the top of the repository: ``python docs/img/overview.py``. The classes of need are the code's.
"""

from pathlib import Path
from xml.etree import ElementTree

from icsim.population.columns import Need

WIDTH, HEIGHT = 960, 690
ROW = 17
TITLE = "Overview of the model"
TOLD = (
    "By the day: needs arise in people, who look after themselves or turn to practices, teams, urgent care, "
    "A&E, wards, clinics and social care; what these could not give comes back as unmet need and further "
    "needs. By the month: organisations choose effort from incentive, trust and pressure; effort lets "
    "services mature, which turn levers of people and capacities; contracts set the incentive, and national "
    "bodies and the programme support and burden."
)
STYLE = (
    "text{font:13px sans-serif;fill:#1a1a1a}.h{font-weight:700}.s{font-style:italic;fill:#444}"
    "rect{fill:#fff;stroke:#1a1a1a}.day{fill:#eaf3f9}.month{fill:#fdf1e3}.band{stroke:none}"
    "path{fill:none;stroke:#1a1a1a;stroke-width:1.4;marker-end:url(#end)}"
)
Box = tuple[float, float, float, float]
NEEDS = [f"• {one.name.lower().replace('_', ' ')}" for one in Need]

BOXES: dict[str, tuple[Box, list[str]]] = {
    "People, every resident": ((20, 60, 220, 200), [
        "age, place, deprivation,", "16 conditions, frailty, mind,", "social-care need, activation,",
        "trust in services, unmet need", "", "born, age, move, die"]),
    "Needs arise": ((290, 60, 190, 200), [*NEEDS, "with a severity"]),
    "Finite services, with queues": ((530, 60, 410, 200), [
        "self-care, pharmacy, 111 · practice · out of hours", "community team · mental health team",
        "ambulance → A&E → ward → support to go home", "clinic → waiting list → operation",
        "home care, care homes · voluntary sector", "", "patients from outside the place use them too"]),
    "Organisations choose effort": ((20, 386, 220, 130), [
        "by incentive, trusted partners,", "ethos, pressure, autonomy, peers", "",
        "trust follows what partners do"]),
    "Joint work and services": ((290, 386, 190, 130), [
        "wait for what they need,", "start, spread, are learnt,", "fade or fail",
        "reach some of those meant"]),
    "Contract and money": ((530, 386, 410, 130), [
        "who is paid for what, who shares gains and losses,", "pooled budgets, performance, control totals",
        "every payment in a double-entry ledger", "a contract is signed when trust and time allow"]),
    "The nation": ((530, 580, 190, 80), ["support, reporting, money,", "regulation, shocks"]),
    "The programme": ((290, 580, 190, 80), ["money, team, forum, plan;", "ends when it ends"]),
    "What is recorded": ((750, 580, 190, 80), ["days, months, people,", "money, trust, decisions"]),
}  # fmt: skip
ARROWS = (  # a path, and words with their place
    ("M240 130H288", "", 0, 0),
    ("M480 130H528", "choice", 484, 122),
    ("M735 260V286H130V262", "care, trust, unmet need", 142, 281),
    ("M440 384V304H600V262", "staff, places", 452, 300),
    ("M670 260V322H200V384", "pressure", 212, 318),
    ("M385 384V262", "levers", 391, 352),
    ("M860 260V384", "activity, cost", 868, 352),
    ("M240 466H288", "", 0, 0),
    ("M530 446H504V540H130V518", "incentive", 142, 536),
    ("M385 580V518", "", 0, 0),
    ("M290 620H80V518", "money to make room", 92, 615),
    ("M625 580V562H105V518", "support and burden", 396, 558),
    ("M530 620H482", "", 0, 0),
)


def drawn() -> str:
    """The drawing as SVG."""
    size = {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-labelledby": "t d"}
    root = ElementTree.Element("svg", {"xmlns": "http://www.w3.org/2000/svg", **size})
    ElementTree.SubElement(root, "title", id="t").text = TITLE
    ElementTree.SubElement(root, "desc", id="d").text = TOLD
    ElementTree.SubElement(root, "style").text = STYLE
    head = {"id": "end", "viewBox": "0 0 8 8", "refX": "7", "refY": "4", "orient": "auto"}
    marker = ElementTree.SubElement(
        root, "marker", {**head, "markerWidth": "7", "markerHeight": "7", "markerUnits": "userSpaceOnUse"}
    )
    ElementTree.SubElement(marker, "polygon", points="0,0 8,4 0,8")
    for style, top, tall, words in (("day", 10, 324, "Every day"), ("month", 340, 340, "Every month")):
        place = {"x": "5", "y": str(top), "width": str(WIDTH - 10), "height": str(tall)}
        ElementTree.SubElement(root, "rect", {"class": f"band {style}", **place})
        _text(root, 20, top + 24, words, "h")
    for title, ((x, y, wide, tall), lines) in BOXES.items():
        place = {"x": f"{x:g}", "y": f"{y:g}", "width": f"{wide:g}", "height": f"{tall:g}", "rx": "4"}
        ElementTree.SubElement(root, "rect", place)
        _text(root, x + 10, y + 22, title, "h")
        for k, line in enumerate(lines):
            _text(root, x + 10, y + 46 + ROW * k, line)
    for path, words, x, y in ARROWS:
        ElementTree.SubElement(root, "path", d=path)
        if words:
            _text(root, x, y, words, "s")
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode") + "\n"


def _text(root: ElementTree.Element, x: float, y: float, words: str, style: str = "") -> None:
    extra = {"class": style} if style else {}
    ElementTree.SubElement(root, "text", {"x": f"{x:g}", "y": f"{y:g}", **extra}).text = words


if __name__ == "__main__":
    Path(__file__).with_name("overview.svg").write_text(drawn(), encoding="utf-8")
