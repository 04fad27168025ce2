"""Rehearse a rule on a patient's own past: the live core over the journal, the rule in trial.

What happened stays as it happened, with everybody's real answers: a rule in trial changes no
call. Where it would have called, that one step is done once more with the rule active, from the
very state of that moment: this is the call, who would have been rung, and how loaded they were.
Nothing is assumed about what people would have answered; so while somebody would have been
with the patient because of one such call, the next one shown here might have stayed silent.

Gathered signs of life (`DevicesHeard`) hide nothing: `only_heard` gathers a message only where
every level in it is the one already known, whichever rules there are, and a rule begins at a
change. What cannot be known is named as a stretch: hub down, broker or bridge away, device
silent or not in use, journal erased or lost.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from hub import records
from hub.core import Core
from hub.rehearsal_words import (
    Kept,
    Load,
    Missing,
    Rehearsed,
    Stretch,
    WouldCall,
)
from hub.store.rows import JournalRow, steps_nothing
from routing.effects import (
    Book,
    Booked,
    Effect,
    Move,
    Note,
    Reason,
    Ring,
    Send,
    TrialCall,
)
from routing.events import (
    BrokerChanged,
    DevicesHeard,
    Event,
    PlanAdopted,
    Started,
    TimePassed,
)
from routing.ids import CallId, DeviceId, RuleId
from routing.index import index_of
from routing.plan import (
    Basis,
    DeviceLife,
    Plan,
    Rule,
    RuleState,
    Trigger,
    TriggerKind,
)
from routing.state import Call, State, is_open

MARK = "~"
"""Behind the rule's id while it is rehearsed: the version in use stays beside it."""
QUIET = timedelta(minutes=15)
"""A house that lives writes more often: signs of life are gathered every half minute."""
_IN_USE = (DeviceLife.ACTIVE, DeviceLife.SUSPECT)
_NO_MORE = timedelta(microseconds=1)


def night_of(at: datetime, plan: Plan) -> date:
    """Return the evening's date of the night that this moment belongs to, noon to noon."""
    return (at.astimezone(index_of(plan).zone) - timedelta(hours=12)).date()


def rehearse(
    rule: Rule,
    state: State,
    rows: Iterable[JournalRow],
    core: Core,
    *,
    since: datetime,
    until: datetime,
    snapshots: Mapping[int, Callable[[], State]] | None = None,
) -> Rehearsed:
    """Rehearse `rule` in `[since, until)`.

    `state` is the house's as of the row before the first of `rows`; it may be earlier than
    `since`. After a hole in the journal the next of `snapshots` (by row) goes on.
    """
    run = _Run(rule, state, core, since, until, snapshots or {})
    for row in rows:
        if row.at >= until:
            if row.kind == Started.__name__:
                run.goes_dark()
            break
        run.take(row)
    else:
        run.goes_dark()
    return run.ended()


@dataclass(frozen=True, slots=True)
class _Plans:
    """A plan with the rule in trial, and the same with it active."""

    trial: Plan
    active: Plan


