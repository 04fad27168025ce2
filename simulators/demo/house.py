"""Solvik as the demo plays it: the same house, with rules that can be seen in a minute.

In the real file Kari's bed rule holds from 22 to 07 and waits ten minutes. Here it holds always
and waits a few seconds, so that somebody who tries the demo at noon sees it too.
"""

from datetime import timedelta
from pathlib import Path

from hub.house import HouseFile, load
from routing.ids import DeviceId, HandsetId, PatientId, RuleId, StaffId
from routing.plan import Purpose

SOLVIK = Path(__file__).parent.parent / "houses" / "solvik.yaml"

KARI = PatientId("p-16")
RULE = RuleId("bed-exit-16")
PHONES: dict[HandsetId, StaffId] = {
    HandsetId("phone-4"): StaffId("sor-eve-1"),
    HandsetId("phone-5"): StaffId("sor-eve-2"),
}
"""The two telephones that the visitor holds, and Kari's carers tonight, who carry them."""
ON_DUTY: dict[HandsetId, StaffId] = {
    HandsetId("phone-1"): StaffId("nord-eve-1"),
    HandsetId("phone-2"): StaffId("nord-eve-2"),
    HandsetId("phone-7"): StaffId("nurse-eve-1"),
    HandsetId("phone-8"): StaffId("leader-1"),
}
"""The simulated colleagues, on the evening shift."""
SOON = timedelta(seconds=5)
STEP = timedelta(seconds=20)


def demo_house() -> HouseFile:
    """Return Solvik with Kari's bed rule made visible and both visitors' carers hers.

    Each step of a ladder waits 20 s, so that it is seen to its end in a minute.
    """
    solvik = load(SOLVIK)
    rule = solvik.rules[RULE].model_copy(
        update={"window": None, "delay": SOON, "unless": [], "ends_by_itself": False}
    )
    patient = solvik.patients[KARI]
    hers = [
        stay.model_copy(update={"assigned": list(PHONES.values()), "backup": []})
        for stay in patient.stays
    ]
    ladders = {
        name: ladder.model_copy(
            update={
                "steps": [
                    step.model_copy(update={"patience": min(step.patience, STEP)})
                    for step in ladder.steps
                ]
            }
        )
        for name, ladder in solvik.ladders.items()
    }
    return solvik.model_copy(
        update={
            "ladders": ladders,
            "rules": {**solvik.rules, RULE: rule},
            "patients": {**solvik.patients, KARI: patient.model_copy(update={"stays": hers})},
        }
    )


def kari(house: HouseFile) -> tuple[DeviceId, DeviceId]:
    """Return Kari's bed sensor and wrist alarm."""
    worn = {a.purpose: a.device for a in house.plan(1).assignments if a.patient == KARI}
    return worn[Purpose.BED], worn[Purpose.HELP]
