"""What the exit codes of every command mean."""

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes; of 0 to 4, the last one that fits is used, and 5 and 6 in place of 0."""

    #: Everything is as asked for, or was so already.
    OK = 0
    #: Some clips failed, or something is stale.
    FINDINGS = 1
    #: The command, the configuration or an entry of a catalogue is wrong.
    USAGE = 2
    #: A bug in tts-assets.
    BUG = 3
    #: The engine or the disk ended the run: model missing, key revoked, disk full; results that
    #: cannot be written.
    FATAL = 4
    #: A bound of the run was reached, of clips, time, characters or cost; run again to go on.
    LIMIT = 5
    #: The selection matched nothing.
    NOTHING = 6
    #: The terminal is closed (SIGHUP).
    HANGUP = 129
    #: Ctrl-C (SIGINT).
    INTERRUPTED = 130
    #: Nobody reads the output any more (SIGPIPE).
    PIPE = 141
    #: SIGTERM.
    TERMINATED = 143
