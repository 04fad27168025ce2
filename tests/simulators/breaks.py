"""Where each truth keeps the scene that breaks it, and ways to break the core by hand."""

from collections.abc import Callable
from dataclasses import replace

from routing.effects import (
    Because,
    Book,
    Booked,
    Reason,
)
from routing.events import (
    Event,
    PlanAdopted,
)
from routing.ids import CallId
from routing.state import State
from tests.simulators.scene import (
    Effects,
    Scene,
    with_call,
)

Break = Callable[[], Scene]
BREAKS: dict[str, Break] = {}


def breaks(name: str) -> Callable[[Break], Break]:
    def keep(scene: Break) -> Break:
        BREAKS[name] = scene
        return scene

    return keep


CALL = CallId("1-1")
WHY = Because(Reason.NO_RULE)


def without(effects: Effects, kind: type) -> Effects:
    return tuple(e for e in effects if not isinstance(e, kind))


def booked(effects: Effects, to: Booked, **more: object) -> Effects:
    return tuple(
        replace(e, to=to, **more) if isinstance(e, Book) else e  # pyright: ignore[reportArgumentType]
        for e in effects
    )


def only_on(
    kind: type,
) -> Callable[[Callable[..., tuple[State, Effects]]], Callable[..., tuple[State, Effects]]]:
    def wrap(
        spoil: Callable[..., tuple[State, Effects]],
    ) -> Callable[..., tuple[State, Effects]]:
        def spoilt(
            before: State, event: Event, after: State, effects: Effects
        ) -> tuple[State, Effects]:
            return (
                spoil(before, after, effects) if isinstance(event, kind) else (after, effects)
            )

        return spoilt

    return wrap


def change_call(scene: Scene, on: type, **changes: object) -> Scene:
    @only_on(on)
    def spoil(_: State, after: State, effects: Effects) -> tuple[State, Effects]:
        call = list(after.calls.values())[-1]
        return with_call(after, replace(call, **changes)), effects  # pyright: ignore[reportArgumentType]

    return scene.spoilt(spoil)


def edited(scene: Scene, **changes: object) -> PlanAdopted:
    plan = scene.state.plan
    return PlanAdopted(replace(plan, version=plan.version + 1, **changes))  # pyright: ignore[reportArgumentType]
