"""The patient says no to a rule: it is silent at once, and who decides is told."""

from dataclasses import replace

from routing.effects import Reason, Ring
from routing.events import HandsetState, PlanAdopted
from routing.ids import StaffId, UnitId
from routing.plan import Basis, CallType, Competence, Priority, Role, RuleState, Staff
from tests.routing.night import Night, bed, reports, rule, sign_in, with_rules


def objected(night: Night, **changes: object) -> PlanAdopted:
    """Ola says no to his rule."""
    rules = tuple(replace(one, **changes) for one in night.state.plan.rules)  # type: ignore[arg-type]
    return PlanAdopted(replace(night.state.plan, version=2, rules=rules))


def test_capability_16_an_objection_silences_the_rule_and_tells_nurse_and_carers() -> None:
    night = Night(with_rules(rule(basis=Basis.DECISION_4_6A)))
    night.at("02:00", bed(occupied=True))

    night.at("02:01", objected(night, state=RuleState.SUSPENDED))

    told = night.call()
    assert (told.type, told.rule, told.priority) == (
        CallType.INFORMATION,
        "r1",
        Priority.ROUTINE,
    )
    assert told.because.reason is Reason.OBJECTED
    assert dict(told.because.facts)["why"] == "decision_4_6a", "which says who decides"
    assert night.rung() == ["anne"], "the assigned carer: no nurse has this unit tonight"
    night.at("02:02", bed(occupied=False)).at("02:30")
    assert night.rung() == ["anne", "per", "lise"], "the unit, and the house's nurse"
    assert [one.type for one in night.open()] == [CallType.INFORMATION], "and it calls no more"


def test_an_objection_asks_the_units_nurse_before_the_nurses_of_the_house() -> None:
    plan = with_rules(rule())
    berit = Staff(StaffId("berit"), Role.NURSE, Competence.NURSE, (UnitId("a"),))
    plan = replace(plan, staff={**plan.staff, berit.id: berit})
    night = Night(plan, on_duty=("anne", "per", "berit", "lise"))

    night.at("02:00", objected(night, state=RuleState.SUSPENDED))

    assert night.rung() == ["anne", "berit"]
    ring = next(one for one in night.effects if isinstance(one, Ring) and one.staff == "berit")
    chosen = {one.staff: one.reason for one in ring.because.considered if one.chosen}
    assert chosen == {"anne": Reason.ASSIGNED, "berit": Reason.ON_UNIT}
    night.at("02:15")
    assert night.rung() == ["anne", "per", "berit", "lise"], "then the unit, and all nurses"


def test_who_took_the_unit_for_the_shift_is_its_nurse() -> None:
    night = Night(with_rules(rule()), on_duty=("anne", "per"))
    night.at("01:00", sign_in("lise", "a", "b"), reports("lise", HandsetState.READY))

    night.at("02:00", objected(night, state=RuleState.SUSPENDED))

    assert night.rung() == ["anne", "lise"]


def test_an_objection_during_its_call_leaves_the_call_ringing() -> None:
    night = Night(with_rules(rule()))
    night.at("02:00", bed(occupied=True)).at("02:01", bed(occupied=False))

    night.at("02:01:30", objected(night, state=RuleState.SUSPENDED))

    assert [one.type for one in night.open()] == [CallType.BED_EXIT, CallType.INFORMATION]
    assert night.call().ringing


def test_a_decision_ends_what_was_told_of_the_objection() -> None:
    night = Night(with_rules(rule()))
    night.at("02:00", objected(night, state=RuleState.SUSPENDED))

    night.at("09:00", objected(night, state=RuleState.ACTIVE, basis_reference="nytt vedtak"))
    assert night.open() == []
    assert night.call().because.reason is Reason.OBJECTED

    night.at("09:05", objected(night, state=RuleState.SUSPENDED))
    gone = replace(night.state.plan, version=4, rules=())
    night.at("09:10", PlanAdopted(gone))
    assert night.open() == [], "and so does the end of the rule"


def test_a_rule_that_is_suspended_from_its_first_day_tells_nobody() -> None:
    night = Night().at("02:00")

    night.at("02:01", PlanAdopted(with_rules(rule(state=RuleState.SUSPENDED, basis=None))))
    assert night.open() == []
    again = replace(night.state.plan, version=3)
    night.at("02:02", PlanAdopted(again))
    assert night.open() == []


def test_an_objection_to_a_rule_without_basis_goes_to_the_leader() -> None:
    night = Night(with_rules(rule(state=RuleState.PAUSED, basis=None)))

    night.at("02:00", objected(night, state=RuleState.SUSPENDED))

    assert dict(night.call().because.facts)["why"] == "staff_only"