@dataclass
class _Run:
    """One rehearsal under way."""

    rule: Rule
    state: State
    core: Core
    since: datetime
    until: datetime
    snapshots: Mapping[int, Callable[[], State]]
    calls: list[WouldCall] = field(default_factory=list[WouldCall])
    silent: list[Kept] = field(default_factory=list[Kept])
    done: list[Stretch] = field(default_factory=list[Stretch])
    begun: dict[tuple[Missing, str], datetime] = field(
        default_factory=dict[tuple[Missing, str], datetime]
    )
    happened: dict[CallId, Call] = field(default_factory=dict[CallId, Call])
    versions: dict[str, None] = field(default_factory=dict[str, None])
    last: JournalRow | None = None
    rows: int = 0
    lost: Missing | None = None
    _lost_at: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Put the rule in trial beside the version in use, whatever its own dates say."""
        self._lost_at = self.since
        self.id = RuleId(f"{self.rule.id}{MARK}")
        self.tried = replace(
            self.rule,
            id=self.id,
            state=RuleState.TRIAL,
            basis=self.rule.basis or Basis.STAFF_ONLY,
            review_by=self.rule.review_by or date.max,
            valid_from=None,
            valid_until=None,
        )
        self.plans = self._with_rule(self.state.plan)
        self.state = replace(self.state, plan=self.plans.trial)
        self._look(self.since)

    def _with_rule(self, plan: Plan) -> _Plans:
        active = replace(self.tried, state=RuleState.ACTIVE)
        return _Plans(
            replace(plan, rules=(*plan.rules, self.tried)),
            replace(plan, rules=(*plan.rules, active)),
        )

    # --- The journal --------------------------------------------------------------------------

    def take(self, row: JournalRow) -> None:
        """Step one row, and what the rule itself was due before it."""
        before, self.last = self.last, row
        if before is not None and row.seq != before.seq + 1:
            self._lose(Missing.LOST, before.at)
        if row.payload is None and not steps_nothing(row):
            self._lose(Missing.ERASED, row.at)
        if self.lost is not None:
            self._find_again(row)
            return
        if steps_nothing(row):
            return
        assert row.payload is not None
        event = records.decode_event(row.payload)
        if isinstance(event, Started):
            if before is not None and before.at < row.at:
                self._stretch(before.at, row.at, Missing.HUB_DOWN)
        else:
            self._pass_time(row.at)
        if isinstance(event, PlanAdopted):
            plans = self._with_rule(event.plan)
            tried, active = (replace(event, plan=one) for one in (plans.trial, plans.active))
            self._step(tried, row.at, active)
            self.plans = plans
        else:
            self._step(event, row.at)
        self.rows += 1
        if row.core_version != self.core.version:
            self.versions[row.core_version] = None
        self._look(row.at, event)

    def goes_dark(self) -> None:
        """The journal ends before the time does: nobody knows how long the hub was up."""
        if self.last is not None and self.until - self.last.at > QUIET:
            self._stretch(self.last.at, self.until, Missing.NO_JOURNAL)

    def ended(self) -> Rehearsed:
        """Do what is due before the end, and tell."""
        end = self.until
        if self.lost is None:
            self._pass_time(end)
        for (why, what), since in list(self.begun.items()):
            self._stretch(since, end, why, what)
        if self.lost is not None:
            self._stretch(self._lost_at, end, self.lost)
        listening = index_of(self.plans.trial).devices_for.get(self.id, ())
        devices = self.plans.trial.devices
        missing = tuple(sorted(self.done, key=lambda one: (one.since, one.why, one.what)))
        return Rehearsed(
            rule=self.rule,
            since=self.since,
            until=end,
            calls=tuple(_doubted(call, missing) for call in self.calls),
            silent=tuple(self.silent),
            missing=missing,
            happened=tuple(
                call for call in self.happened.values() if self.since <= call.opened_at < end
            ),
            problems=replace(self.rule, state=RuleState.ACTIVE).problems(),
            unsupervised=tuple(
                one for one in listening if one in devices and not devices[one].expect_every
            ),
            rows=self.rows,
            other_versions=tuple(self.versions),
        )

    def _pass_time(self, until: datetime) -> None:
        """Wake when the rule's own delay is over, as the engine would have for it."""
        while (waiting := self.state.waiting.get(self.id)) is not None and waiting.due < until:
            watch = self.state.watch_at
            if watch is None or watch > waiting.due:
                self._step(TimePassed(), waiting.due)
            else:
                # Silence of devices is judged only by the journal's own rows: the engine
                # flushes what it has gathered first.
                self._step(DevicesHeard(()), waiting.due + _NO_MORE)
            if self.state.waiting.get(self.id) == waiting:
                return

    def _step(self, event: Event, at: datetime, active: Event | None = None) -> None:
        before = self.state
        self.state, effects = self.core.step(before, event, at)
        now = self.state.now or at
        if self.state.calls is not before.calls:
            for call in self.state.calls.values():
                same = call is before.calls.get(call.id)
                if not same and call.patient == self.rule.patient:
                    self.happened[call.id] = call
        if now < self.since:
            return
        if any(isinstance(one, TrialCall) and one.because.rule == self.id for one in effects):
            self._call(before, active or event, at)
        for one in effects:
            if isinstance(one, Book) and _kept_silent(one, self.id):
                because = replace(one.because, rule=self.rule.id)
                self.silent.append(Kept(now, because, one.signal))

    def _call(self, before: State, event: Event, at: datetime) -> None:
        """Do this one step with the rule active, and keep what it orders."""
        state, effects = self.core.step(replace(before, plan=self.plans.active), event, at)
        for note in effects:
            if isinstance(note, Note) and _is_ours(note, self.id):
                self.calls.append(self._told(before, state.calls[note.call], note, effects))

    def _told(
        self, before: State, call: Call, note: Note, effects: tuple[Effect, ...]
    ) -> WouldCall:
        rings = [one for one in effects if isinstance(one, Ring) and one.call == call.id]
        whys = [
            one.because.considered
            for one in effects
            if isinstance(one, Ring | Note | Send) and one.call == call.id
        ]
        passed = {one.staff: one for why in whys for one in why if not one.chosen}
        since = dict(note.because.facts).get("since")
        return WouldCall(
            at=note.at,
            since=datetime.fromisoformat(since) if since else note.at,
            signal=call.signals[-1] if call.signals else None,
            type=call.type,
            priority=call.priority,
            joins=None if note.move is Move.OPENED else call.id,
            rung=tuple(_load(before, one) for one in rings),
            passed=tuple(passed.values()),
            channels=tuple(
                one.channel for one in effects if isinstance(one, Send) and one.call == call.id
            ),
            after=note.at - self.calls[-1].at if self.calls else None,
            uncertain=(),
            because=replace(note.because, rule=self.rule.id),
        )

    # --- What cannot be known -----------------------------------------------------------------

    def _lose(self, why: Missing, at: datetime) -> None:
        if self.lost is None:
            self.lost, self._lost_at = why, at

    def _find_again(self, row: JournalRow) -> None:
        """After a hole: go on from the first snapshot that lies behind it."""
        found = self.snapshots.get(row.seq)
        if found is None or row.payload is None or self.lost is None:
            return
        state = found()
        self.plans = self._with_rule(state.plan)
        self.state = replace(state, plan=self.plans.trial)
        self._stretch(self._lost_at, row.at, self.lost)
        self.lost = None
        self._look(row.at)

    def _look(self, at: datetime, event: Event | None = None) -> None:
        """Begin and end the stretches that the state itself tells of."""
        now = dict(self._unknown(event))
        for key in [key for key in self.begun if key not in now]:
            self._stretch(self.begun.pop(key), at, *key)
        for key, since in now.items():
            self.begun.setdefault(key, since or at)

    def _unknown(
        self, event: Event | None
    ) -> Iterator[tuple[tuple[Missing, str], datetime | None]]:
        state, plan = self.state, self.plans.trial
        if not state.broker_up:
            since = event.since if isinstance(event, BrokerChanged) else None
            yield (Missing.BROKER_AWAY, ""), since
        if any(pause.rule == self.rule.id for pause in state.pauses):
            yield (Missing.PAUSED, ""), None
        listening = index_of(plan).devices_for.get(self.id, ())
        for trigger in self.rule.triggers:
            if not _has_spoken(state, trigger, listening):
                yield (Missing.NO_DEVICE, trigger.kind), None
        for name in listening:
            device, known = plan.devices.get(name), state.devices.get(name)
            if device is None or device.life not in _IN_USE:
                yield (Missing.NOT_IN_USE, name), None
                continue
            bridge = state.bridges.get(device.bridge)
            if bridge is not None and bridge.online is False:
                yield (Missing.BRIDGE_AWAY, device.bridge), bridge.last_heard
            if known is not None and known.silent:
                yield (Missing.DEVICE_SILENT, name), known.last_heard or known.watched_since

    def _stretch(self, since: datetime, until: datetime, why: Missing, what: str = "") -> None:
        since = max(since, self.since)
        if since < until:
            self.done.append(Stretch(since, until, why, what))


