"""The review page in a real Chromium, used as a person would."""
