"""One tree of errors. Each class carries the exit code and the HTTP status that it maps to.

A message is one clear sentence that names the file or the option and says what to do about it.
"""

INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells count it."""


class BurnishError(Exception):
    """Base of every error that burnish raises on purpose."""

    exit_code = 1
    http_status = 500


class InputError(BurnishError):
    """The file cannot be read as a photo, or a folder of photos is not there."""

    exit_code = 3
    http_status = 422


class PassingError(InputError):
    """A file that cannot be read now, and perhaps the next time: it changes, or memory is short."""


class OutputError(BurnishError):
    """The result cannot be written where it was asked for."""

    exit_code = 4
    http_status = 409


class OptionError(BurnishError, ValueError):
    """An option has a value that makes no sense, or an unknown name was given."""

    exit_code = 2
    http_status = 400


class ModelError(BurnishError):
    """A model file is missing, damaged, or does not fit what is asked of it."""

    exit_code = 5
    http_status = 500


class MissingExtraError(BurnishError, ImportError):
    """An optional part is not installed; the message says which extra brings it."""

    exit_code = 6
    http_status = 501

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs the extra '{extra}': pip install 'burnish[{extra}]'")
