"""Judging a telephone by what its page's main thread answers: klar, begrenset, stille, borte.

Sockets and WebSocket pings say nothing of the page: with every renderer stopped, pings are
still answered in milliseconds (UX finding 1). So only `alive` counts, and it carries what the
telephone can do. Pure: time is an argument, in seconds of any clock that never goes back.

    READY    answered less than 4 s ago; visible, audio runs, screen kept awake
    LIMITED  a fact has been false for more than 5 s, with the reasons
    QUIET    4 to 8 s without an answer
    GONE     more than 8 s without an answer
"""

from dataclasses import dataclass, replace

from routing.events import HandsetState

QUIET_AFTER_S = 4.0
GONE_AFTER_S = 8.0
LIMITED_AFTER_S = 5.0
"""A fact may be false this long (a glance at another page) before the telephone is limited."""
LOW_BATTERY_PERCENT = 15.0
IN_CHARGER_S = 10.0
"""A telephone that stays in the charger this long was put away, not only plugged in and out."""
STALE_PAINT_MS = 5000.0
"""A page that has not drawn for this long shows nobody anything, whatever it says of itself."""

Judgement = tuple[HandsetState, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a page says that its telephone can do."""

    visible: bool
    audio: bool
    wake_lock: bool
    painted_ms: float = 0.0
    battery_percent: float | None = None
    charging: bool | None = None

    def lacking(self) -> tuple[str, ...]:
        """Return why this telephone cannot be relied on, empty if it can."""
        weak = self.battery_percent is not None and self.battery_percent < LOW_BATTERY_PERCENT
        facts = (
            ("hidden", not self.visible or self.painted_ms > STALE_PAINT_MS),
            ("audio_off", not self.audio),
            ("no_wake_lock", not self.wake_lock),
            ("low_battery", weak and not self.charging),
        )
        return tuple(reason for reason, holds in facts if holds)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is known of one telephone. Starting a watch counts as an answer without facts."""

    answered_at: float
    lacking: tuple[str, ...] = ()
    lacking_since: float | None = None
    was_ready: bool = False
    """It has said to be able to do everything since it connected."""
    spoke: bool = False
    carried: bool = False
    """It has been out of the charger since the watch began."""
    charging_since: float | None = None
    """Since when it is in the charger, after having been carried."""


def answered(watch: Watch, facts: Facts, now: float) -> Watch:
    """Take in one answer of the main thread."""
    lacking = facts.lacking()
    watch = _charged(replace(watch, answered_at=now, spoke=True), facts, now)
    if not lacking:
        return replace(watch, lacking=(), lacking_since=None, was_ready=True)
    since = now if watch.lacking_since is None else watch.lacking_since
    return replace(watch, lacking=lacking, lacking_since=since)


def _charged(watch: Watch, facts: Facts, now: float) -> Watch:
    if not facts.charging:
        # A browser that does not tell is never asked.
        carried = watch.carried or facts.charging is False
        return replace(watch, carried=carried, charging_since=None)
    if watch.charging_since is None and watch.carried:
        return replace(watch, charging_since=now)
    return watch


def in_charger(watch: Watch, now: float) -> bool:
    """Tell whether it was carried and now rests in the charger: the shift may be over."""
    since = watch.charging_since
    return since is not None and now - since >= IN_CHARGER_S


def forgive(watch: Watch, pause_s: float) -> Watch:
    """Discount a time in which the hub itself stood still: its silence, not the telephone's."""
    since = None if watch.lacking_since is None else watch.lacking_since + pause_s
    return replace(watch, answered_at=watch.answered_at + pause_s, lacking_since=since)


def judge(watch: Watch, now: float) -> Judgement | None:
    """Return what the telephone is now; None while it has not spoken and may still do so."""
    silent_s = now - watch.answered_at
    if silent_s > GONE_AFTER_S:
        return HandsetState.GONE, ()
    if silent_s >= QUIET_AFTER_S:
        return (HandsetState.QUIET, ()) if watch.spoke else None
    if not watch.spoke:
        return None
    if watch.lacking and (not watch.was_ready or _long_since(watch, now)):
        return HandsetState.LIMITED, watch.lacking
    return HandsetState.READY, ()


def _long_since(watch: Watch, now: float) -> bool:
    return watch.lacking_since is not None and now - watch.lacking_since > LIMITED_AFTER_S
