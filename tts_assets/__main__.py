"""Where ``tts-assets`` and ``python -m tts_assets`` begin."""

import atexit
import gc
import os
import signal
import sys

from tts_assets.errors import OUT_OF_MEMORY, is_out_of_memory

#: Imports create so many objects, of which none is garbage; Python would search them 100 times.
_OBJECTS_BEFORE_COLLECTION = 100_000

_RESERVE_BYTES = 1 << 20  #: freed to report that there is no memory left


def main() -> None:
    """Run the command line."""
    # Until a command receives signals, Ctrl-C ends the process, without a traceback of imports.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTION, *gc.get_threshold()[1:])
    # When the process ends, the system frees its memory at once.
    atexit.register(gc.freeze)
    reserve = bytearray(_RESERVE_BYTES)
    try:
        # The import takes most of the memory that a command needs.
        from tts_assets.cli.app import create_app  # noqa: PLC0415

        create_app(sys.argv[1:])()
    except Exception as exc:
        if not is_out_of_memory(exc):
            raise
        del reserve, exc
        os.write(2, f"error: {OUT_OF_MEMORY}\n".encode())
        # An orderly end takes memory, too.
        os._exit(4)


if __name__ == "__main__":
    main()
