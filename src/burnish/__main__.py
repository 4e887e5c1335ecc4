"""`burnish` and `python -m burnish`: the command, from its first moment on."""

import sys


def main() -> None:
    """Run the command line; Ctrl-C is answered in one word even while it is loaded."""
    try:
        from burnish.cli import main as command
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        sys.exit(130)
    command()


if __name__ == "__main__":
    main()
