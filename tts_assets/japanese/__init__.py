"""From what an entry writes to what is really said: kana, normalisation, readings."""
