"""`include[]`: what a run step may show besides. Only the content of file search results, which no
step has before there is file search: so far it is checked, and changes nothing.
"""

from collections.abc import Mapping

from threadkeep.wire import wording

FILE_SEARCH_CONTENT = "step_details.tool_calls[*].file_search.results[*].content"


def expect_include(query: Mapping[str, str]) -> None:
    """Refuses what can't be included."""
    for name in ("include[]", "include"):
        value = query.get(name)
        if value and value != FILE_SEARCH_CONTENT:
            raise wording.not_one_of("include[]", (FILE_SEARCH_CONTENT,), value)
