"""What Prometheus reads. Counted where it happens, read from the parts when it is scraped.

No names, no rooms, no ids of people or devices: labels are closed sets. An own registry, so
that two hubs in one test process do not share figures.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from routing.calls import CallState
from routing.effects import Book, Booked, Effect, Move, Note
from routing.events import HandsetState, StoreState
from routing.ids import HouseId
from routing.plan import Priority
from routing.state import State, is_open

PRESS_TO_RING_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""DOMAIN: p99.9 at most 2 s; the 5 s limit of the nurse call standards is an edge too."""
ANSWERS_REACHED = (
    "sent",
    "failed",
    "no_way",
    "transmitted",
    "acknowledged",
    "unacknowledged",
)
COMMIT_S = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0)


class Waiting(Protocol):
    """An engine, as the figures need it."""

    @property
    def state(self) -> State: ...  # noqa: D102
    @property
    def depths(self) -> tuple[int, int]:
        """Events that wait in the alarm and the bulk lane."""
        ...


class Commits(Protocol):
    """The store, as the figures need it."""

    state: StoreState
    commits: int
    last_commit_s: float


class Telephones(Protocol):
    """The gateway, as the figures need it."""

    rung_again: int

    @property
    def ended(self) -> Mapping[str, int]:
        """Lines that the hub ended, by reason."""
        ...


class Proofs(Protocol):
    """The one-shot channels, as the figures need them."""

    def proof_ages_s(self) -> Mapping[str, float]:
        """Seconds since each channel's last receipt; infinite: never."""
        ...


class Told(Protocol):
    """What went back to patients through their devices (hub/answers.py)."""

    @property
    def counted(self) -> Mapping[str, int]: ...  # noqa: D102


