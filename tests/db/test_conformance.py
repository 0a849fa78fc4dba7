"""One suite of behaviour that both databases must pass."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path

import pytest
from sqlalchemy import Column, Index, Integer, Table, inspect, select, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

from channels import store as channels_store
from channels.audiences.store import audience
from channels.store import outlet, outlet_keep
from config.clock import FakeClock
from db.database import Database, DatabaseTrouble
from db.direct import MOST_ON_LOOP, Each, Work, marks
from db.journal import START, Journal, journal
from db.migrate import migrate, steps, version
from db.types import has, metadata, new_id, new_number, spell, unspell
from desk import tables  # noqa: F401 (so that all of them are known)
from tests.conftest import both
from tests.scheduler.faulty import Fault, faulty


@both
async def test_migrations_build_what_the_tables_say(database: Database) -> None:
    """Columns, their order and types, primary keys, unique keys and indexes are the same in both places."""

    def differences(connection: Connection) -> list[str]:
        look = inspect(connection)
        found = []
        for table in metadata.sorted_tables:
            built = look.get_columns(table.name)
            said = [
                (column.name, _kind(column, connection), column.nullable, column.computed is not None)
                for column in table.columns
            ]
            got = [
                (column["name"], str(column["type"]).upper(), column["nullable"], "computed" in column)
                for column in built
            ]
            if said != got:
                found.append(f"{table.name}: {said} != {got}")
            if [c.name for c in table.primary_key] != look.get_pk_constraint(table.name)["constrained_columns"]:
                found.append(f"{table.name}: primary key")
            uniques = {index["name"] for index in look.get_indexes(table.name) if index["unique"]}
            indexes = {
                (i["name"], tuple(i["column_names"])) for i in look.get_indexes(table.name) if i["name"] not in uniques
            }
            here = connection.dialect.name
            if indexes != {_index(index) for index in table.indexes if index.info.get("only", here) == here}:
                found.append(f"{table.name}: indexes {indexes}")
        extra = set(look.get_table_names()) - {table.name for table in metadata.sorted_tables} - {"schema_version"}
        return found + sorted(extra)

    async with database.read() as connection:
        assert [] == await connection.run_sync(differences)


def _kind(column: Column[object], connection: Connection) -> str:
    kind = column.type.compile(dialect=connection.dialect).upper()
    return {"FLOAT": "DOUBLE PRECISION" if connection.dialect.name == "postgresql" else "FLOAT"}.get(kind, kind)


def _index(index: Index) -> tuple[str, tuple[str, ...]]:
    return str(index.name), tuple(column.name for column in index.columns)


async def test_an_empty_file_becomes_the_house(tmp_path: Path) -> None:
    """Every step is taken, in order, and named."""
    database = Database(f"sqlite:///{tmp_path / 'new' / 'loa.db'}")
    assert [name for _, name in steps()] == await migrate(database)
    await database.close()


async def test_people_of_an_older_file_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The step that lays them in order keeps every one and all that is known of them."""
    database = Database(f"sqlite:///{tmp_path / 'loa.db'}")
    older = steps()[:22]
    monkeypatch.setattr("db.migrate.steps", lambda: older)
    await migrate(database)
    people = [("list", "phone", address, "Mai", "đơn", 5, None, "xã=A", 7, "in", 3) for address in "cab"]
    async with database.write() as tx:
        await tx.execute(text("INSERT INTO audience (id, name, made_at) VALUES ('list', 'bà con', 1)"))
        for one in people:
            await tx.exec_driver_sql(f"INSERT INTO recipient VALUES ({marks(len(one))})", one)
    monkeypatch.undo()
    await migrate(database)
    async with database.read() as connection:
        assert sorted(people) == list(map(tuple, await connection.execute(text("SELECT * FROM recipient"))))
    await database.close()


@both
async def test_migrating_twice_changes_nothing(database: Database) -> None:
    """A second run takes no step; the version is the last one's."""
    assert [] == await migrate(database)
    assert steps()[-1][0] == await version(database)


@both
async def test_a_newer_database_is_refused(database: Database) -> None:
    """An old Loa does not touch what a newer one has built."""
    async with database.write() as tx:
        await tx.execute(text("INSERT INTO schema_version VALUES (999, 'm0999_future')"))
    with pytest.raises(DatabaseTrouble, match="newer"):
        await migrate(database)


