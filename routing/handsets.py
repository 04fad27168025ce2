"""People come to duty and go, telephones answer or fall silent: calls move accordingly."""

from dataclasses import replace

from routing.draft import REACHABLE, Draft, awaited, coming_beside
from routing.effects import Because, Move, Note, Reason
from routing.escalation import go_away, join_ringing, lose_ringing, not_come, reopen
from routing.events import (
    HandsetReported,
    HandsetState,
    ReceiptGiven,
    ReceiptKind,
    SignedIn,
    SignedOut,
)
from routing.ids import HandsetId, StaffId
from routing.state import HandsetNow

UNHEARD = "unheard"
"""The reason why a telephone is limited between its sign-in and its page's first answer."""

_FAR = {
    None: 0,
    ReceiptKind.SENT: 1,
    ReceiptKind.RECEIVED: 2,
    ReceiptKind.RINGING: 3,
    ReceiptKind.SEEN: 4,
}
_SOUNDS = (ReceiptKind.RINGING, ReceiptKind.SEEN)


def signed_in(draft: Draft, event: SignedIn) -> None:
    """Let a person take a telephone; whoever had it is signed out."""
    before = draft.handsets.get(event.handset, HandsetNow())
    if before.staff is not None and before.staff != event.staff:
        _sign_out(draft, event.handset, before.staff)
    now = draft.handsets.get(event.handset, HandsetNow())
    # A PIN says that somebody holds it, not that it can ring: until its page has answered,
    # calls go to it and to the next in parallel.
    draft.put_handset(
        event.handset,
        replace(
            now,
            state=HandsetState.LIMITED,
            since=draft.now,
            staff=event.staff,
            units=event.units,
            signed_in=draft.now,
            reasons=(UNHEARD,),
        ),
    )
    _join_all(draft, event.handset)


def signed_out(draft: Draft, event: SignedOut) -> None:
    """Let a person put the telephone down: their calls come back."""
    now = draft.handsets.get(event.handset)
    if now is not None and now.staff == event.staff:
        _sign_out(draft, event.handset, event.staff)


def reported(draft: Draft, event: HandsetReported) -> None:
    """Take in the gateway's judgement of a telephone."""
    before = draft.handsets.get(event.handset, HandsetNow())
    if event.state is HandsetState.SIGNED_OFF and before.staff is not None:
        _sign_out(draft, event.handset, before.staff)
        return
    since = draft.now if event.state is not before.state else before.since
    now = replace(before, state=event.state, since=since, reasons=event.reasons)
    draft.put_handset(event.handset, now)
    if not draft.reachable(now):
        _lose(draft, event.handset)
    elif event.state in REACHABLE and before.state not in REACHABLE:
        _join_all(draft, event.handset)


def receipt(draft: Draft, event: ReceiptGiven) -> None:
    """Note how far a ring came; only «ringing» and «seen» are told in the call's story."""
    call = draft.calls.get(event.call)
    ringing = None if call is None else call.ringing.get(event.handset)
    if call is None or ringing is None or _FAR[event.kind] <= _FAR[ringing.receipt]:
        return
    now = replace(ringing, receipt=event.kind, receipt_at=draft.now)
    changed = replace(call, ringing={**call.ringing, event.handset: now})
    if event.kind not in _SOUNDS:
        draft.heard(changed, timed=False)
        return
    # One telephone that sounds ends the wait for the next people; the others change nothing.
    first = not any(one.receipt in _SOUNDS for one in call.ringing.values())
    draft.heard(replace(changed, rang_at=call.rang_at or draft.now), timed=first)
    because = Because(Reason.RINGS_AGAIN if ringing.again else call.because.reason)
    move = Move.RANG if event.kind is ReceiptKind.RINGING else Move.SEEN
    draft.effects.append(Note(call.id, move, draft.now, because, ringing.staff, event.handset))


def listened(draft: Draft) -> None:
    """Believe after a start, once the gateway has listened, that who is gone is gone."""
    draft.listen_until(None)
    for handset, now in tuple(draft.handsets.items()):
        if now.state is HandsetState.GONE:
            _lose(draft, handset)


def _lose(draft: Draft, handset: HandsetId) -> None:
    for call in draft.open_calls():
        lose_ringing(draft, call, handset, Because(Reason.HANDSET_GONE))


def _join_all(draft: Draft, handset: HandsetId) -> None:
    for call in draft.open_calls():
        join_ringing(draft, call, handset)


def _sign_out(draft: Draft, handset: HandsetId, staff: StaffId) -> None:
    now = draft.handsets[handset]
    draft.put_handset(
        handset,
        replace(
            now,
            state=HandsetState.SIGNED_OFF,
            since=draft.now,
            staff=None,
            units=(),
            signed_in=None,
            reasons=(),
        ),
    )
    elsewhere = any(holder == staff for _, _, holder in draft.on_duty())
    because = Because(Reason.OWNER_SIGNED_OUT, facts=(("staff", staff),))
    for known in draft.open_calls():
        call = lose_ringing(draft, known, handset, because)
        if elsewhere:
            continue
        if staff in call.present:
            go_away(draft, call, staff, because)
        elif call.owner == staff and awaited(call):
            reopen(draft, call, because)
        elif staff in coming_beside(call):
            not_come(draft, call, staff, because)
