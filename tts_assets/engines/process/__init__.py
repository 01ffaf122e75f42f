"""Native engines in one supervised child process, so that the run survives their crashes."""
