"""A real WordPress of Debian for a story: MariaDB on a socket of its own, PHP's built-in server, nothing of it outside a directory."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from desk.demo.stage import free_port

TREE = Path("/usr/share/wordpress")
MARIADBD = "/usr/sbin/mariadbd"
DATABASE = ("--no-defaults", "--user=root", "--skip-networking", "--skip-grant-tables", "--innodb-buffer-pool-size=16M")
START_TRIES, PAUSE = 300, 0.1
QUIET: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "stdin": subprocess.DEVNULL}

CONFIG = """<?php
define('DB_NAME', 'wordpress'); define('DB_USER', 'root'); define('DB_PASSWORD', ''); define('DB_HOST', 'localhost:%(socket)s');
define('DB_CHARSET', 'utf8mb4'); define('DB_COLLATE', '');
define('WP_ENVIRONMENT_TYPE', 'local');  // application passwords without HTTPS
define('WP_HTTP_BLOCK_EXTERNAL', true); define('DISABLE_WP_CRON', true); define('AUTOMATIC_UPDATER_DISABLED', true);
$table_prefix = 'wp_';
if (!defined('ABSPATH')) define('ABSPATH', __DIR__ . '/');
require_once ABSPATH . 'wp-settings.php';
"""

ROUTER = """<?php
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);
if ($path !== '/' && is_file(__DIR__ . $path)) return false;
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
require __DIR__ . '/index.php';
"""

THEME = """<?php
while (have_posts()) { the_post(); ?><article><h1><?php the_title(); ?></h1><?php the_category(); the_content(); ?></article><?php }
"""

INSTALL = """<?php
define('WP_INSTALLING', true);
[, $address, $socket] = $argv;
(new mysqli('localhost', 'root', '', '', 0, $socket))->query('CREATE DATABASE wordpress CHARACTER SET utf8mb4');
$_SERVER['HTTP_HOST'] = parse_url($address, PHP_URL_HOST) . ':' . parse_url($address, PHP_URL_PORT);
require __DIR__ . '/wp-load.php';
require ABSPATH . 'wp-admin/includes/upgrade.php';
wp_install('Xã Sốp Cộp', 'quan-tri', 'xa@example.vn', true, '', 'mat-khau-dang-nhap');
update_option('siteurl', $address); update_option('home', $address);
switch_theme('loa');
global $wp_rewrite;
$wp_rewrite->set_permalink_structure('/%postname%/');
$wp_rewrite->flush_rules(true);
$told = [];
foreach (['editor', 'author', 'contributor', 'subscriber'] as $role) {
    $id = wp_insert_user(['user_login' => $role, 'user_pass' => 'mat-khau-dang-nhap', 'role' => $role]);
    $told[$role] = WP_Application_Passwords::create_new_application_password($id, ['name' => 'Loa'])[0];
}
echo json_encode($told);
"""


def missing() -> str:
    """What has to be installed first, in words; empty when all is there."""
    if TREE.is_dir() and Path(MARIADBD).exists() and shutil.which("php"):
        return ""
    packages = "wordpress php-cli php-mysql php-curl php-gd mariadb-server"
    return f"no WordPress here (apt-get install {packages}); .ci/run installs it"


@dataclass(frozen=True)
class RealWordPress:
    """A running site: its address, and the application password of each role (the login is the role's name)."""

    url: str
    passwords: dict[str, str]

    def options(self, role: str = "editor", **more: Any) -> dict[str, Any]:
        """Options of an outlet that signs in so."""
        return {"url": self.url, "login": role, "application_password": self.passwords[role], **more}


@contextlib.contextmanager
def wordpress() -> Iterator[RealWordPress]:
    """A site with one user a role and a theme that shows a post's title, categories and text."""
    with (
        tempfile.TemporaryDirectory(prefix="loa-wp-", ignore_cleanup_errors=True) as directory,
        contextlib.ExitStack() as running,
    ):
        place, port = Path(directory), free_port()
        socket, site, address = place / "db.sock", place / "site", f"http://127.0.0.1:{port}"
        _database(place, socket, running)
        _lay_out(site, socket)
        passwords = _install(place, address, socket)
        _serve(site, port, running)
        yield RealWordPress(address, passwords)


def _database(place: Path, socket: Path, running: contextlib.ExitStack) -> None:
    data = place / "db"
    made = (
        "--no-defaults",
        f"--datadir={data}",
        "--user=root",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )
    subprocess.run(["mariadb-install-db", *made], check=True, **QUIET)
    durable = ("--innodb-flush-log-at-trx-commit=0", f"--log-error={place / 'db.log'}")
    _running(running, [MARIADBD, *DATABASE, f"--datadir={data}", f"--socket={socket}", *durable])
    _until(socket.exists, place / "db.log")


def _lay_out(site: Path, socket: Path) -> None:
    """The package's tree with links followed: Debian's own configuration looks for its files in /etc."""
    shutil.copytree(TREE, site, ignore=shutil.ignore_patterns("wp-config.php", ".htaccess", "wp-content"))
    theme = site / "wp-content/themes/loa"
    theme.mkdir(parents=True)
    (theme / "style.css").write_text("/* Theme Name: Loa */\n", encoding="utf-8")
    (theme / "index.php").write_text(THEME, encoding="utf-8")
    (site / "wp-config.php").write_text(CONFIG % {"socket": socket}, encoding="utf-8")
    (site / "router.php").write_text(ROUTER, encoding="utf-8")
    (site / "install.php").write_text(INSTALL, encoding="utf-8")


def _install(place: Path, address: str, socket: Path) -> dict[str, str]:
    command = ["php", "-d", "display_errors=stderr", str(place / "site/install.php"), address, str(socket)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    passwords: dict[str, str] = json.loads(done.stdout)
    return passwords


def _serve(site: Path, port: int, running: contextlib.ExitStack) -> None:
    command = ["php", "-S", f"127.0.0.1:{port}", "-t", str(site), str(site / "router.php")]
    log = site.parent / "php.log"
    with log.open("wb") as said:
        _running(running, command, stdout=said, stderr=said, env=os.environ | {"PHP_CLI_SERVER_WORKERS": "4"})
    _until(lambda: b"started" in log.read_bytes(), log)


def _running(running: contextlib.ExitStack, command: list[str], **more: Any) -> None:
    """A server until the stack is left, in a group of its own: PHP's workers outlive their first process."""
    process = subprocess.Popen(command, **(QUIET | {"start_new_session": True} | more))
    running.callback(process.wait)
    running.callback(os.killpg, process.pid, 9)


def _until(ready: Any, log: Path) -> None:
    for _ in range(START_TRIES):
        if ready():
            return
        time.sleep(PAUSE)
    raise RuntimeError(log.read_text(errors="replace")[-2000:] if log.exists() else str(log))


@dataclass
class Gate:
    """A way to the site that keeps the answer of the next requests that begin with one of `lose` to itself."""

    url: str = ""
    lose: list[str] = field(default_factory=list)
    passed: list[str] = field(default_factory=list)

    async def serve(self, port: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection; PHP's server ends it after each answer."""
        head = await reader.readuntil(b"\r\n\r\n")
        first = head.split(b" HTTP/")[0].decode()
        length = next(
            (int(line[15:]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
        )
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        far_writer.write(head.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n") + await reader.readexactly(length))
        answer = await far_reader.read()
        far_writer.close()
        self.passed.append(first)
        lost = next((start for start in self.lose if first.startswith(start)), None)
        if lost is not None:
            self.lose.remove(lost)
            writer.transport.abort()
            return
        writer.write(answer)
        writer.close()
        await writer.wait_closed()


@asynccontextmanager
async def gate(site: RealWordPress) -> AsyncIterator[Gate]:
    """A gate before a site."""
    gate, port = Gate(), int(site.url.rsplit(":", 1)[1])

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await gate.serve(port, reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    gate.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield gate
    finally:
        server.close()
        await server.wait_closed()
