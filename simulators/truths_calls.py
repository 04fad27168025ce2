"""Checks on calls: they ring, climb, are taken, come back, and are closed by a person."""

# ruff: noqa: ARG001 - every check has the same shape

from datetime import datetime, timedelta

from routing.calls import TABLE, CallState
from routing.defaults import policy_for
from routing.effects import Move, Note, Reply, Ring, Withdraw
from routing.events import (
    BridgeChanged,
    BrokerChanged,
    CallClosed,
    CallHandedOver,
    CallTaken,
    DevicesHeard,
    FaultMended,
    HelpAsked,
    SignalReceived,
    Started,
    StoreChanged,
    Tap,
    TimePassed,
)
from routing.ids import StaffId
from routing.plan import CallType, Competence, Plan, Priority, Role, TargetKind
from routing.readings import HelpPressed
from routing.state import Call, is_open
from routing.step import next_deadline
from simulators.watch import Stepped, Watch, Wrong

SHORTEST_ROUND = timedelta(seconds=10)
RAISING = timedelta(minutes=10)
WAKING = timedelta(seconds=2)
KEPT_CLOSED = timedelta(hours=24)
TECHNICAL = (CallType.TECHNICAL, CallType.INFORMATION)


def technical(call: Call) -> bool:
    """Tell whether no patient waits at the end of this call."""
    return call.type in TECHNICAL


def waits(call: Call) -> bool:
    """Tell whether it is open and nobody has taken it."""
    return call.state is CallState.RINGING


# --- Presses ----------------------------------------------------------------------------------


def _pressed(event: SignalReceived) -> bool:
    return any(r.__class__ is HelpPressed for r in event.readings)


def repeat_rings(  # noqa: PLR0911 - each way to lose a press
    watch: Watch, step: Stepped
) -> Wrong | None:
    """A press that joined an open call is counted, and sounds: also for who is on the way."""
    event = step.event
    assert isinstance(event, SignalReceived)
    if step.book is None or step.book.to != "joined" or not _pressed(event):
        return None
    call = step.book.call
    old = step.before.calls.get(call) if call else None
    new = step.after.calls.get(call) if call else None
    if old is None or new is None:
        return Wrong(f"a press joined {call}, which is not there", call, event.device)
    if technical(new):
        return None
    if new.pressed <= old.pressed:
        return Wrong(f"press {old.pressed + 1} was not counted on {call}", call, event.device)
    if waits(new) and new.ringing and not _rang(step, new):
        return Wrong(f"press {new.pressed} on {call} made nothing ring", call, event.device)
    if new.state is CallState.TAKEN and not _rang(step, new):
        return Wrong(f"{new.owner} on the way to {call} was not told of press {new.pressed}")
    return None


def _rang(step: Stepped, call: Call) -> bool:
    return any(e.__class__ is Ring and e.call == call.id for e in step.effects)  # pyright: ignore[reportAttributeAccessIssue]


def third_raises(watch: Watch, step: Stepped) -> Wrong | None:
    """Three presses within 10 minutes on a call nobody has taken: urgent."""
    for call, _, now in step.changed:
        if now is None or not waits(now) or len(now.presses) < 3 or now.practice:
            continue
        close = now.presses[-1] - now.presses[-3] <= RAISING
        if close and now.taken_at is None and now.priority > Priority.URGENT:
            return Wrong(f"{now.pressed} presses unanswered, still {now.priority.name}", call)
    return None


# --- Ringing and climbing ---------------------------------------------------------------------


def untaken_moves_on(watch: Watch, step: Stepped) -> Wrong | None:
    """Every changed call that rings has a next step inside its patience."""
    for call, _, now in step.changed:
        if now is None or not waits(now):
            continue
        if now.climbs_at is None:
            return Wrong(f"{call} rings and nothing comes next", call)
        rungs = now.ladder.rungs
        rung = rungs[now.rung] if now.rung < len(rungs) else now.ladder.failsafe
        longest = max(rung.patience, SHORTEST_ROUND)
        if now.climbs_at > step.now + longest:
            over = (now.climbs_at - step.now - longest).total_seconds()
            return Wrong(f"{call} waits {over:.0f} s longer than its step's patience", call)
    return None


