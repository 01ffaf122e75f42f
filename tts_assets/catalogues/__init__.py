"""Catalogues: documents to clips, overrides applied, URLs written back byte for byte."""
