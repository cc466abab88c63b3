"""Speed, measured where it matters. Run with `python -m bench.NAME`; never part of the tests."""
