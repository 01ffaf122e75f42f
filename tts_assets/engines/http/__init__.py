"""Engines that are services on other machines: asked politely, paid once, never more than they allow."""
