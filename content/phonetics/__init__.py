"""How written Vietnamese sounds: syllables taken apart, and anything else made into syllables.

`syllable.py` one written syllable into onset, glide, nucleus, coda and tone · `words.py` any text into syllables and pauses ·
`foreign.py` what is not Vietnamese, by rule
"""
