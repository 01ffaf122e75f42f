"""Sounds that a service sent: kept from their arrival until their clip is stored or a person decides."""
