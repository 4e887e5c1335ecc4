"""What the service refuses, each with its HTTP status; photos and options have their own errors."""

import contextlib
import errno
from collections.abc import Iterator

from burnish.errors import BurnishError, ModelError


class Refused(BurnishError):
    """The request is not served; ``retry_after`` is in seconds where trying again makes sense."""

    http_status = 400
    retry_after: int | None = None


class Unauthorised(Refused):
    """The bearer token is missing or wrong."""

    http_status = 401


class Forbidden(Refused):
    """The request comes from another web page, or under a name that is not this service's."""

    http_status = 403


class NotThere(Refused):
    """No such photo, job or result, or no longer."""

    http_status = 404


class TooSlow(Refused):
    """The body did not come in time."""

    http_status = 408


class NotReady(Refused):
    """What is asked for is not finished yet."""

    http_status = 409


class TooLarge(Refused):
    """The body has more bytes than allowed."""

    http_status = 413


class Busy(Refused):
    """The queue or the disk share of this service is full."""

    http_status = 429
    retry_after = 10


class Stopped(Refused):
    """The work was cancelled, or the service is stopping."""

    http_status = 503
    retry_after = 10


class TimedOut(Refused):
    """The work took longer than it may."""

    http_status = 504


@contextlib.contextmanager
def busy_when_full() -> Iterator[None]:
    """A disk without room for what is written here is `Busy`, as a share without room is."""
    try:
        yield
    except OSError as error:
        unnumbered = type(error) is OSError and error.errno is None  # as numpy's
        if error.errno not in (errno.ENOSPC, errno.EDQUOT) and not unnumbered:
            raise
        raise Busy("The disk of this service is full; try again later.") from error


def sentence(error: BaseException) -> str:
    """One sentence for a client about whatever went wrong; it names no place of this machine."""
    if isinstance(error, ModelError):
        return "The model or look cannot be used; the log of the service says more."
    if isinstance(error, BurnishError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The photo is too large for this machine's memory."
    return f"Unexpected {type(error).__name__}; the log of the service says more."
