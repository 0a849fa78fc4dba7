"""A photo of a posted sheet as it came, made into one that is safe to keep: looked at by its content, drawn anew, small."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from config.words import BadInput

MOST_BYTES = 12 * 2**20
MOST_PIXELS = 60_000_000
"""More than any telephone takes; what claims more is not opened."""
SIDE, QUALITY = 1280, 80
FORMATS = ("JPEG", "PNG", "WEBP")


def taken(data: bytes) -> bytes:
    """The photo as JPEG, upright, at most 1280 pixels wide or high, without where and when. Raises BadInput. Takes a while."""
    if len(data) > MOST_BYTES:
        raise BadInput("Ảnh lớn quá 12 MB; hãy chụp ở cỡ nhỏ hơn", "The photo is over 12 MB", field="photo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                if image.width * image.height > MOST_PIXELS:
                    raise BadInput("Ảnh có quá nhiều điểm ảnh", "The photo has too many pixels", field="photo")
                small = ImageOps.exif_transpose(image).convert("RGB")
                small.thumbnail((SIDE, SIDE))
                drawn = io.BytesIO()
                small.save(drawn, "JPEG", quality=QUALITY, optimize=True)
    except (OSError, ValueError, SyntaxError, Warning, EOFError, Image.DecompressionBombError):
        raise BadInput(
            "Tệp gửi lên không phải ảnh JPEG, PNG hay WebP xem được", "The file is no readable photo", field="photo"
        ) from None
    return drawn.getvalue()