def no_empty_chair(watch: Watch, step: Stepped) -> Wrong | None:
    """A call that waits below its failsafe rings somewhere, or went out by a channel."""
    for call, _, now in step.changed:
        if now is None or not waits(now) or now.ringing or now.rung >= len(now.ladder.rungs):
            continue
        if not any(
            target.kind is TargetKind.CHANNEL
            for rung in now.ladder.rungs[: now.rung + 1]
            for target in rung.targets
        ):
            return Wrong(f"{call} waits on step {now.rung + 1}, where nobody rings", call)
    return None


def nothing_overdue(watch: Watch, step: Stepped) -> Wrong | None:
    """The next deadline lies ahead, and no open call's own has passed."""
    due = next_deadline(step.after)
    # TimePassed does all that is due; before that the hub may be on its way to being woken.
    timely = step.event.__class__ is TimePassed
    if due is None or due > step.now:
        watch.overdue = None
    elif timely or _overdue(watch, step, due):
        late = (step.now - due).total_seconds()
        return Wrong(f"a deadline passed {late:.3f} s ago and is still waited for")
    if not timely:
        return None
    for call in step.after.calls.values():
        if call.climbs_at is not None and call.climbs_at <= step.now and is_open(call):
            return Wrong(f"{call.id} should have climbed at {call.climbs_at:%H:%M:%S}", call.id)
        if due is None and waits(call):
            return Wrong(f"{call.id} rings and nothing will wake the hub", call.id)
    return None


def _overdue(watch: Watch, step: Stepped, due: datetime) -> bool:
    """Tell whether it has been overdue long enough for the hub to have been woken."""
    if watch.overdue is None or watch.overdue[0] != due or isinstance(step.event, Started):
        watch.overdue = (due, step.now)
    return step.now - watch.overdue[1] > WAKING


def announced(watch: Watch, step: Stepped) -> Wrong | None:
    """A telephone that began or stopped ringing was told."""
    for call, old, now in step.changed:
        if now is None:
            continue  # forgotten: judged by `lives_by_the_table`
        was = old.ringing if old is not None else {}
        rings = now.ringing
        if was is rings:
            continue
        for handset in rings:
            if handset not in was and not _ordered(step, Ring, call, handset):
                return Wrong(f"{handset} counts as ringing for {call}, and was not rung", call)
        for handset in was:
            if handset not in rings and not _ordered(step, Withdraw, call, handset):
                by = getattr(step.event, "by", None)
                if getattr(by, "handset", None) != handset:
                    return Wrong(f"{call} stopped on {handset} without a word to it", call)
    return None


def _ordered(step: Stepped, kind: type, call: str, handset: str) -> bool:
    return any(
        e.__class__ is kind and e.call == call and e.handset == handset  # pyright: ignore[reportAttributeAccessIssue]
        for e in step.effects
    )


def silenced_rightly(watch: Watch, step: Stepped) -> Wrong | None:
    """A call that still waits keeps ringing where it rang."""
    for call, old, now in step.changed:
        if old is None or now is None or not waits(old) or not waits(now):
            continue
        if now.ringing is old.ringing or not old.ringing:
            continue
        if now.ringing or now.rung > old.rung or now.round > old.round:
            continue
        # Nobody rings any more, and no step was taken: only at the failsafe, nobody reachable.
        if now.rung < len(now.ladder.rungs):
            return Wrong(f"{call} fell silent on all telephones, nobody having taken it", call)
    return None


# --- The table --------------------------------------------------------------------------------


