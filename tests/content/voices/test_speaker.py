"""What is done to the sound between the model and the file."""

from __future__ import annotations

import numpy as np
import pytest

from content.voices.kokoro_vi.model import RATE
from content.voices.kokoro_vi.speaker import PRESENCE_AT, present


@pytest.mark.parametrize(("hertz", "raised"), [(200, 0.0), (PRESENCE_AT, 6.0), (11_000, 0.0)])
def test_presence_is_raised_where_it_is_told(hertz: float, raised: float) -> None:
    """A tone there comes out so much louder, one far away as it was, and neither earlier nor later."""
    tone = np.sin(np.arange(RATE) * 2 * np.pi * hertz / RATE).astype(np.float32)
    wanted = tone * 10 ** (raised / 20)
    assert np.abs(present(tone, 6) - wanted)[1000:-1000].max() < 0.05


def test_no_presence_changes_nothing() -> None:
    """The sound itself."""
    sound = np.ones(100, np.float32)
    assert present(sound, 0) is sound
