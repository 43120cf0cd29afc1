"""The settings of an installation, read from the environment once and passed on."""

import os
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = Path(__file__).parent


def shipped(name: str) -> Path:
    """The folder of shipped files `name`: inside an installed package, or beside it."""
    inside = PACKAGE / name
    return inside if inside.is_dir() else PACKAGE.parent / name


CONTENT = PACKAGE / "content"
ASSETS = PACKAGE / "assets"
SEEDS = PACKAGE / "seeds"
TEMPLATES = shipped("templates")
LOCALES = shipped("locales")


@dataclass(frozen=True, slots=True)
class Provider:
    """Where staff of the organisation sign in already (OIDC), and what names their login there."""

    issuer: str
    client: str
    secret: str = field(default="", repr=False)
    claim: str = "preferred_username"


@dataclass(frozen=True, slots=True)
class Settings:
    """One installation: where its data lie and how it is reached. Paths are absolute."""

    data: Path
    database: str  # "sqlite" or a postgresql:// address
    answers: str  # a folder or an s3:// address
    key_copy: Path
    backup: Path
    smtp: str | None  # smtp://user:password@host:port; None = .eml files in data/mail
    url: str
    organisation: Path
    sms: str | None = None  # the name of a sender of text messages; None = nobody gets one
    metrics_token: str | None = None  # None: /metrics answers on this machine only
    provider: Provider | None = None  # None: accounts sign in with a password of ours only

    @property
    def on_sqlite(self) -> bool:
        return self.database == "sqlite"

    @property
    def sqlite_file(self) -> Path:
        return self.data / "kernepuls.sqlite"


def from_environment() -> Settings:
    """The settings the environment gives; each variable has its line in the README."""
    data = Path(os.environ.get("KERNEPULS_DATA", ".kernepuls")).resolve()
    beside = data.parent / f"{data.name}-copies"
    return Settings(
        data=data,
        database=os.environ.get("KERNEPULS_DATABASE", "sqlite"),
        answers=os.environ.get("KERNEPULS_ANSWERS", str(data / "answers")),
        key_copy=Path(os.environ.get("KERNEPULS_KEY_COPY", beside / "keys")).resolve(),
        backup=Path(os.environ.get("KERNEPULS_BACKUP", beside / "backup")).resolve(),
        smtp=os.environ.get("KERNEPULS_SMTP"),
        url=os.environ.get("KERNEPULS_URL", "http://127.0.0.1:8000").rstrip("/"),
        organisation=Path(os.environ.get("KERNEPULS_ORGANISATION", data / "organisation.yaml")),
        sms=os.environ.get("KERNEPULS_SMS"),
        metrics_token=os.environ.get("KERNEPULS_METRICS_TOKEN") or None,
        provider=_provider(),
    )


def _provider() -> Provider | None:
    """The provider, where both its address and our name there are told."""
    issuer = os.environ.get("KERNEPULS_OIDC_ISSUER", "")
    client = os.environ.get("KERNEPULS_OIDC_CLIENT", "")
    if not issuer or not client:
        return None
    file = os.environ.get("KERNEPULS_OIDC_SECRET_FILE")
    secret = Path(file).read_text(encoding="utf-8").strip() if file else ""
    return Provider(
        issuer=issuer,
        client=client,
        secret=secret or os.environ.get("KERNEPULS_OIDC_SECRET", ""),
        claim=os.environ.get("KERNEPULS_OIDC_CLAIM") or "preferred_username",
    )
