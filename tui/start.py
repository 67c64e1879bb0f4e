"""Entry point of the command: quiet from its first line on when it is interrupted."""

from __future__ import annotations

import signal


def main() -> int:
    """Run the program; an interrupt while it is loaded ends it without a traceback."""
    # Not where interrupts are ignored, as in a script's background.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # The signal itself ends it: nothing is to be completed yet.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tui.cli.main import main as run

    return run()
