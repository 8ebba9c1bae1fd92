"""What operators see: metrics and health of every service, and log lines that belong together."""

from __future__ import annotations

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families
from tests.support.eventually import eventually
from tests.support.system import LOG, SETTLES_WITHIN, System, fresh, publish, settled_chain, trigger

from ensue_client import Client

SERVICES = ("trigger_api", "evaluator", "dispatcher", "audit")


async def get(url: str) -> tuple[int, str, str]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, answer.headers["content-type"], await answer.text()


@pytest.mark.requirement("R16.1")
@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_shows_its_metrics(system: System, service: str) -> None:
    status, content_type, text = await get(system.info.metrics[service])
    assert status == 200
    assert content_type.startswith("text/plain")
    names = {family.name for family in text_string_to_metric_families(text)}
    assert any(name.startswith("ensue_") for name in names)


@pytest.mark.requirement("R18.6")
@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_is_live_and_ready(system: System, service: str) -> None:
    origin = system.info.metrics[service].removesuffix("/metrics")
    for page in ("live", "ready"):
        status, _, text = await get(f"{origin}/health/{page}")
        assert status == 200, text


@pytest.mark.requirement("R16.4")
async def test_the_lines_of_one_firing_share_their_chain_in_all_services(system: System, client: Client) -> None:
    event_type = fresh("variant.approved")
    saved = await client.create_trigger(trigger("leaves traces", event_type, LOG))
    chain = await publish(client, event_type)
    tree = await settled_chain(client, chain, firings=1)
    firing_id = tree["roots"][0]["firings"][0]["firing_id"]

    def every_service_spoke() -> None:
        for service in ("evaluator", "dispatcher", "audit"):
            lines = [line for line in system.log_lines(service) if line.get("firing_id") == firing_id]
            assert lines, f"{service} said nothing of the firing"
            for line in lines:
                assert line["correlation_id"] == str(chain)
                assert line["trigger_id"] == saved["id"]
                assert line["tenant"] == "default"

    await eventually(every_service_spoke, within=SETTLES_WITHIN)
