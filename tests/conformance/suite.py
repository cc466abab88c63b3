"""What is run of the SDK's own suite, and what is not, with the reason.

Both are prefixes of pytest's node ids. What a later version of the SDK adds to a folder is run.
"""

SUITE = (
    "tests/api_resources/beta",
    "tests/api_resources/test_models.py",
    "tests/lib/test_assistant_tool_call_deltas.py",
    "tests/lib/test_assistants.py",
    "tests/lib/test_assistants_helper_contracts.py",
)

# The rest of tests/lib is about other APIs and reaches no server.
NOT_BUILT = {
    "tests/api_resources/beta/agents/": "agents, another API",
    "tests/api_resources/beta/chatkit/": "ChatKit, another API",
    "tests/api_resources/beta/responses/": "responses, another API",
    "tests/api_resources/beta/test_agents.py": "agents, another API",
    "tests/api_resources/beta/test_realtime.py": "realtime, another API",
    "tests/api_resources/beta/test_responses.py": "responses, another API",
    **{
        f"tests/api_resources/test_models.py::{client}::test_{test}_delete": "no fine-tuned models"
        for client in ("TestModels", "TestAsyncModels")
        for test in ("method", "raw_response", "streaming_response")
    },
}

# Parameters and tools that are left out of the suite's requests: files and vector stores.
LEFT_OUT = ("attachments", "tool_resources", "code_interpreter", "file_search")
