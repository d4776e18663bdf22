"""The plots: well-formed, to scale, and with everybody on them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest
from benchmarks.plots import log_marks, nice_step, plots
from benchmarks.runner import Results
from benchmarks.svg import LEFT, WIDE

from .samples import contestant, rate, results, trip

SVG = "{http://www.w3.org/2000/svg}"


def made_up() -> Results:
    burst = [contestant("slow", title="a < b"), contestant("fast", title="wsengine on picows")]
    trips = [contestant("trip", "round-trip", title="websockets: send")]
    samples = {
        "slow": [rate(1e6)] * 3,
        "fast": [rate(1.5e6), rate(2e6), rate(3e6)],
        "trip": [trip(100)] * 3,
    }
    return results([*burst, *trips], samples)


def drawn(name: str) -> ET.Element:
    return ET.fromstring(plots(made_up())[name])


def words(picture: ET.Element) -> set[str]:
    return {element.text or "" for element in picture.iter(f"{SVG}text")}


def test_bars_are_to_scale() -> None:
    picture = drawn("throughput")
    slow, fast = [bar for bar in picture.iter(f"{SVG}rect") if bar.get("class") != "ground"]
    assert float(fast.get("width", 0)) == pytest.approx(2 * float(slow.get("width", 0)), abs=0.2)
    assert {"a < b", "wsengine on picows", "1.00", "2.00"} <= words(picture)


def test_the_engine_and_each_library_have_their_looks() -> None:
    slow, fast = [bar.get("class") for bar in drawn("throughput").iter(f"{SVG}rect")][1:]
    assert slow is not None
    assert slow.endswith("bare")
    assert fast == "c3"


def test_whiskers_span_the_rounds() -> None:
    whiskers = [
        float(line.get("x2", 0)) - float(line.get("x1", 0))
        for line in drawn("throughput").iter(f"{SVG}line")
        if line.get("class") == "whisker"
    ]
    assert whiskers == [0.0, pytest.approx(WIDE / 2, abs=0.2)]  # 1.5 of 3 million


def test_percentiles_are_dots_in_order_on_the_scale() -> None:
    picture = drawn("latency")
    places = [float(dot.get("cx", 0)) for dot in picture.iter(f"{SVG}circle")]
    assert len(places) == 4
    assert places == sorted(places)
    assert LEFT <= places[0] < places[-1] <= LEFT + WIDE
    assert "100 / 200" in words(picture)


def test_both_themes_are_there() -> None:
    assert all("prefers-color-scheme: dark" in svg for svg in plots(made_up()).values())


def test_no_figures_no_plot() -> None:
    one = contestant("memory", "memory")
    assert plots(results([one], {"memory": [{"growth_mib": 1.0}]})) == {}


@pytest.mark.parametrize(("most", "step"), [(5.0, 1.0), (5.1, 2.0), (0.3, 0.1), (24.0, 5.0)])
def test_steps_are_round(most: float, step: float) -> None:
    assert nice_step(most) == pytest.approx(step)


def test_logarithmic_marks_enclose_the_figures() -> None:
    assert log_marks(79.0, 1000.0) == [50.0, 100.0, 200.0, 500.0, 1000.0, 2000.0]
