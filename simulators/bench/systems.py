"""The two systems under measurement, each a process of its own on a broker of its own run.

`ours()` is the hub as shipped (`bjelle serve`); `floor()` is `simulators.bench.floor`. Both on
SQLite, on the same Mosquitto, with the same telephones.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from hub import enrolment
from simulators.bench.houses import CARERS, house_file
from simulators.local_broker import Broker, free_port

PIN = "135790"
UP_WITHIN_S = 60.0


@dataclass
class System:
    """A running system: its process, and where its telephones connect."""

    name: str
    process: subprocess.Popen[bytes]
    port: int
    lines: list[tuple[str, str, dict[str, str]]]
    """House, WebSocket address and headers, one for each telephone."""
    handled_path: str
    headers: dict[str, str]

    def pause(self) -> None:
        """Stop the process where it is (SIGSTOP)."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it run again."""
        self.process.send_signal(signal.SIGCONT)

    def cpu_s(self) -> float:
        """Return user and system seconds used so far."""
        used = psutil.Process(self.process.pid).cpu_times()
        return used.user + used.system

    async def handled(self, client: httpx.AsyncClient) -> int:
        """Return how many MQTT messages were handled for good so far."""
        answer = await client.get(
            f"http://127.0.0.1:{self.port}{self.handled_path}", headers=self.headers
        )
        answer.raise_for_status()
        if answer.headers["content-type"].startswith("application/json"):
            return int(answer.json())
        return int(
            sum(
                float(line.rpartition(" ")[2])
                for line in answer.text.splitlines()
                if line.startswith("bjelle_mqtt_messages_total{")
            )
        )
