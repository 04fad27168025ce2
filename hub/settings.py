"""Where things are: environment `BJELLE_…` and a TOML file. Decisions are the plan."""

import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)


class ChannelSettings(BaseModel):
    """A way out of the house: `[channels.NAME]`, by the name of `channel:NAME` in a ladder."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["ntfy", "sms", "email", "mqtt", "webpush"]
    url: SecretStr = SecretStr("")
    """ntfy: https://SERVER/TOPIC; sms and email: an address of Apprise's; mqtt: none; webpush:
    whom a push service may write to, as mailto:NAME@HOUSE."""
    token: SecretStr = SecretStr("")
    """ntfy's access token."""


class Settings(BaseSettings):
    """Bad configuration is refused at start with the field's name and what was expected."""

    model_config = SettingsConfigDict(
        env_prefix="BJELLE_", toml_file="bjelle.toml", extra="forbid"
    )

    store_url: str = "sqlite+aiosqlite:///bjelle.db"
    """SQLAlchemy URL: sqlite+aiosqlite:///FILE or postgresql+asyncpg://…"""
    data_dir: Path = Path()
    """Where the spool file and backups are."""
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    cookie_secure: bool = True
    """False only for http on loopback (the demo)."""

    mqtt_host: str = "127.0.0.1"
    mqtt_port: int = Field(default=8883, ge=1, le=65535)
    mqtt_username: str = ""
    mqtt_password: SecretStr = SecretStr("")
    mqtt_tls: bool = True
    mqtt_ca: Path | None = None
    mqtt_version: int = 5
    """5; 4 (3.1.1) only for the demo's embedded broker: it acknowledges before the commit."""
    mqtt_client_id: str = "bjelle"
    mqtt_session_expiry_s: int = Field(default=7 * 24 * 3600, ge=60)
    mqtt_receive_maximum: int = Field(default=1000, ge=1, le=65535)
    mqtt_bulk_receive_maximum: int = Field(default=256, ge=1, le=65535)
    """The same for the lane of what can wait; what a transaction takes of a backlog at most."""

    channels: dict[str, ChannelSettings] = Field(default_factory=dict[str, ChannelSettings])
    channel_proof_hour: int = Field(default=10, ge=0, le=23)
    """From this hour, in the house's time, each channel gets its daily proof."""
    push_services: tuple[str, ...] = (
        "fcm.googleapis.com",
        "updates.push.services.mozilla.com",
        "push.apple.com",
        "notify.windows.com",
    )
    """Where browsers subscribe to notices: the hub knocks nowhere else."""
    public_url: str = ""
    """Where telephones reach the hub, for links in notices; empty: notices have no link."""

    metrics_token: SecretStr = SecretStr("")
    """Bearer token for /metrics; empty: only a signed-in technician or leader may read it."""
    inbox_limit: int = Field(default=4000, ge=1)
    unrecorded_after_s: float = Field(default=5.0, gt=0)
    spool_limit_bytes: int = Field(default=256 * 1024 * 1024, ge=1024)
    heard_flush_s: float = Field(default=30.0, gt=0)
    snapshot_every_rows: int = Field(default=2000, ge=1)
    gateway_listen_s: float = Field(default=8.0, ge=0)
    demo: bool = False

    @field_validator("channels")
    @classmethod
    def _fit_a_topic(cls, channels: dict[str, ChannelSettings]) -> dict[str, ChannelSettings]:
        for name in channels:
            if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
                expected = "letters, digits, _ . - (it is part of a topic)"
                raise ValueError(f"channel {name!r}: expected {expected}")
        return channels

    @field_validator("store_url")
    @classmethod
    def _known_store(cls, url: str) -> str:
        if url.startswith(("sqlite+aiosqlite://", "postgresql+asyncpg://")):
            return url
        expected = (
            "sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/DATABASE"
        )
        raise ValueError(f"expected {expected}, got {url.rpartition('@')[2]!r}")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then environment, then the TOML file."""
        del dotenv_settings
        toml = TomlConfigSettingsSource(settings_cls)
        return init_settings, env_settings, toml, file_secret_settings