def lives_by_the_table(watch: Watch, step: Stepped) -> Wrong | None:
    """States change by noted moves, and only what was closed a day ago is forgotten."""
    for call, old, now in step.changed:
        if now is None:
            if old is None or old.closed_at is None or step.now - old.closed_at < KEPT_CLOSED:
                return Wrong(f"{call} was forgotten before its time", call)
            continue
        moves = [e.move for e in step.effects if e.__class__ is Note and e.call == call]  # pyright: ignore[reportAttributeAccessIssue]
        if old is None:
            if Move.OPENED not in moves:
                return Wrong(f"{call} appeared without being opened", call)
            state = CallState.RINGING
            moves = moves[moves.index(Move.OPENED) + 1 :]
        else:
            state = old.state
        for move in moves:
            to = TABLE[state].get(move)
            if to is None:
                return Wrong(
                    f"{call} is {state} and was {move}: the table has no such move", call
                )
            state = to
        if state is not now.state:
            return Wrong(f"{call} became {now.state}, its story says {state}", call)
    return None


def taken_comes_back(watch: Watch, step: Stepped) -> Wrong | None:
    """A taken call has a limit for arriving, which has not passed."""
    if not step.changed and step.event.__class__ is not TimePassed:
        return None
    calls = step.after.calls
    open_calls = (calls[c] for c in step.after.open if c in calls)
    for call in open_calls:
        if call.state is not CallState.TAKEN and not _student_first(call):
            continue
        if call.arrive_by is None or call.owner is None:
            return Wrong(f"{call.id} is taken, without owner or limit for arriving", call.id)
        # At that very moment another event may come first: then TimePassed does it.
        timely = step.event.__class__ is TimePassed
        if call.arrive_by < step.now or (timely and call.arrive_by == step.now):
            return Wrong(f"{call.id} is taken, its limit for arriving has passed", call.id)
        limit = policy_for(step.after.plan, call.type).arrive_within
        if call.arrive_by > step.now + limit and call.taken_at == step.now:
            return Wrong(f"{call.id} may be arrived at later than the house decided", call.id)
    return None


def _student_first(call: Call) -> bool:
    """Tell whether somebody is there who does not stand for the owner on the way."""
    on_the_way = call.owner is not None and call.owner not in call.present
    return call.state is CallState.PRESENT and on_the_way and call.arrive_by is not None


_HEALS = (
    TimePassed,
    SignalReceived,
    DevicesHeard,
    BridgeChanged,
    BrokerChanged,
    StoreChanged,
    FaultMended,
)


def closed_rightly(watch: Watch, step: Stepped) -> Wrong | None:
    """Who or what closed it was allowed to."""
    for call, old, now in step.changed:
        if now is None or now.state is not CallState.CLOSED or old is None or not is_open(old):
            continue
        event = step.event
        if isinstance(event, CallClosed):
            wrong = _closed_by(step.after.plan, event, old)
            if wrong:
                return Wrong(wrong, call)
        elif technical(old):
            continue  # a fault that heals closes its own call, whatever event told so
        elif not isinstance(event, _HEALS) or not _ends_by_itself(step.after.plan, old):
            return Wrong(f"{call} was closed by {type(event).__name__}, by no person", call)
    return None


def _closed_by(plan: Plan, event: CallClosed, old: Call) -> str:
    person = plan.staff.get(event.by.staff)
    if event.call != old.id:
        return f"closing {event.call} closed {old.id}"
    if person is None or person.role is Role.STUDENT:
        return f"{event.by.staff} may not close {old.id}"
    at_place = event.by.staff in old.present
    asked = event.by.staff == old.asked_by
    if not at_place and not event.reason and not technical(old) and not asked:
        return f"{event.by.staff} closed {old.id} from elsewhere, without a reason"
    needed = policy_for(plan, old.type).close_competence
    if person.competence < needed and not asked:
        return f"{event.by.staff} closed {old.id}, which needs {needed.name}"
    return ""


def _ends_by_itself(plan: Plan, call: Call) -> bool:
    return any(rule.id == call.rule and rule.ends_by_itself for rule in plan.rules)


# --- Who --------------------------------------------------------------------------------------


