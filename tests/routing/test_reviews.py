"""What must be decided again, and what ends by itself when nobody decides."""

from datetime import date, timedelta

from routing.effects import Booked, Reason
from routing.events import PlanAdopted
from routing.plan import Plan, Profile, RuleState
from routing.reviews import ReviewKind, reviews
from tests.routing.night import DAY, Night, bed, press, rule, solvik, with_rules, with_stay


def arrived(hours_ago: float, **rule_changes: object) -> Plan:
    since = Night().clock("02:00") - timedelta(hours=hours_ago)
    plan = with_rules(rule("r1", **rule_changes))
    return with_stay(plan, "ola", profile=Profile.ARRIVAL, since=since)


def out_of_bed(plan: Plan) -> Night:
    return Night(plan).at("01:00", bed(occupied=True)).at("02:00", bed(occupied=False))


def test_capability_17_the_arrival_profile_ends_after_24_hours_unless_decided() -> None:
    out_of_bed(arrived(23.9)).booked(Booked.OPENED)
    out_of_bed(arrived(24)).booked(Booked.SUPPRESSED, Reason.ARRIVAL_OVER)
    out_of_bed(arrived(48, decided_by="lege")).booked(Booked.OPENED)


def test_a_press_rings_whatever_became_of_the_arrival_profile() -> None:
    night = Night(arrived(48)).at("02:00", press())

    assert night.rung() == ["anne", "per"]


def test_a_decided_profile_brings_the_rules_back() -> None:
    night = out_of_bed(arrived(48))
    decided = with_stay(night.state.plan, "ola", profile=Profile.ORDINARY)

    night.at("03:00", PlanAdopted(decided), bed(occupied=True))
    night.at("03:10", bed(occupied=False)).booked(Booked.OPENED)


def test_capability_17_a_rule_past_its_review_date_is_shown_and_not_stopped() -> None:
    plan = with_rules(rule("r1", review_by=DAY - timedelta(days=1)), rule("r2", review_by=DAY))
    night = out_of_bed(plan).booked(Booked.OPENED)

    found = reviews(plan, night.now)

    assert [(one.rule, one.overdue) for one in found] == [("r1", True), ("r2", False)]


def test_a_review_date_is_the_last_day_in_local_time() -> None:
    plan = with_rules(rule("r1", review_by=DAY))
    last = Night().clock("22:59")  # 23:59 in Oslo

    assert [one.overdue for one in reviews(plan, last)] == [False]
    assert [one.overdue for one in reviews(plan, last + timedelta(minutes=1))] == [True]


def test_an_arrival_is_listed_with_when_its_talk_is_due_the_longest_overdue_first() -> None:
    plan = arrived(25, review_by=date(2026, 12, 1))

    found = reviews(plan, Night().clock("02:00"))

    assert [(one.kind, one.patient, one.overdue) for one in found] == [
        (ReviewKind.ARRIVAL, "ola", True),
        (ReviewKind.RULE, "ola", False),
    ]


def test_drafts_and_people_who_are_not_here_are_not_listed() -> None:
    now = Night().clock("02:00")
    drafts = with_rules(rule("r1", state=RuleState.DRAFT), rule("r2", review_by=None))
    left = with_stay(with_rules(rule("r3")), "ola", until=now)
    coming = with_stay(with_rules(rule("r4")), "ola", since=now + timedelta(hours=1))

    assert reviews(drafts, now) == ()
    assert reviews(left, now) == ()
    assert reviews(coming, now) == ()
    assert reviews(solvik(), now) == ()
