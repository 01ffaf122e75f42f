"""The review page: rows, sound previews, the local server, export, and decisions saved."""
