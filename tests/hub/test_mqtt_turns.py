"""A few of what can wait in each round of the loop, in order."""

import asyncio

from hub.mqtt_turns import Turns


async def test_few_pass_without_waiting() -> None:
    turns = Turns(3)
    for _ in range(3):
        await turns.mine()
    assert not turns.waiting


async def test_many_pass_in_order_a_few_a_round() -> None:
    turns = Turns(3)
    passed: list[int] = []
    rounds: list[int] = []

    async def one(n: int) -> None:
        await turns.mine()
        passed.append(n)

    tasks = [asyncio.ensure_future(one(n)) for n in range(10)]
    while len(passed) < 10:
        before = len(passed)
        await asyncio.sleep(0)
        rounds.append(len(passed) - before)
    await asyncio.gather(*tasks)
    assert passed == list(range(10))
    assert max(rounds) == 3


async def test_who_stopped_waiting_takes_no_turn() -> None:
    turns = Turns(1)
    passed: list[int] = []

    async def one(n: int) -> None:
        await turns.mine()
        passed.append(n)

    tasks = [asyncio.ensure_future(one(n)) for n in range(3)]
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert passed == [0, 2]


async def test_nobody_passes_those_who_are_on_their_way() -> None:
    turns = Turns(2)
    passed: list[int] = []

    async def one(n: int) -> None:
        await turns.mine()
        passed.append(n)

    tasks: list[asyncio.Task[None]] = []
    for start in range(0, 60, 3):
        tasks += [asyncio.ensure_future(one(n)) for n in range(start, start + 3)]
        for _ in range(start % 4):
            await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert passed == list(range(60))
