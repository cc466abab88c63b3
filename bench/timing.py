"""Medians of what is called over and over."""

import statistics
import time
from collections.abc import Callable


def median_ms(call: Callable[[int], object], times: int = 300) -> tuple[float, float]:
    """Median and 95th percentile of a call, in milliseconds; it is given the number of the call."""
    taken = []
    for number in range(times):
        began = time.perf_counter()
        call(number)
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def report(name: str, figures: tuple[float, float]) -> None:
    print(f"{name:<28} p50 {figures[0]:7.2f} ms   p95 {figures[1]:7.2f} ms", flush=True)
