"""What ends a command: something its user can put right, said in one line."""


class CommandError(Exception):
    """The command can't go on; the message is one clear line and holds no key."""