def one_owner(watch: Watch, step: Stepped) -> Wrong | None:
    """The owner changes by an offer that is taken; only emergencies have responders."""
    for call, old, now in step.changed:
        if now is None or old is None or old.owner == now.owner:
            if now is not None and now.owner is not None and now.owner in now.responders:
                return Wrong(f"{now.owner} owns {call} and is its responder too", call)
            continue
        if old.owner is not None and now.owner is not None and is_open(now):
            event = step.event
            offered = old.offered_to == now.owner
            by = getattr(getattr(event, "by", None), "staff", None)
            handed = isinstance(event, CallHandedOver)
            stepped_in = now.owner in old.responders or now.owner in old.present
            if not ((offered and by == now.owner) or handed or stepped_in):
                return Wrong(f"{call} of {old.owner} became {now.owner}'s, not offered", call)
    return None


def second_accept_told(watch: Watch, step: Stepped) -> Wrong | None:
    """Who accepts what another has keeps out of it, and is told whose it is."""
    event = step.event
    assert isinstance(event, CallTaken)
    old = step.before.calls.get(event.call)
    if old is None or old.owner is None or old.owner == event.by.staff or not is_open(old):
        return None
    rings_beside = old.state is CallState.PRESENT and old.climbs_at is not None
    if rings_beside or old.ladder.responders > 1 or waits(old):
        return None  # more than one may come: an emergency, or help asked for beside staff
    if old.offered_to == event.by.staff:
        return None
    now = step.after.calls.get(event.call)
    if now is None or now.owner != old.owner:
        return Wrong(f"{event.by.staff} took {old.id} from {old.owner}", old.id)
    reply = next((e for e in step.effects if isinstance(e, Reply)), None)
    if reply is None or reply.ok or reply.by != old.owner:
        again = event.by.operation in watch.answers
        if not again:
            return Wrong(f"{event.by.staff} was not told that {old.owner} has {old.id}", old.id)
    return None


def student_not_alone(watch: Watch, step: Stepped) -> Wrong | None:
    """Among those rung there is somebody who can carry the call."""
    for call, _, now in step.changed:
        if now is None or not waits(now) or not now.ringing:
            continue
        if all(_student(step, ringing.staff) for ringing in now.ringing.values()):
            return Wrong(f"only students are rung for {call}", call)
    return None


def _student(step: Stepped, staff: str) -> bool:
    person = step.after.plan.staff.get(StaffId(staff))
    return (
        person is None or person.role is Role.STUDENT or person.competence is Competence.STUDENT
    )


def emergency_rings(watch: Watch, step: Stepped) -> Wrong | None:
    """Staff in need open a call of their own, at once, for everybody."""
    event = step.event
    assert isinstance(event, HelpAsked)
    if not event.emergency or event.by.operation in watch.answers:
        return None
    for call, old, now in step.changed:
        if now is None or now.type is not CallType.EMERGENCY:
            continue
        if old is None or not waits(old):
            if now.ringing or now.rung >= len(now.ladder.rungs) or _channels(step, call):
                return None
            return Wrong(f"the emergency {call} rings nowhere", call)
        return None
    return Wrong(f"{event.by.staff} asked for emergency help and no call began")


def _comes(call: Call) -> tuple[str | None, ...]:
    return (call.owner, *call.responders)


def enough_come(watch: Watch, step: Stepped) -> Wrong | None:
    """One of two is on the way: it goes on until the second one comes too, no student."""
    for call, _, now in step.changed:
        if now is None or now.state is not CallState.TAKEN or now.climbs_at is not None:
            continue
        coming = [one for one in _comes(now) if one is not None and not _student(step, one)]
        if len(coming) < now.ladder.responders:
            wanted = now.ladder.responders
            return Wrong(f"{call} wants {wanted}, {len(coming)} come, nobody else rings", call)
    return None


