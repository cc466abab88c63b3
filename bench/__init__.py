"""Speed, measured where it matters, and attacks. Run with `python -m bench.NAME`; never part of the
tests.
"""
