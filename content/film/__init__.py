"""Film: an approved recording made into what a television desk airs: a clip with cards and subtitles, and the subtitles alone.

`cues.py` lays the written sentences over the sound, `look.py` draws the cards, `render.py` encodes, in a process of its own
(`__main__.py`), and `making.py` has that done and keeps what comes of it.
"""

from __future__ import annotations

from content.bulletin import Sound

CLIP, SRT, VTT = Sound("clip", -23.0), Sound("srt", -23.0), Sound("vtt", -23.0)
"""How a clip and its subtitles are named among the other files of a recording; loudness as EBU R 128 has it."""
FILMED = frozenset({CLIP.format, SRT.format, VTT.format})
LOOK = "1"
"""Part of the key of every clip: raised when the same item comes to look different."""
