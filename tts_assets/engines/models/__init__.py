"""The model store: models known by name, fetched once, whole and checked, found again by engines."""
