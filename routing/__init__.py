"""routing decides: rules, calls, escalation, supervision. Standard library only.

Start with `events` (what happened), `effects` (what is ordered), `calls` (a call's life as
one table), then `step` (the one door).
"""
