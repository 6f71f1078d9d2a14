"""The one exception that a user of the sandbox can meet."""


class SandboxError(Exception):
    """What was asked of the sandbox cannot be done; the text is one line, made to be shown."""
