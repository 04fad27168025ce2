"""A house file in the store: versions, names kept apart, who may still sign in."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from hub.house import HouseFile, parse
from hub.house_standing import HouseStands
from hub.house_store import LoginTaken, adopt, edit, exported, houses, newest_plan
from hub.names import Names
from hub.store import tables
from hub.store.store import Store
from routing.ids import HouseId, LadderId, StaffId
from routing.plan import Plan, RuleState

HOUSE = HouseId("small")
AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
TEXT = (Path(__file__).parents[2] / "simulators" / "houses" / "small.yaml").read_text("utf-8")


async def take(store: Store, text: str) -> Any:
    return await adopt(store.database, parse(text), at=AT, by=StaffId("leader-1"))


async def rows(store: Store, table: Any) -> list[Any]:
    async with store.read() as connection:
        return list(await connection.execute(select(table)))


async def test_a_file_becomes_plan_version_one_with_its_names(store: Store) -> None:
    adopted = await take(store, TEXT)

    assert (adopted.before, adopted.plan.version) == (0, 1)
    assert await houses(store) == [HOUSE]
    assert await newest_plan(store, HOUSE) == parse(TEXT).plan(1)
    async with store.read() as connection:
        names = await Names.load(connection, HOUSE)
    assert names.patient("p-1") == "Kari N."
    assert names.house(HOUSE) == "Lille Solvik"


async def test_neither_plan_nor_kept_file_holds_a_personal_name(store: Store) -> None:
    await take(store, TEXT)

    texts = [row.plan for row in await rows(store, tables.plans)]
    texts += [row.yaml for row in await rows(store, tables.house_files)]
    assert len(texts) == 2
    for word in ("Nordlykt", "Kari", "Fjellrose", "Havblikk"):
        assert not [text for text in texts if word in text]


async def test_the_same_file_again_makes_no_new_version(store: Store) -> None:
    await take(store, TEXT)
    again = await take(store, TEXT)

    assert (again.plan.version, again.before, again.changed) == (1, 1, ())
    assert len(await rows(store, tables.plans)) == 1


async def test_a_change_makes_the_next_version_and_says_what_changed(store: Store) -> None:
    await take(store, TEXT)
    adopted = await take(store, TEXT.replace("expect_every: 4h", "expect_every: 2h"))

    assert (adopted.plan.version, adopted.changed) == (2, ("devices",))


async def test_a_changed_rule_gets_the_next_version_and_an_unchanged_one_keeps_its(
    store: Store,
) -> None:
    await take(store, TEXT)
    changed = TEXT.replace("delay: 10min", "delay: 15min")
    second = await take(store, changed)
    third = await take(store, changed.replace("Telefon 1", "Telefon A").replace("4h", "3h"))
    fourth = await take(store, TEXT)

    versions = [adopted.plan.rules[0].version for adopted in (second, third, fourth)]
    assert versions == [2, 2, 3]


async def test_a_changed_ladder_gets_the_next_version(store: Store) -> None:
    ladder = (
        "ladders: { patient: { steps: [{ ring: [unit], patience: %s }],"
        " failsafe: { ring: [house], patience: 1min } } }\n"
    )
    await take(store, TEXT + ladder % "20s")
    adopted = await take(store, TEXT + ladder % "30s")

    assert adopted.plan.ladders[LadderId("patient")].version == 2


async def test_names_follow_the_file_and_stay_for_those_who_left(store: Store) -> None:
    await take(store, TEXT)
    await take(
        store, TEXT.replace("Kari Nordlykt", "Karin Nordlys").replace("nurse-1", "nurse-2")
    )

    async with store.read() as connection:
        names = await Names.load(connection, HOUSE)
    assert names.patient("p-1") == "Karin N."
    assert names.staff("nurse-1") == names.staff("nurse-2") == "Anne F."


async def test_logins_become_accounts_that_cannot_sign_in_yet(store: Store) -> None:
    await take(store, TEXT)

    accounts = {row.staff: row for row in await rows(store, tables.accounts)}
    assert accounts["nurse-1"].login == "anne"
    assert accounts["nurse-1"].role == "nurse"
    assert accounts["nurse-1"].password_hash is None
    assert accounts["nurse-1"].pin_hash is None


async def test_who_leaves_the_house_can_no_longer_sign_in_and_who_returns_can(
    store: Store,
) -> None:
    await take(store, TEXT)

    async def disabled() -> set[str]:
        return {row.staff for row in await rows(store, tables.accounts) if row.disabled}

    gone = TEXT.replace("  carer-1: {", "  carer-9: {").replace("login: per", "login: pal")
    await take(store, gone.replace("[carer-1]", "[carer-9]"))
    assert await disabled() == {"carer-1"}

    await take(store, TEXT)
    assert await disabled() == {"carer-9"}


async def test_two_people_may_swap_their_logins(store: Store) -> None:
    await take(store, TEXT)
    swapped = TEXT.replace("login: per", "login: x").replace("login: anne", "login: per")
    await take(store, swapped.replace("login: x", "login: anne"))

    logins = {row.staff: row.login for row in await rows(store, tables.accounts)}
    assert (logins["nurse-1"], logins["carer-1"]) == ("per", "anne")


async def test_an_import_does_not_open_an_account_that_was_closed_by_hand(store: Store) -> None:
    await take(store, TEXT)
    await store.write(update(tables.accounts).values(disabled=True))
    await take(store, TEXT.replace("4h", "3h"))

    assert all(row.disabled for row in await rows(store, tables.accounts))


async def test_an_import_never_touches_a_password(store: Store) -> None:
    await take(store, TEXT)
    await store.write(update(tables.accounts).values(password_hash="h", pin_hash="p"))
    await take(store, TEXT.replace("role: carer", "role: nurse"))

    for row in await rows(store, tables.accounts):
        assert (row.password_hash, row.pin_hash) == ("h", "p")
    assert {row.role for row in await rows(store, tables.accounts)} == {"nurse", "leader"}


async def test_a_login_that_is_somebody_elses_is_refused_and_nothing_is_stored(
    store: Store,
) -> None:
    await take(store, TEXT)
    await store.write(
        update(tables.accounts)
        .where(tables.accounts.c.staff == "nurse-1")
        .values(login="taken", staff="helper")
    )

    with pytest.raises(LoginTaken, match="'taken' is helper's"):
        await take(store, TEXT.replace("login: per", "login: taken").replace("4h", "3h"))
    assert len(await rows(store, tables.plans)) == 1


async def test_what_is_exported_is_what_was_imported(store: Store) -> None:
    await take(store, TEXT)

    text = await exported(store, HOUSE)
    assert text is not None
    back: HouseFile = parse(text)
    assert back.plan(1) == parse(TEXT).plan(1)
    assert set(back.names()) == set(parse(TEXT).names())
    assert back.logins() == parse(TEXT).logins()
    assert await exported(store, HouseId("nowhere")) is None


async def test_two_houses_share_a_store_and_nothing_else(store: Store) -> None:
    await take(store, TEXT)
    other = TEXT.replace("id: small", "id: other").replace("Kari Nordlykt", "Else Østavind")
    await take(store, other)

    assert await houses(store) == ["other", "small"]
    async with store.read() as connection:
        assert (await Names.load(connection, HOUSE)).patient("p-1") == "Kari N."
        assert (await Names.load(connection, HouseId("other"))).patient("p-1") == "Else Ø."


async def test_an_import_while_no_hub_runs_wakes_no_rule_that_was_objected_to(
    store: Store,
) -> None:
    await take(store, TEXT)

    def objects(plan: Plan) -> Plan:
        return replace(
            plan, rules=tuple(replace(one, state=RuleState.SUSPENDED) for one in plan.rules)
        )

    await edit(store.database, HOUSE, objects, at=AT, by=StaffId("nurse-1"))
    with pytest.raises(
        HouseStands, match=r"rules.bed-exit-101: the patient objected \(Anne F\."
    ):
        await take(store, TEXT)

    plan = await newest_plan(store, HOUSE)
    assert plan is not None
    assert [rule.state for rule in plan.rules] == [RuleState.SUSPENDED]