class MqttFigures(Protocol):
    """What the broker's side counts (hub/mqtt_stats.py)."""

    @property
    def messages(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def understood(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def problems(self) -> Mapping[tuple[str, str], int]: ...  # noqa: D102
    @property
    def qos0_dropped(self) -> int: ...  # noqa: D102
    @property
    def shed(self) -> int: ...  # noqa: D102
    @property
    def broker_up(self) -> bool: ...  # noqa: D102


class Metrics:
    """The figures of this hub. A `Performer`: it counts what the engines decided."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        self._signals = Counter(
            "bjelle_signals",
            "Signals by where the ledger booked them",
            ["booked"],
            registry=self.registry,
        )
        for booked in Booked:
            self._signals.labels(booked)
        self.press_to_ring = Histogram(
            "bjelle_press_to_ring_seconds",
            "From a call's opening to the first telephone that said it sounds",
            buckets=PRESS_TO_RING_S,
            registry=self.registry,
        )
        self.commit = Histogram(
            "bjelle_commit_seconds",
            "How long a commit of the journal took",
            buckets=COMMIT_S,
            registry=self.registry,
        )
        self._commits_seen = 0
        self._reading = _Reading()
        self.registry.register(self._reading)

    # --- Performer ----------------------------------------------------------------------------

    def noise(self, house: HouseId, state: State, effects: Sequence[Effect]) -> None:
        """Nothing to count before the commit."""

    def settled(
        self,
        house: HouseId,
        state: State,
        effects: Sequence[Effect],
        recorded: bool,  # noqa: FBT001 - the Performer's seam
    ) -> None:
        """Count what was booked, and how long the first ring took."""
        del house, recorded
        self._commit()
        for effect in effects:
            if isinstance(effect, Book):
                self._signals.labels(effect.to).inc()
            elif isinstance(effect, Note) and effect.move is Move.RANG:
                self._first_ring(state, effect)

    def _commit(self) -> None:
        store = self._reading.store
        # One commit may settle several houses: it is one commit.
        if store is not None and store.commits != self._commits_seen:
            self._commits_seen = store.commits
            self.commit.observe(store.last_commit_s)

    def _first_ring(self, state: State, note: Note) -> None:
        call = state.calls.get(note.call)
        # A late call's opening is not its press, and a second telephone's ring is no first one.
        if call is not None and not call.late and call.rang_at == note.at:
            waited = max(note.at - call.opened_at, timedelta(0))
            self.press_to_ring.observe(waited.total_seconds())

    # --- Where the rest is read ---------------------------------------------------------------

    def watch(
        self,
        *,
        engines: Mapping[HouseId, Waiting],
        store: Commits,
        mqtt: MqttFigures | None = None,
    ) -> None:
        """Read these parts at each scrape."""
        self._reading.engines = engines
        self._reading.store = store
        self._reading.mqtt = mqtt

    def watch_telephones(self, telephones: Telephones) -> None:
        """Read the gateway at each scrape."""
        self._reading.telephones = telephones

    def watch_channels(self, channels: Proofs) -> None:
        """Read the one-shot channels at each scrape."""
        self._reading.channels = channels

    def watch_answers(self, answers: Told) -> None:
        """Read what went back to patients at each scrape."""
        self._reading.answers = answers

    def broker_up(self, states: Sequence[State]) -> bool:
        """Tell whether the broker is connected: as its client says, else as the houses know."""
        mqtt = self._reading.mqtt
        return mqtt.broker_up if mqtt is not None else all(state.broker_up for state in states)

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)


class _Reading(Collector):
    """Figures that a part holds already."""

    def __init__(self) -> None:
        self.engines: Mapping[HouseId, Waiting] = {}
        self.store: Commits | None = None
        self.mqtt: MqttFigures | None = None
        self.telephones: Telephones | None = None
        self.channels: Proofs | None = None
        self.answers: Told | None = None

    def collect(self) -> Iterable[Metric]:
        """Yield what is true now."""
        states = [engine.state for engine in self.engines.values()]
        yield self._calls(states)
        yield self._handsets(states)
        yield self._inbox()
        up = GaugeMetricFamily("bjelle_store_up", "1 while the journal can be written")
        recorded = self.store is not None and self.store.state is StoreState.RECORDED
        up.add_metric([], float(recorded))
        yield up
        broker = GaugeMetricFamily("bjelle_broker_up", "1 while the broker is connected")
        connected = self.mqtt.broker_up if self.mqtt else all(s.broker_up for s in states)
        broker.add_metric([], float(connected))
        yield broker
        yield from self._messages()
        yield from self._lines()
        yield self._proofs()
        yield self._answers()

    def _calls(self, states: Sequence[State]) -> Metric:
        counts = {(s, p): 0 for s in CallState if s is not CallState.CLOSED for p in Priority}
        for state in states:
            for call in state.calls.values():
                if is_open(call):
                    counts[call.state, call.priority] += 1
        family = GaugeMetricFamily(
            "bjelle_calls_open", "Open calls", labels=["state", "priority"]
        )
        for (state, priority), count in counts.items():
            family.add_metric([state, priority.name.lower()], count)
        return family

    def _handsets(self, states: Sequence[State]) -> Metric:
        counts = dict.fromkeys(HandsetState, 0)
        for state in states:
            for handset in state.handsets.values():
                counts[handset.state] += 1
        family = GaugeMetricFamily(
            "bjelle_handsets", "Telephones by what they can do", labels=["state"]
        )
        for state, count in counts.items():
            family.add_metric([state], count)
        return family

    def _inbox(self) -> Metric:
        family = GaugeMetricFamily(
            "bjelle_inbox_depth", "Events that wait to be decided", labels=["lane"]
        )
        for lane, name in enumerate(("alarm", "bulk")):
            family.add_metric([name], sum(e.depths[lane] for e in self.engines.values()))
        return family

    def _proofs(self) -> Metric:
        family = GaugeMetricFamily(
            "bjelle_channel_proof_age_seconds",
            "Since a one-shot channel last gave a receipt; +Inf: never",
            labels=["channel"],
        )
        for channel, age in (self.channels.proof_ages_s() if self.channels else {}).items():
            family.add_metric([channel], age)
        return family

    def _lines(self) -> Iterable[Metric]:
        telephones = self.telephones
        again = CounterMetricFamily(
            "bjelle_rings_repeated", "Rings sent again because nobody had confirmed them"
        )
        again.add_metric([], telephones.rung_again if telephones else 0)
        yield again
        ended = CounterMetricFamily(
            "bjelle_lines_ended", "Telephones' lines that the hub ended", labels=["reason"]
        )
        for reason, count in dict(telephones.ended if telephones else {}).items():
            ended.add_metric([reason], count)
        yield ended

    def _answers(self) -> Metric:
        family = CounterMetricFamily(
            "bjelle_answers",
            "What went back to patients through their devices, by how far it came",
            labels=["reached"],
        )
        counted = self.answers.counted if self.answers else {}
        for reached in ANSWERS_REACHED:
            family.add_metric([reached], counted.get(reached, 0))
        return family

    def _messages(self) -> Iterable[Metric]:
        mqtt = self.mqtt
        messages = CounterMetricFamily(
            "bjelle_mqtt_messages", "Messages from the broker", labels=["lane"]
        )
        for lane in ("alarm", "bulk"):
            messages.add_metric([lane], mqtt.messages.get(lane, 0) if mqtt else 0)
        yield messages
        understood = CounterMetricFamily(
            "bjelle_decoded",
            "Messages of enrolled devices that were understood",
            labels=["ecosystem"],
        )
        for ecosystem, count in dict(mqtt.understood if mqtt else {}).items():
            understood.add_metric([ecosystem], count)
        yield understood
        problems = CounterMetricFamily(
            "bjelle_decode_problems",
            "Messages, or parts of one, that were not understood",
            labels=["ecosystem", "kind"],
        )
        for (ecosystem, kind), count in dict(mqtt.problems if mqtt else {}).items():
            problems.add_metric([ecosystem, kind], count)
        yield problems
        dropped = CounterMetricFamily(
            "bjelle_qos0_dropped", "QoS 0 messages over their own limit: gone"
        )
        dropped.add_metric([], mqtt.qos0_dropped if mqtt else 0)
        yield dropped
        shed = CounterMetricFamily(
            "bjelle_flood_shed", "Messages of strangers not read while their bridge flooded"
        )
        shed.add_metric([], mqtt.shed if mqtt else 0)
        yield shed
