"""The use case `speak`: one text to a file, or as a stream that begins before its end is made."""