@both
async def test_a_write_that_fails_leaves_nothing(database: Database, clock: FakeClock) -> None:
    """An exception inside the block rolls everything back."""
    with pytest.raises(RuntimeError):
        async with database.write() as tx:
            await tx.execute(audience.insert().values(id="a", name="n", made_at=clock.now()))
            raise RuntimeError
    async with database.read() as connection:
        assert [] == (await connection.execute(select(audience))).all()


@both
async def test_a_cancelled_write_leaves_nothing_and_no_lock(database: Database, clock: FakeClock) -> None:
    """A task cancelled in mid-write frees the writer for the next one."""
    inside = asyncio.Event()

    async def write() -> None:
        async with database.write() as tx:
            await tx.execute(audience.insert().values(id="a", name="n", made_at=clock.now()))
            inside.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(write())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(10), database.write() as tx:
        assert [] == (await tx.execute(select(audience))).all()


@pytest.mark.parametrize("fails", ["", "PRAGMA synchronous=FULL"])
@pytest.mark.parametrize("again", [False, True])
async def test_a_reader_called_off_leaves_nothing_running(again: bool, fails: str, tmp_path: Path) -> None:
    """However far it was, also when its connection is just being given up, and when it is called off again meanwhile."""

    async def read(database: Database) -> None:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))

    steps, said = 0, None
    while not steps or (isinstance(said, asyncio.CancelledError) and steps < (500 if again else 20_000)):
        steps += 1 + steps // 50
        with faulty(Fault(fails, armed=True)):
            database = Database(f"sqlite:///{tmp_path / 'loa.db'}")
            reading = asyncio.create_task(read(database))
            for step in range(steps):
                if again and step == steps // 3:
                    reading.cancel()
                await asyncio.sleep(0)
            reading.cancel()
            async with asyncio.timeout(10):
                [said] = await asyncio.gather(reading, return_exceptions=True)
                await database.close()
        assert {asyncio.current_task()} == asyncio.all_tasks()
        for thread in threading.enumerate():
            if "_connection_worker_thread" in thread.name:
                thread.join(10)
                assert not thread.is_alive()
    assert again or isinstance(said, DatabaseTrouble) is bool(fails)


@both
async def test_a_closing_waits_for_who_still_reads(database_url: str) -> None:
    """What is given back after the pools are closed would never be closed itself."""
    database, inside, done = Database(database_url), asyncio.Event(), asyncio.Event()

    async def read() -> None:
        async with database.read() as connection:
            await connection.execute(text("SELECT 1"))
            inside.set()
            await done.wait()
            await connection.execute(text("SELECT 1"))

    reading = asyncio.create_task(read())
    await inside.wait()
    closing = asyncio.create_task(database.close())
    await asyncio.wait([closing], timeout=0.1)
    assert not closing.done()
    done.set()
    async with asyncio.timeout(10):
        await asyncio.gather(reading, closing)
    assert 0 == database._reader.pool.checkedout()  # type: ignore[attr-defined]
    gc.collect()  # a connection that nobody closed says so


async def test_a_closing_called_off_again_and_again_ends_first(tmp_path: Path) -> None:
    """At whatever step: every connection is closed, and no thread is left."""
    said, steps = None, 0
    while not isinstance(said, bool):
        steps += 1
        database = Database(f"sqlite:///{tmp_path / 'loa.db'}")
        async with database.read() as one, database.read() as other, database.write() as writer:
            for connection in (one, other, writer):
                await connection.execute(text("SELECT 1"))
        closing = asyncio.create_task(database.close())
        for step in range(steps):
            await asyncio.sleep(0)
            if closing.done():
                break
            if step >= steps // 2:
                closing.cancel()
        async with asyncio.timeout(10):
            [said] = await asyncio.gather(closing, return_exceptions=True)
        said = said is None or said
        for thread in threading.enumerate():
            if "_connection_worker_thread" in thread.name:
                thread.join(10)
                assert not thread.is_alive()


