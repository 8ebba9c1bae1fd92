"""`ensue topics apply | check`: the cluster's topics as `deploy/topics.yml` lists them.

Loaded by the command line through the entry-point group `ensue.commands`. Exit codes: 0 done or as listed, 1 it is not,
2 the input is wrong, 3 Kafka is away.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from ensue.core.errors import InvalidValue, Unavailable
from ensue.kafka.errors import KafkaRefused
from ensue.kafka.names import checked_prefix
from ensue.kafka.topic_list import TopicList, find_topics_file, load_topics
from ensue.kafka.topics import Applied, Difference, apply_topics, check_topics

Answer = TypeVar("Answer")

topics = typer.Typer(name="topics", help="Apply or check the topics of deploy/topics.yml.", no_args_is_help=True)

Bootstrap = Annotated[str, typer.Option(envvar="ENSUE_KAFKA_BOOTSTRAP", help="host:port of a broker, or several.")]
Prefix = Annotated[str, typer.Option(envvar="ENSUE_TOPIC_PREFIX", help="Put before every topic's name.")]
File = Annotated[Path | None, typer.Option(help="The list of topics; else deploy/topics.yml here or above.")]
Replication = Annotated[int | None, typer.Option(min=1, help="Instead of the listed one: 1 for one broker.")]
Partitions = Annotated[int | None, typer.Option(min=1, help="Instead of the listed ones, for all topics.")]
AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


@topics.command()
def apply(
    *,
    bootstrap: Bootstrap = "127.0.0.1:9092",
    prefix: Prefix = "",
    file: File = None,
    replication: Replication = None,
    partitions: Partitions = None,
    as_json: AsJson = False,
) -> None:
    """Create, grow and set the topics as listed. Exit 1 if a difference cannot be changed on a living topic."""
    spec = _spec(file, prefix)
    applied = _ask(apply_topics(bootstrap, prefix, spec, partitions=partitions, replication=replication))
    _say_applied(applied, as_json=as_json)
    raise typer.Exit(1 if applied.remaining else 0)


@topics.command()
def check(
    *,
    bootstrap: Bootstrap = "127.0.0.1:9092",
    prefix: Prefix = "",
    file: File = None,
    replication: Replication = None,
    partitions: Partitions = None,
    as_json: AsJson = False,
) -> None:
    """Name every difference between the cluster and the list. Exit 1 if there is one."""
    spec = _spec(file, prefix)
    differences = _ask(check_topics(bootstrap, prefix, spec, partitions=partitions, replication=replication))
    if as_json:
        print(json.dumps({"differences": _plain(differences)}, indent=2))
    else:
        print("\n".join(map(str, differences)) or "the topics are as listed")
    raise typer.Exit(1 if differences else 0)


def _spec(file: Path | None, prefix: str) -> TopicList:
    try:
        checked_prefix(prefix)
        return load_topics(file or find_topics_file(Path.cwd()))
    except InvalidValue as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error


def _ask(question: Coroutine[None, None, Answer]) -> Answer:
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what it has to say is in the exception
    try:
        return asyncio.run(question)
    except Unavailable as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(3) from error
    except KafkaRefused as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error


def _say_applied(applied: Applied, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"changed": _plain(applied.changed), "remaining": _plain(applied.remaining)}, indent=2))
        return
    for difference in applied.changed:
        print(f"changed: {difference.subject}: {difference.setting} {difference.actual} -> {difference.expected}")
    for difference in applied.remaining:
        print(f"differs still: {difference}")
    if not applied.changed and not applied.remaining:
        print("the topics are as listed")


def _plain(differences: Sequence[Difference]) -> list[dict[str, str]]:
    return [asdict(difference) for difference in differences]
