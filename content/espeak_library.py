"""espeak-ng through ctypes: GPL-3 and with process-wide state, so only ever made in a process of its own."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

import espeakng_loader


class EspeakLibrary:
    """One voice of espeak-ng, by its name. Raises RuntimeError with the function that failed."""

    SYNCHRONOUS, DONT_EXIT, UTF8, RATE, VOLUME, IPA = 2, 0x8000, 1, 1, 2, 2

    def __init__(self, voice: str) -> None:
        self._dll = ctypes.CDLL(espeakng_loader.get_library_path())
        data = Path(espeakng_loader.get_data_path())
        # The library keeps no more than 160 bytes of this path, so it is given a short one.
        os.chdir(data.parent)
        self.rate: int = self._dll.espeak_Initialize(self.SYNCHRONOUS, 0, data.name.encode(), self.DONT_EXIT)
        if self.rate <= 0:
            raise RuntimeError(f"espeak_Initialize: {self.rate}")
        self._sound = bytearray()
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._hear)
        self._dll.espeak_SetSynthCallback(self._callback)
        self._must("espeak_SetVoiceByName", voice.encode())

    def tune(self, words_a_minute: int, amplitude: int) -> None:
        """How fast and how loud (0 to 100) it speaks."""
        self._must("espeak_SetParameter", self.RATE, words_a_minute, 0)
        self._must("espeak_SetParameter", self.VOLUME, amplitude, 0)

    def _must(self, function: str, *arguments: object) -> None:
        if code := getattr(self._dll, function)(*arguments):
            raise RuntimeError(f"{function}: {code}")

    def _hear(self, samples: object, count: int, events: object) -> int:
        if samples and count > 0:
            self._sound += ctypes.string_at(samples, 2 * count)  # type: ignore[arg-type]
        return 0

    def say(self, text: str) -> bytes:
        """Mono signed 16 bit samples of a text, which is never read as SSML or phonemes."""
        self._sound.clear()
        read = text.encode()
        self._must("espeak_Synth", read, ctypes.c_size_t(len(read) + 1), 0, 0, 0, self.UTF8, None, None)
        self._must("espeak_Synchronize")
        return bytes(self._sound)

    def phonemes(self, text: str) -> str:
        """The sounds of a text in IPA, as espeak-ng hears it; punctuation is not among them."""
        read = ctypes.c_char_p(text.encode())
        self._dll.espeak_TextToPhonemes.restype = ctypes.c_char_p
        clauses = []
        while read.value:  # one clause a time; at the end the library sets the pointer to null
            found = self._dll.espeak_TextToPhonemes(ctypes.byref(read), self.UTF8, self.IPA)
            clauses.append((found or b"").decode())
        return " ".join(filter(None, clauses))
