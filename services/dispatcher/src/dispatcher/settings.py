"""The dispatcher's settings. Read once by `__main__`."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import AfterValidator, Field, SecretStr

from ensue.actions.addresses import AddressPolicy
from ensue.actions.signing import WebhookSigner
from ensue.core.errors import InvalidValue
from ensue.runtime.settings import Expects, ServiceSettings


def _cidrs(value: str) -> str:
    AddressPolicy.allowing(value.split(","))
    return value


def _secret(value: SecretStr) -> SecretStr:
    try:
        WebhookSigner(value.get_secret_value())
    except InvalidValue as error:
        raise ValueError(str(error)) from None
    return value


# A call may begin half a second after its claim, and has to be settled within the lease.
LeaseMargin = Annotated[float, Field(ge=1, allow_inf_nan=False), Expects("a number of seconds, at least 1")]


class DispatcherSettings(ServiceSettings):
    """What the dispatcher is told beside what every service is."""

    service: ClassVar[str] = "dispatcher"

    webhook_secret: Annotated[
        SecretStr, AfterValidator(_secret), Expects("whsec_ and the base64 of at least 16 random bytes")
    ] = Field(description="Signs every webhook (Standard Webhooks, v1).", repr=False)
    allowed_addresses: Annotated[
        str, AfterValidator(_cidrs), Expects("networks such as 10.1.0.0/16, several with commas")
    ] = Field(default="", description="Networks that webhooks may reach beside public addresses.")
    slots: int = Field(
        default=1024,
        ge=1,
        le=20_000,
        description="Attempts in hand at once; a tenant whose calls take half of them waits.",
    )
    calls_per_target: int = Field(
        default=64, ge=1, le=10_000, description="Calls at once to one host of one tenant; well below the slots."
    )
    lease_margin_seconds: LeaseMargin = Field(
        default=15.0, description="How long a lease outlives its call's deadline."
    )
