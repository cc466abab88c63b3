"""Medians of what is called over and over."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence


def median_ms(call: Callable[[int], object], times: int = 300) -> tuple[float, float]:
    """Median and 95th percentile of a call, in milliseconds; it is given the number of the call."""
    return medians_ms({"": call}, times)[""]


def medians_ms(
    calls: Mapping[str, Callable[[int], object]], times: int = 300
) -> dict[str, tuple[float, float]]:
    """The same of calls that take turns: what else the machine does meanwhile hits all alike."""
    taken: dict[str, list[float]] = {name: [] for name in calls}
    for number in range(times):
        for name, call in calls.items():
            began = time.perf_counter()
            call(number)
            taken[name].append((time.perf_counter() - began) * 1000)
    return {name: percentiles(each) for name, each in taken.items()}


def percentiles(taken: Sequence[float]) -> tuple[float, float]:
    """Median and 95th percentile."""
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def report(name: str, figures: tuple[float, float]) -> None:
    print(f"{name:<28} p50 {figures[0]:7.2f} ms   p95 {figures[1]:7.2f} ms", flush=True)
