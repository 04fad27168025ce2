"""What is ordered. `step` returns these; the shell performs them and changes none.

Every effect carries `because`: which rule and version, what was true, who was considered and
why each was chosen or passed over. The sentence that a nurse reads is made from it, never
afterwards.

Noise (`Ring`) leaves in parallel with the journal's commit; everything that makes silence or
confirms (`Withdraw`, `Show`, `Answer`, `Reply`) leaves after it. `AFTER_COMMIT` says which.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from routing.ids import CallId, DeviceId, HandsetId, OperationId, RuleId, SignalId, StaffId


class Reason(StrEnum):
    """Why something was decided; `hub.sentences` has one nb and one en sentence for each."""

    HELP_PRESSED = "help_pressed"
    PRESSED_AGAIN = "pressed_again"
    THIRD_PRESS_UNANSWERED = "third_press_unanswered"
    HELP_WHILE_PRESENT = "help_while_present"
    BATHROOM_CALL = "bathroom_call"
    RULE_HELD = "rule_held"
    RULE_TRIAL = "rule_trial"
    RULE_WAITING = "rule_waiting"
    RULE_ENDED_BY_SIGNAL = "rule_ended_by_signal"
    OUTSIDE_WINDOW = "outside_window"
    PAUSED = "paused"
    PRESENCE_COVERS = "presence_covers"
    PROFILE_SILENT = "profile_silent"
    NO_RULE = "no_rule"
    UNCHANGED = "unchanged"
    BASELINE = "baseline"
    DUPLICATE = "duplicate"
    REPLAYED = "replayed"
    TEST_TRAFFIC = "test_traffic"
    TECHNICAL_ONLY = "technical_only"
    STAFF_ASKED = "staff_asked"
    EMERGENCY = "emergency"
    ALARM_DEVICE_NOT_UNDERSTOOD = "alarm_device_not_understood"
    NOT_UNDERSTOOD = "not_understood"
    DEVICE_SILENT = "device_silent"
    BATTERY_LOW = "battery_low"
    BRIDGE_LOST = "bridge_lost"
    BROKER_LOST = "broker_lost"
    MESSAGES_LOST = "messages_lost"
    STORE_LOST = "store_lost"
    CLOCK_STEPPED = "clock_stepped"
    SHELL_FAULT = "shell_fault"
    FAULT_OVER = "fault_over"
    NO_READY_HANDSET = "no_ready_handset"
    COVERAGE_GAP = "coverage_gap"
    SHIFT_NOT_CHANGED = "shift_not_changed"
    ARRIVAL_OVER = "arrival_over"
    OBJECTED = "objected"
    DECIDED = "decided"
    SENSOR_STUCK = "sensor_stuck"
    PLACE_CHANGED = "place_changed"
    STILL_PRESENT = "still_present"
    FORGOT_TO_CLOSE = "forgot_to_close"
    UNASSIGNED_DEVICE = "unassigned_device"
    LATE = "late"
    JOINED = "joined"
    PATIENCE_OVER = "patience_over"
    RUNG_EMPTY = "rung_empty"
    ALL_DECLINED = "all_declined"
    FAILSAFE = "failsafe"
    NOT_ARRIVED = "not_arrived"
    NOT_COME = "not_come"
    NO_RECEIPT = "no_receipt"
    HANDSET_GONE = "handset_gone"
    OWNER_SIGNED_OUT = "owner_signed_out"
    TAKEN = "taken"
    TAKEN_BY_ANOTHER = "taken_by_another"
    UNDONE = "undone"
    DECLINED = "declined"
    HANDED_OVER = "handed_over"
    ARRIVED = "arrived"
    LEFT = "left"
    CLOSED = "closed"
    STEPPED_OUT = "stepped_out"
    LEFT_TO_OWNER = "left_to_owner"
    UNLESS_HELD = "unless_held"
    NOT_IN_USE = "not_in_use"
    PROVEN = "proven"
    NOT_PRESENT = "not_present"
    RINGS_AGAIN = "rings_again"
    NOT_ALLOWED = "not_allowed"
    UNKNOWN_CALL = "unknown_call"
    ALREADY_DONE = "already_done"
    # Why a person was chosen or passed over:
    ASSIGNED = "assigned"
    BACKUP = "backup"
    ON_UNIT = "on_unit"
    ON_DUTY = "on_duty"
    BUSY = "busy"
    NOT_ON_DUTY = "not_on_duty"
    NOT_COMPETENT = "not_competent"
    NOT_REACHABLE = "not_reachable"
    STUDENT_NOT_ALONE = "student_not_alone"
    DECLINED_BEFORE = "declined_before"


@dataclass(frozen=True, slots=True)
class Considered:
    """One person who was thought of: chosen or passed over, and why."""

    staff: StaffId
    chosen: bool
    reason: Reason
    handset: HandsetId | None = None


@dataclass(frozen=True, slots=True)
class Because:
    """Why. `facts` are (name, value) in words a sentence can use, times in ISO 8601 UTC."""

    reason: Reason
    rule: RuleId | None = None
    rule_version: int = 0
    facts: tuple[tuple[str, str], ...] = ()
    considered: tuple[Considered, ...] = ()


@dataclass(frozen=True, slots=True)
class Ring:
    """Make this telephone ring for this call. `again` > 0: repeat press, failsafe round."""

    call: CallId
    handset: HandsetId
    staff: StaffId
    because: Because
    again: int = 0


@dataclass(frozen=True, slots=True)
class Withdraw:
    """Stop ringing on this telephone, and say why (who took it)."""

    call: CallId
    handset: HandsetId
    because: Because
    by: StaffId | None = None


@dataclass(frozen=True, slots=True)
class Show:
    """What these telephones show of the call changed; reconcile them with the state."""

    call: CallId
    handsets: tuple[HandsetId, ...]
    because: Because


@dataclass(frozen=True, slots=True)
class Send:
    """One-shot channel (SMS, ntfy, e-mail, board sound), by outbox, with the call's id."""

    call: CallId
    channel: str
    because: Because
    round: int = 0


