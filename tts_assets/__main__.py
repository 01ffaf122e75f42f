"""Where ``tts-assets`` and ``python -m tts_assets`` begin."""

import signal


def main() -> None:
    """Run the command line."""
    # Until a command receives signals, Ctrl-C ends the process, without a traceback of imports.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tts_assets.cli.app import app  # noqa: PLC0415 - its imports take a while

    app()


if __name__ == "__main__":
    main()
