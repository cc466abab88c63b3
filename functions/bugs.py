"""Where something broke, for logs: types and places, never a message, which might hold content."""


def place(error: BaseException) -> str:
    """Modules and lines, the innermost first: `threadkeep.store.items:12 < functions.entry:66`."""
    frames = []
    step = error.__traceback__
    while step:
        module = step.tb_frame.f_globals.get("__name__", "?")
        frames.append(f"{module}:{step.tb_lineno}")
        step = step.tb_next
    return " < ".join(reversed(frames))