class AnswerKind(StrEnum):
    """What the patient is told, where the device has a light or buzzer."""

    RECEIVED = "received"
    COMING = "coming"


@dataclass(frozen=True, slots=True)
class Answer:
    """Tell the patient through the device."""

    call: CallId
    device: DeviceId
    kind: AnswerKind
    because: Because


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one operation of a telephone; the gateway sends it after the commit."""

    handset: HandsetId | None
    operation: OperationId
    ok: bool
    because: Because
    call: CallId | None = None
    by: StaffId | None = None


class Move(StrEnum):
    """What happened to a call; the projection `call_events` has one row for each."""

    OPENED = "opened"
    JOINED = "joined"
    PRESSED_AGAIN = "pressed_again"
    RAISED = "raised"
    CLIMBED = "climbed"
    RANG = "rang"
    SEEN = "seen"
    TAKEN = "taken"
    RESPONDED = "responded"
    DECLINED = "declined"
    NOT_COME = "not_come"
    """Whoever said they come beside others did not; it rings on unless enough are left."""
    HANDED_OVER = "handed_over"
    ARRIVED = "arrived"
    LEFT = "left"
    LEFT_TO_OWNER = "left_to_owner"
    """Whoever was there left, and a colleague who has taken it over is on the way."""
    REMINDED = "reminded"
    """Whoever is there was asked whether it is done."""
    STEPPED_OUT = "stepped_out"
    """One of several people at the place left; somebody competent is still there."""
    REOPENED = "reopened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Note:
    """Note this move in the call's story (journal projection; also retained `call/<id>`)."""

    call: CallId
    move: Move
    at: datetime
    because: Because
    staff: StaffId | None = None
    handset: HandsetId | None = None


class Booked(StrEnum):
    """Where a signal went; the ledger adds these up to what was received (DESIGN section 4)."""

    OPENED = "opened"
    JOINED = "joined"
    ENDED = "ended"
    WAITING = "waiting"
    SUPPRESSED = "suppressed"
    NO_RULE = "no_rule"
    UNCHANGED = "unchanged"
    DUPLICATE = "duplicate"
    TECHNICAL = "technical"
    PRACTICE = "practice"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Book:
    """Book one signal in the ledger: exactly one `Book` for each signal received."""

    signal: SignalId
    to: Booked
    because: Because
    device: DeviceId | None = None
    call: CallId | None = None


@dataclass(frozen=True, slots=True)
class TrialCall:
    """A rule in trial would have called now."""

    because: Because
    signal: SignalId | None = None


Effect = Ring | Withdraw | Show | Send | Answer | Reply | Note | Book | TrialCall

AFTER_COMMIT = (Withdraw, Show, Answer, Reply)
"""Effects that silence or confirm: they leave only once the journal's commit is durable."""