@both
async def test_work_called_off_is_all_there_or_nothing(database: Database, clock: FakeClock) -> None:
    """However often it is called off, and wherever it was: the next one works, and the database is closed in peace."""
    many = 2 * MOST_ON_LOOP

    def work(turn: int) -> Work[None]:
        ids = [f"{turn}-{n}" for n in range(many)]
        yield Each("INSERT INTO audience (id, name, made_at) VALUES (?, ?, ?)", [(id, id, 0) for id in ids])

    async def called_off(running: asyncio.Task[None], steps: int) -> bool:
        for step in range(steps):
            if step == steps // 2:
                running.cancel()
            await asyncio.sleep(0)
        running.cancel()
        [said] = await asyncio.gather(running, return_exceptions=True)
        assert said is None or isinstance(said, asyncio.CancelledError)
        return said is not None

    steps = 0
    while await called_off(asyncio.create_task(database.run(work(steps))), steps):
        steps += 1 + steps // 5
        async with database.read() as connection:
            (count,) = (await connection.execute(text("SELECT count(*) FROM audience"))).one()
        assert 0 == count % many


@both
async def test_readers_do_not_wait_for_a_writer(database: Database, clock: FakeClock) -> None:
    """While a transaction is open a reader sees the state before it, at once."""
    async with database.write() as tx:
        await tx.execute(audience.insert().values(id="a", name="n", made_at=clock.now()))
        for reading in (database.read, database.glance):
            async with asyncio.timeout(5), reading() as connection:
                assert [] == (await connection.execute(select(audience))).all()


@both
async def test_a_glance_sees_what_is_committed(database: Database, clock: FakeClock) -> None:
    """As a reader does, several at a time; what cannot be asked is told as trouble or fault, and the next one reads on."""
    async with database.write() as tx:
        await tx.execute(audience.insert().values(id="a", name="n", made_at=clock.now()))
    named = text("SELECT id FROM audience WHERE name = :name")
    async with database.glance() as one, database.glance() as other:
        for connection in (one, other):
            assert ["a"] == list((await connection.execute(named, {"name": "n"})).scalars())
    with pytest.raises(DBAPIError):
        async with database.glance() as connection:
            await connection.execute(text("SELECT nothing FROM audience"))
    async with database.glance() as connection:
        assert 1 == len((await connection.execute(select(audience))).all())


@both
@pytest.mark.parametrize(("letter", "held"), [("s", True), ("f", False)])
async def test_letters_are_looked_for(database: Database, clock: FakeClock, letter: str, held: bool) -> None:
    """A letter of a column is found, and no other, however the database looks for it."""
    async with database.write() as tx:
        await tx.execute(audience.insert().values(id="pps", name="n", made_at=clock.now()))
    async with database.read() as connection:
        found = (await connection.execute(select(audience).where(has(audience.c.id, letter)))).all()
    assert held == bool(found)


@both
async def test_insert_if_absent_tells_who_came_first(database: Database, clock: FakeClock) -> None:
    """The second insert of a key changes nothing and counts no row."""
    new = database.insert_if_absent(audience)
    counts = []
    for name in ("first", "second"):
        async with database.write() as tx:
            counts.append((await tx.execute(new.values(id="a", name=name, made_at=clock.now()))).rowcount)
    async with database.read() as connection:
        assert ["first"] == list((await connection.execute(select(audience.c.name))).scalars())
    assert [1, 0] == counts


@both
async def test_insert_or_update_overwrites_only_what_it_names(database: Database, clock: FakeClock) -> None:
    """An outlet applied again keeps its health."""
    for title in ("old", "new"):
        async with database.write() as tx:
            await channels_store.apply_outlet(database, tx, "sms", "sms_http", title, clock.now())
            await channels_store.outlet_failed(tx, "sms", clock.now(), "no answer", 1)
    async with database.read() as connection:
        row = (await connection.execute(select(outlet))).one()
    assert ("new", 2, clock.now()) == (row.title, row.failures, row.failing_since)


@both
async def test_two_writers_lose_nothing(database: Database) -> None:
    """Increments from many tasks all count."""
    async with database.write() as tx:
        await tx.execute(outlet_keep.insert().values(outlet="o", name="n", value="0"))

    async def add() -> None:
        async with database.write() as tx:
            mine = outlet_keep.c.outlet == "o"
            row = (await tx.execute(database.locked(select(outlet_keep).where(mine)))).one()
            await tx.execute(outlet_keep.update().where(mine).values(value=str(int(row.value) + 1)))

    await asyncio.gather(*(add() for _ in range(20)))
    async with database.read() as connection:
        assert "20" == (await connection.execute(select(outlet_keep.c.value))).scalar_one()


