"""Attacks on a real `threadkeep serve`, and what they do to it and to others.

    python -m bench.attacks [--command PATH] [NAME …]

PATH is the `threadkeep` of any checkout, so that two versions are measured alike. Each attack has a
server of its own and is cut off after 90 s or at 2 GB of memory. One row of a Markdown table each:
the most memory and threads that the server had, what a GET of another project took from before the
attack to its end, and what came of it.
"""