_LEVELS = {
    TriggerKind.BED_EXIT: "bed",
    TriggerKind.MOTION: "motion",
    TriggerKind.NO_MOTION: "motion",
    TriggerKind.DOOR_OPEN: "door",
}
"""Conditions of a sensor that rests at a level: its first message begins nothing."""


def _has_spoken(state: State, trigger: Trigger, listening: tuple[DeviceId, ...]) -> bool:
    """Tell whether a device that the condition could mean has ever said such a thing."""
    level = _LEVELS.get(trigger.kind)
    if trigger.device is not None and trigger.device not in state.plan.devices:
        return True  # told as not in use
    if level is None:
        return bool(listening) or trigger.kind is TriggerKind.PRESENCE
    devices = listening if trigger.device is None else (trigger.device,)
    known = (state.devices[one] for one in devices if one in state.devices)
    return any(name.partition(":")[0] == level for one in known for name in one.levels)


def _is_ours(note: Note, rule: RuleId) -> bool:
    because = note.because
    held = because.rule == rule and because.reason is Reason.RULE_HELD
    return held and note.move in (Move.OPENED, Move.JOINED)


def _kept_silent(book: Book, rule: RuleId) -> bool:
    because = book.because
    silent = book.to is Booked.SUPPRESSED and because.reason is not Reason.RULE_TRIAL
    return silent and because.rule == rule


def _load(state: State, ring: Ring) -> Load:
    considered = ring.because.considered
    mine = (one.reason for one in considered if one.staff == ring.staff and one.chosen)
    calls = [call for call in state.calls.values() if is_open(call)]
    return Load(
        staff=ring.staff,
        handset=ring.handset,
        reason=next(mine, ring.because.reason),
        carries=tuple(
            call.id
            for call in calls
            if ring.staff == call.owner
            or ring.staff in call.present
            or ring.staff in call.responders
        ),
        rings=tuple(call.id for call in calls if ring.handset in call.ringing),
    )


def _doubted(call: WouldCall, missing: tuple[Stretch, ...]) -> WouldCall:
    """Mark a call that lies in a stretch, or whose condition began in one."""
    why = [one.why for one in missing if one.since < call.at and call.since <= one.until]
    return replace(call, uncertain=tuple(dict.fromkeys(why))) if why else call


__all__ = [
    "Kept",
    "Load",
    "Missing",
    "Rehearsed",
    "Stretch",
    "WouldCall",
    "night_of",
    "rehearse",
]
