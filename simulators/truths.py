"""What must always hold: every sentence of DESIGN section 4, as one sentence and one check.

Safety is checked after every step of every simulated night, under every fault; liveness once
the faults have stopped and everybody is willing. A check is told what changed and looks at
little else: a night with every truth checked stays a thousand times faster than the night.
The checks of one subject stand in `truths_calls` and `truths_signals`; here stands the list.
"""

# ruff: noqa: ARG001 - every check has the same shape

from collections.abc import Iterator
from datetime import timedelta

from routing.events import (
    BridgeChanged,
    BrokerChanged,
    CallDeclined,
    CallTaken,
    DevicesHeard,
    HelpAsked,
    PlanAdopted,
    SignalQuarantined,
    SignalReceived,
    TagsPlaced,
    TimePassed,
)
from simulators import truths_calls as calls
from simulators import truths_devices as devices
from simulators import truths_place as places
from simulators import truths_plan as plans
from simulators import truths_signals as signals
from simulators.watch import Ending, Truth, Watch, Wrong


def _all_heard(watch: Watch, ending: Ending) -> Iterator[Wrong]:
    for call in watch.unheard:
        known = ending.state.calls.get(call)
        kind = known.type if known is not None else "forgotten"
        yield Wrong(f"{kind} call {call} was never heard by anybody", call)


def _replays(watch: Watch, ending: Ending) -> Iterator[Wrong]:
    if ending.replayed:
        yield Wrong(ending.replayed)


def _journaled(watch: Watch, ending: Ending) -> Iterator[Wrong]:
    for number in ending.unjournaled:
        yield Wrong(f"press number {number}, accepted by the broker, is not in the journal")


JUST_RANG = timedelta(minutes=1)
"""Whoever forgot to close for an hour is rung again: the way there takes its time."""


def _all_taken_care_of(watch: Watch, ending: Ending) -> Iterator[Wrong]:
    for call in ending.state.calls.values():
        anew = all(ending.now - one.since < JUST_RANG for one in call.ringing.values())
        if calls.waits(call) and not calls.technical(call) and not anew:
            yield Wrong(
                f"{call.type} call {call.id} still rings, with everybody willing", call.id
            )


_SIGNAL = (SignalReceived,)

