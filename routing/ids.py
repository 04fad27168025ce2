"""Names of things. Ids are opaque strings: no personal name, no number of a person in them."""

from typing import NewType

HouseId = NewType("HouseId", str)
UnitId = NewType("UnitId", str)
RoomId = NewType("RoomId", str)
BedId = NewType("BedId", str)
PatientId = NewType("PatientId", str)
"""A pseudonym. The person's name stands in the erasable table `people`, nowhere else."""
StaffId = NewType("StaffId", str)
HandsetId = NewType("HandsetId", str)
DeviceId = NewType("DeviceId", str)
BridgeId = NewType("BridgeId", str)
"""What carries devices to us: a zigbee2mqtt, a ChirpStack application, a BLE gateway."""
LadderId = NewType("LadderId", str)
RuleId = NewType("RuleId", str)
TemplateId = NewType("TemplateId", str)
CallId = NewType("CallId", str)
"""`<epoch>-<seq>`: each start of the hub commits a new epoch, so an id is never used twice."""
SignalId = NewType("SignalId", str)
"""`<epoch>-<seq>` too, given by the shell when a message is understood."""
OperationId = NewType("OperationId", str)
"""Chosen by the handset, so that a tap sent twice counts once."""
