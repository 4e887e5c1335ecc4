"""The phones of DPED (Ignatov et al. 2017), a name each; without torch, for the command line."""

from typing import Literal, get_args

from burnish.errors import OptionError

Phone = Literal["iphone", "blackberry", "sony"]
PHONES: tuple[Phone, ...] = get_args(Phone)


def phone_named(name: str) -> Phone:
    """OptionError where DPED has no such phone."""
    for phone in PHONES:
        if name == phone:
            return phone
    raise OptionError(f"DPED has no phone '{name}'; it has {', '.join(PHONES)}.")
