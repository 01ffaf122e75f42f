"""What is to be said: catalogues read, mapped to clips, and given their URLs."""

from tts_assets.catalogue.document import Document, parse
from tts_assets.catalogue.read import Catalogue, Reader, kind_of, read

__all__ = ["Catalogue", "Document", "Reader", "kind_of", "parse", "read"]
