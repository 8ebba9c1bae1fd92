"""A producer of the Kafka client: made with our settings, started with back-off, and given up without hanging.

Called by `ensue.kafka.producer` alone. The client's own `stop` waits until everything is sent, which with an
idempotent producer and Kafka away is for ever, and a send that was refused leaves a gap in the sequence numbers that
fails all that follow: so a producer in doubt is never stopped but abandoned, and a new one made.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, ProducerClosed

from ensue.core.errors import Unavailable
from ensue.kafka.backoff import delays
from ensue.kafka.limits import LARGEST_MESSAGE_BYTES
from ensue.runtime.logs import get_logger

# A batch stays well below the smallest topic limit, so that only a single record can be refused for its size.
MAX_BATCH_BYTES = 512 * 1024
_CONNECT_SECONDS = 10.0
_CLOSE_SECONDS = 5.0
_PROBE_SECONDS = 3.0

log = get_logger(__name__)


def new_producer(bootstrap: str, client_id: str, request_timeout_seconds: float) -> AIOKafkaProducer:
    """A producer not yet connected: idempotent, acknowledged by all replicas in sync."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap.split(","),
        client_id=client_id,
        acks="all",
        enable_idempotence=True,
        max_batch_size=MAX_BATCH_BYTES,
        max_request_size=2 * LARGEST_MESSAGE_BYTES,
        request_timeout_ms=int(request_timeout_seconds * 1000),
    )


async def connect(bootstrap: str, client_id: str, request_timeout_seconds: float) -> AIOKafkaProducer:
    """A connected producer, however long that takes; cancel to give up."""
    for delay in delays():
        producer = new_producer(bootstrap, client_id, request_timeout_seconds)
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                await producer.start()
        except (KafkaError, TimeoutError, OSError) as error:
            await abandon(producer)
            log.warning("kafka_unreachable", bootstrap=bootstrap, error=repr(error), retry_in_seconds=delay)
            await asyncio.sleep(delay)
        except BaseException:
            await abandon(producer)
            raise
        else:
            return producer
    raise AssertionError("delays never end")


async def close(producer: AIOKafkaProducer) -> None:
    """Stops a producer that has nothing in flight; one that hangs is abandoned."""
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await producer.stop()
    except (KafkaError, TimeoutError, OSError):
        await abandon(producer)


async def abandon(producer: AIOKafkaProducer) -> None:
    """Gives a producer up within a few seconds: what it had not sent fails, its connections close. Never raises."""
    producer._message_accumulator.fail_all(ProducerClosed())
    sender = producer._sender.sender_task
    if sender is not None:
        sender.cancel()
    with suppress(KafkaError, TimeoutError, OSError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await producer.client.close()  # ends the requests in flight, for which the sender waits
            if sender is not None:
                await asyncio.wait({sender})
            await producer.stop()


async def probe(producer: AIOKafkaProducer) -> None:
    """Unavailable unless some broker answers now."""
    try:
        async with asyncio.timeout(_PROBE_SECONDS):
            await producer.client.fetch_all_metadata()
    except (KafkaError, TimeoutError, OSError) as error:
        raise Unavailable(f"Kafka does not answer: {error!r}") from error