def second_is_waited_for(watch: Watch, step: Stepped) -> Wrong | None:
    """Who is not there, where another is and more are wanted, has a limit which has not passed.

    An owner whose colleague is there is waited for only where several must come.
    """
    if not step.changed and step.event.__class__ is not TimePassed:
        return None
    timely = step.event.__class__ is TimePassed
    for call in (step.after.calls[c] for c in step.after.open if c in step.after.calls):
        absent = [one for one in call.responders if one not in call.present]
        owner_comes = call.state is CallState.PRESENT and call.arrive_by is None
        if owner_comes and call.ladder.responders > 1 and call.owner not in call.present:
            absent += [call.owner] if call.owner is not None else []
        if not absent:
            continue
        if call.beside_by is None:
            return Wrong(f"{absent[0]} comes to {call.id}, and nobody follows it", call.id)
        if call.beside_by < step.now or (timely and call.beside_by == step.now):
            return Wrong(f"{absent[0]} came not to {call.id} in time, and counts", call.id)
    return None


def walks_in_peace(watch: Watch, step: Stepped) -> Wrong | None:
    """No ladder rings who has said they come, while they have not come back from it."""
    for effect in step.effects:
        if not isinstance(effect, Ring):
            continue
        told = step.before.calls.get(effect.call), step.after.calls.get(effect.call)
        if all(call is not None and effect.staff in _comes(call) for call in told):
            return Wrong(
                f"{effect.staff} comes to {effect.call} and is rung for it", effect.call
            )
    return None


def _channels(step: Stepped, call: str) -> bool:
    return any(e.__class__.__name__ == "Send" and e.call == call for e in step.effects)  # pyright: ignore[reportAttributeAccessIssue]


def ring_says_why(watch: Watch, step: Stepped) -> Wrong | None:
    """A ring names the person it chose among those considered, or what made it ring again."""
    for effect in step.effects:
        if effect.__class__ is not Ring:
            continue
        assert isinstance(effect, Ring)
        because = effect.because
        if effect.again == 0 and not any(
            c.chosen and c.staff == effect.staff for c in because.considered
        ):
            known = step.after.calls.get(effect.call)
            offered = known is not None and known.offered_to == effect.staff
            if not offered:
                return Wrong(f"{effect.call} rings {effect.staff} without a why", effect.call)
    return None


# --- Ids, answers, time -----------------------------------------------------------------------


def id_used_once(watch: Watch, step: Stepped) -> Wrong | None:
    """No id is opened a second time, not after a kill either."""
    for call, old, now in step.changed:
        if old is None and now is not None and call in watch.used_ids:
            return Wrong(f"the id {call} was used before", call)
    return None


def tap_answered(watch: Watch, step: Stepped) -> Wrong | None:
    """One reply per tap; the same operation on the same telephone gets the same one."""
    replies = [e for e in step.effects if e.__class__ is Reply]
    event = step.event
    if not isinstance(event, Tap):
        return Wrong(f"{type(event).__name__} was answered like a tap") if replies else None
    if len(replies) != 1:
        return Wrong(f"{type(event).__name__} got {len(replies)} answers")
    reply = replies[0]
    assert isinstance(reply, Reply)
    operation = event.by.operation
    if reply.operation != operation or reply.handset != event.by.handset:
        return Wrong(f"the answer to {operation} went elsewhere")
    known = watch.answers.get(operation)
    handset = step.before.handsets.get(event.by.handset) if event.by.handset else None
    repeated = handset is not None and handset.last_operation == operation
    if repeated and known is not None and known != reply.ok:
        return Wrong(f"{operation} was answered {known}, then {reply.ok}")
    if repeated and step.changed:
        return Wrong(f"{operation} sent twice counted twice", step.changed[0][0])
    watch.answers[operation] = reply.ok
    return None


def time_goes_on(watch: Watch, step: Stepped) -> Wrong | None:
    """`now` is what the state remembers, and never earlier than before."""
    before, after = step.before.now, step.after.now
    if after is None or after != step.now:
        return Wrong(f"the state's now is {after}, the step's {step.now}")
    if before is not None and after < before:
        return Wrong(f"time went back from {before} to {after}")
    return None
