"""What reviewers say instead of what an entry says: read, checked, applied to clips, and written.

Overrides stand in a file of their own, so that catalogues stay what they are, and who owns those may
take an override over, or not. One is for one clip, and for the text that its entry had when it was
written: when the entry says something else, it is not applied any more, and that is told.
"""
