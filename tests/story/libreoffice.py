"""LibreOffice as whoever receives a file has it: opens it and says it again in another form."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

SOFFICE = shutil.which("soffice")
SECONDS = 120
"""Its first start, with a profile that is not there yet, takes a while on a slow machine."""

MISSING = "no LibreOffice here (apt-get install libreoffice-writer libreoffice-calc); .ci/run installs it"


async def opened(file: Path, form: str, place: Path) -> Path:
    """The file as LibreOffice has read it, converted to `form`; fails with what it complains of.

    It returns 0 for what it cannot read, so that what it made is looked at as well.
    """
    assert SOFFICE is not None
    profile = f"-env:UserInstallation={(place / 'profile').as_uri()}"
    command = (SOFFICE, profile, "--headless", "--norestore", "--convert-to", form, "--outdir", str(place), str(file))
    run = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await run.communicate()
    finally:
        if run.returncode is None:
            run.kill()
            await run.wait()
    made = place / f"{file.stem}.{form.split(':', maxsplit=1)[0]}"
    assert (0, True) == (run.returncode, made.exists() and made.stat().st_size > 0), said.decode(errors="replace")
    return made
