"""Speech for learning content, built like software: catalogues in, fresh audio clips out."""

__version__ = "0.1.0"