@both
async def test_the_journal_is_only_appended_to(database: Database, clock: FakeClock) -> None:
    """The database itself refuses to change or remove a line."""
    book = Journal(b"key")
    async with database.write() as tx:
        await book.note(tx, clock.now(), "Mai", "write", "item/1")
    for forgery in ("UPDATE journal SET person = 'Hùng'", "DELETE FROM journal"):
        with pytest.raises(DBAPIError, match="appended"):
            async with database.write() as tx:
                await tx.execute(text(forgery))


async def _write_journal(database: Database, clock: FakeClock, count: int) -> Journal:
    book = Journal(b"key")
    for number in range(count):
        async with database.write() as tx:
            await book.note(tx, clock.now(), "Mai", "write", f"item/{number}", note="ghi chú")
    return book


@both
@pytest.mark.parametrize(
    ("forgery", "found"),
    [
        ("UPDATE journal SET person = 'Hùng' WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 2", 2),
        ("DELETE FROM journal WHERE seq = 4", 4),
        ("UPDATE journal SET seq = 9 WHERE seq = 3", 3),
    ],
)
async def test_the_chain_shows_every_forgery(database: Database, clock: FakeClock, forgery: str, found: int) -> None:
    """Edit, removal, truncation and reordering are found by whoever has the key, even past the triggers."""
    book = await _write_journal(database, clock, 4)
    async with database.read() as connection:
        assert await book.verify(connection) is None
    async with database.write() as tx:
        if database.is_sqlite:
            for trigger in ("journal_no_update", "journal_no_delete"):
                await tx.execute(text(f"DROP TRIGGER {trigger}"))
        else:
            await tx.execute(text("DROP TRIGGER journal_no_change ON journal"))
        await tx.execute(text(forgery))
    async with database.read() as connection:
        assert found == await book.verify(connection)


@both
async def test_lines_of_some_things_with_their_place_in_the_chain(database: Database, clock: FakeClock) -> None:
    """Each bears the hash of the line before it, whatever that was about, and gives its own; the end is told."""
    book = await _write_journal(database, clock, 4)
    async with database.read() as connection:
        links = await book.links(connection, ["item/0", "item/2", "item/9"])
        seq, end = await book.head(connection)
        [last] = await book.links(connection, ["item/3"])
    assert [1, 3] == [one.deed.seq for one in links]
    assert START == links[0].previous and links[1].previous not in {START, links[0].hash}
    assert all(book.link(one.previous, one.deed) == one.hash for one in links)
    assert (4, last.hash) == (seq, end)


@both
async def test_another_key_verifies_nothing(database: Database, clock: FakeClock) -> None:
    """Without the key nobody can tell, nor forge, a right line."""
    await _write_journal(database, clock, 1)
    async with database.read() as connection:
        assert 1 == await Journal(b"other").verify(connection)


@both
async def test_concurrent_deeds_make_one_chain(database: Database, clock: FakeClock) -> None:
    """Lines written at the same time from many tasks have no gap and no fork."""
    book = Journal(b"key")

    async def deed(number: int) -> None:
        async with database.write() as tx:
            await book.note(tx, clock.now(), "Mai", "write", f"item/{number}")

    await asyncio.gather(*(deed(number) for number in range(20)))
    async with database.read() as connection:
        assert await book.verify(connection) is None
        seqs = (await connection.execute(select(journal.c.seq).order_by(journal.c.seq))).scalars()
        assert list(range(1, 21)) == list(seqs)


def test_ids_sort_by_time_and_can_be_read_back(clock: FakeClock) -> None:
    """Later ids are greater as text and as numbers; spelling has an opposite."""
    earlier = new_id(clock.now())
    clock.advance(0.001)
    later = new_id(clock.now())
    number = new_number(clock.now())
    assert earlier < later
    assert number == unspell(spell(number))
    assert 13 == len(later)


def test_ids_of_one_moment_are_never_alike(clock: FakeClock) -> None:
    """Of five thousand drawn blindly from two million some would be, nearly always."""
    assert 5000 == len({new_id(clock.now()) for _ in range(5000)})


def test_tables_use_nothing_only_one_database_has() -> None:
    """No enums, arrays or sequences: every column type is one of a few plain ones."""
    kinds = {type(column.type).__name__ for table in metadata.sorted_tables for column in table.columns}
    assert kinds <= {"Text", "BigInteger", "Integer", "SmallInteger", "Float", "Moment", "Day", "Json"}
    assert all(isinstance(table, Table) for table in metadata.sorted_tables)
    assert not any(
        isinstance(column.type, Integer) and column.autoincrement is True
        for t in metadata.sorted_tables
        for column in t.columns
    )
