"""The commands as they are typed: names, options and help; what they do is elsewhere."""
