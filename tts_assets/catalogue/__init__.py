"""What is to be said: catalogues read, mapped to clips, and given their URLs."""

from tts_assets.catalogue.document import Document, parse
from tts_assets.catalogue.read import Catalogue, Reader, kind_of, read
from tts_assets.catalogue.unused import Unused

__all__ = ["Catalogue", "Document", "Reader", "Unused", "kind_of", "parse", "read"]
