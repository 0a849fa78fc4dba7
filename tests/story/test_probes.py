"""A process without the desk, as a real process: what machines ask of it on a port of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from desk.demo.stage import free_port
from tests.conftest import ROOT


async def test_a_worker_tells_of_itself(tmp_path: Path) -> None:
    """`[web] metrics_port`: alive, ready, metrics; no page of the desk; it ends with exit code 0."""
    port = free_port()
    more = {
        "LOA_DATABASE__URL": f"sqlite:///{tmp_path}/loa.db",
        "LOA_FILES__DIR": str(tmp_path),
        "LOA_WEB__METRICS_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "desk", "serve", "--roles", "worker"),
        cwd=ROOT,
        env=os.environ | more | {"PYTHONPATH": str(ROOT)},
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    assert "worker" in (await process.stderr.readline()).decode()
    base = f"http://127.0.0.1:{port}"
    async with aiohttp.ClientSession() as session:
        found = {}
        for path in ("/healthz", "/readyz", "/metrics", "/", "/sign-in"):
            async with session.get(base + path) as answer:
                found[path] = answer.status
                assert "Loa" == answer.headers["Server"]
                text = await answer.text() if path == "/metrics" else ""
                names = {family.name for family in text_string_to_metric_families(text)}
                assert path != "/metrics" or {"loa_build_info", "loa_due", "process_cpu_seconds"} <= names, names
    assert {"/healthz": 200, "/readyz": 200, "/metrics": 200, "/": 404, "/sign-in": 404} == found
    process.terminate()
    assert 0 == await process.wait()