TRUTHS: tuple[Truth, ...] = (
    # --- Nothing asked for is lost ---
    Truth(
        "an-accepted-press-is-in-the-journal",
        "Every help signal that the broker delivered at QoS 1 is in the journal.",
        at_end=_journaled,
    ),
    Truth(
        "a-press-opens-joins-or-raises-a-call",
        "Every new help signal of a device in use opened, joined or raised a call.",
        signals.press_counts,
        _SIGNAL,
    ),
    Truth(
        "an-outage-has-a-beginning-and-an-end",
        "What a dying broker may have lost appears as an outage: begun, shown, ended.",
        signals.outage_shows,
    ),
    Truth(
        "a-repeat-press-rings-again",
        "A repeat press never disappears: it is counted and rings again.",
        calls.repeat_rings,
        _SIGNAL,
    ),
    Truth(
        "the-third-unanswered-press-raises",
        "The third unanswered press within 10 minutes raises the call.",
        calls.third_raises,
        _SIGNAL,
    ),
    # --- A call lives until a person ends it ---
    Truth(
        "an-untaken-call-rings-or-climbs",
        "An open call that nobody has taken has its next step due within its step's patience.",
        calls.untaken_moves_on,
    ),
    Truth(
        "no-step-waits-for-an-empty-chair",
        "A step without a reachable receiver is passed at once; the failsafe alone repeats.",
        calls.no_empty_chair,
    ),
    Truth(
        "nothing-is-overdue",
        "After a step no deadline of the state lies in the past.",
        calls.nothing_overdue,
    ),
    Truth(
        "no-call-dies-quietly",
        "A call changes its state by the table and says so; only closed calls are forgotten.",
        calls.lives_by_the_table,
    ),
    Truth(
        "taken-is-not-closed",
        "A taken call without arrival inside its limit comes back.",
        calls.taken_comes_back,
    ),
    Truth(
        "closed-by-a-person-or-its-own-signal",
        "A call is closed by a competent person at the place or with a stated reason, or by "
        "its own signal where its rule says so.",
        calls.closed_rightly,
    ),
    Truth(
        "rings-and-silences-are-announced",
        "What rings in the state was ordered to ring, and what stopped was withdrawn.",
        calls.announced,
    ),
    Truth(
        "a-silenced-telephone-has-a-reason",
        "A ringing call stops on a telephone only because it was taken, declined, closed, or "
        "that telephone went away.",
        calls.silenced_rightly,
    ),
    # --- Who ---
    Truth(
        "at-most-one-owner",
        "A taken call has one owner, who changes only by handing over or coming back.",
        calls.one_owner,
    ),
    Truth(
        "the-second-accept-is-told-who",
        "Two simultaneous accepts: one wins, the other is told who.",
        calls.second_accept_told,
        (CallTaken,),
    ),
    Truth(
        "a-student-is-never-alone",
        "A student is never the only one who is rung.",
        calls.student_not_alone,
    ),
    Truth(
        "presence-covers-only-competence",
        "Presence silences only what the person present is competent to handle.",
        signals.presence_covers,
        _SIGNAL,
    ),
    Truth(
        "help-while-present-is-assistance",
        "A press while staff are present is an assistance call.",
        signals.help_while_present,
        _SIGNAL,
    ),
    Truth(
        "an-emergency-is-never-muted",
        "An emergency rings its own call at once, whatever else goes on.",
        calls.emergency_rings,
        (HelpAsked,),
    ),
    Truth(
        "an-emergency-rings-until-enough-come",
        "A taken call that wants several carers has its next step due until as many come.",
        calls.enough_come,
    ),
    Truth(
        "who-comes-beside-is-waited-for",
        "Whoever said they come beside others is there inside the limit, or counts no more.",
        calls.second_is_waited_for,
    ),
    Truth(
        "who-comes-is-left-to-walk",
        "Whoever has said they come is not rung again because somebody else has not answered.",
        calls.walks_in_peace,
        (TimePassed, CallDeclined),
    ),
    Truth(
        "every-ring-says-why",
        "Every ring says who was considered and why this person was chosen.",
        calls.ring_says_why,
    ),
    # --- Silence is not safety ---
    Truth(
        "a-silent-device-is-unknown",
        "A device not heard from inside its limit is visibly silent, and a technical call.",
        signals.silence_shows,
    ),
    Truth(
        "a-dead-bridge-is-visible",
        "A bridge that says offline is offline in the state and a technical call.",
        signals.bridge_shows,
        (BridgeChanged, BrokerChanged),
    ),
    Truth(
        "an-old-press-does-not-ring-as-new",
        "A retained press does not ring as new, and a press from a backlog rings marked late.",
        signals.old_is_not_new,
        _SIGNAL,
    ),
    Truth(
        "nonsense-from-an-alarm-device-is-a-call",
        "What an alarm device says and nobody understands is a technical call.",
        signals.nonsense_calls,
        (SignalQuarantined,),
    ),
    Truth(
        "no-device-that-speaks-is-called-silent",
        "A device heard inside its limit, in use or in cleaning, is not called silent.",
        devices.silence_is_true,
    ),
    Truth(
        "an-alarm-laid-aside-is-told",
        "An alarm that says it is opened or taken off is a technical call until it is worn.",
        devices.aside_shows,
        _SIGNAL,
    ),
    Truth(
        "a-fall-is-a-call",
        "A fall that a rule in force asks for is a call, a confirmed one as grave as that.",
        devices.fall_calls,
        _SIGNAL,
    ),
    Truth(
        "an-overtaken-message-turns-nothing-back",
        "What a device said earlier and the radio brought later changes no level.",
        devices.overtaken_turns_nothing_back,
        _SIGNAL,
    ),
    Truth(
        "a-full-disk-is-shouted",
        "While neither journal nor spool takes a row, the loudest technical call says so.",
        plans.full_disk_shouted,
    ),
    # --- What the house decided ---
    Truth(
        "the-plan-adopted-holds",
        "A new plan holds from its adoption on, over restarts, and nothing else changes it.",
        plans.plan_holds,
    ),
    Truth(
        "a-call-keeps-its-ladder",
        "A call climbs the ladder it began with; an edit of the plan is for later calls.",
        plans.ladder_frozen,
    ),
    Truth(
        "only-a-rule-in-force-calls",
        "A rule calls only while it is active, in its own version and window, after its delay, "
        "for somebody who lives here with sensors and is not paused.",
        plans.rule_in_force,
    ),
    Truth(
        "what-waits-follows-its-rule",
        "A rule that is edited waits from the same beginning, no longer than it says now.",
        plans.waits_follow,
        (PlanAdopted,),
    ),
    Truth(
        "practice-is-apart",
        "A practice press rings the real way, as practice; a real press never becomes one.",
        plans.practice_apart,
        _SIGNAL,
    ),
    Truth(
        "practice-stays-practice",
        "A call does not become practice, nor real, while it lives.",
        plans.practice_stays,
    ),
    # --- Place ---
    Truth(
        "a-place-decides-nothing",
        "Where somebody was heard is shown and decides nothing: with no place known the same "
        "telephones ring for the same press, and a new place rings nobody.",
        places.place_decides_nothing,
        (SignalReceived, TagsPlaced),
    ),
    Truth(
        "a-place-is-known-by-right",
        "A patient is followed with a legal basis, or while a call of theirs is open.",
        places.place_by_right,
    ),
    # --- Pauses, wearers, duplicates, the ledger ---
    Truth(
        "a-pause-has-owner-reason-and-end",
        "A pause has an owner, a reason and an end.",
        signals.pause_is_whole,
    ),
    Truth("a-pause-ends-by-itself", "A pause ends by itself.", signals.pause_ends),
    Truth(
        "an-event-belongs-to-its-wearer",
        "An event belongs to the patient who wore the device when it happened.",
        signals.belongs_to_wearer,
        _SIGNAL,
    ),
    Truth(
        "a-duplicate-changes-nothing",
        "A redelivery or radio repeat is booked as duplicate and changes no call.",
        signals.duplicate_is_quiet,
        _SIGNAL,
    ),
    Truth(
        "a-new-press-is-no-duplicate",
        "Only what was heard before inside its window is a duplicate: a new press is news.",
        signals.new_is_no_duplicate,
        _SIGNAL,
    ),
    Truth(
        "a-signal-is-booked-once",
        "Each signal is booked exactly once.",
        signals.booked_once,
        (SignalReceived, SignalQuarantined),
    ),
    Truth(
        "the-ledger-balances",
        "Received = the sum of what was booked.",
        signals.ledger_balances,
        (DevicesHeard,),
        at_end=signals.ledger_ends,
    ),
    # --- Ids, answers, time, restarts ---
    Truth(
        "a-call-id-is-used-once",
        "A call id is never used twice, over all restarts.",
        calls.id_used_once,
    ),
    Truth(
        "a-tap-has-one-answer",
        "Each tap gets exactly one answer; the same operation again gets the same.",
        calls.tap_answered,
    ),
    Truth("time-never-goes-back", "The core's time never goes back.", calls.time_goes_on),
    # The witness itself reports these two (`raised`, `restarted`, `differs`).
    Truth("a-step-never-raises", "No event makes a step raise."),
    Truth(
        "a-restart-changes-nothing",
        "A restart between two events rebuilds the same state and the same decisions.",
    ),
    # --- Liveness, once faults stop ---
    Truth("every-call-is-heard", "Every call was heard by a person.", at_end=_all_heard),
    Truth(
        "every-call-is-taken-care-of",
        "With everybody willing no call of a patient keeps ringing.",
        at_end=_all_taken_care_of,
    ),
    # The witness reports this one too (`screens`), whenever nothing is on its way.
    Truth(
        "every-handset-shows-the-state",
        "Every connected telephone rings for what the state says, and for nothing else.",
    ),
    Truth(
        "the-journal-replays",
        "The journal replayed from its beginning gives the same decisions, byte for byte.",
        at_end=_replays,
    ),
)

NAMES = tuple(truth.name for truth in TRUTHS)
