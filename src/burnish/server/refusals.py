"""What the service refuses, each with its HTTP status; photos and options have their own errors."""

from burnish.errors import BurnishError


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
