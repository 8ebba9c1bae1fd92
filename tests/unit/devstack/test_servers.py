"""Addresses of servers: what the environment names, other databases of a server, the services' password."""

from __future__ import annotations

from ensue_devstack.servers import Overrides, Servers, role_password, with_database

KAFKA, DATABASE = "broker:9092", "postgres://admin:secret@db:5432/postgres?sslmode=require"


def test_the_environment_may_name_both_servers_one_or_none() -> None:
    both = Overrides.of({"KAFKA_BOOTSTRAP": KAFKA, "DATABASE_URL": DATABASE})
    assert both.complete() == Servers(KAFKA, DATABASE)
    assert Overrides.of({"KAFKA_BOOTSTRAP": KAFKA}) == Overrides(KAFKA, None)
    assert Overrides.of({"DATABASE_URL": DATABASE}).complete() is None
    assert Overrides.of({"KAFKA_BOOTSTRAP": "", "DATABASE_URL": ""}) == Overrides(None, None)


def test_another_database_of_the_same_server() -> None:
    assert with_database(DATABASE, "ensue") == "postgres://admin:secret@db:5432/ensue?sslmode=require"


def test_everyone_who_uses_a_server_arrives_at_the_same_password_which_is_not_the_administrators() -> None:
    password = role_password(DATABASE)
    assert password == role_password(with_database(DATABASE, "another"))
    assert password not in (None, "", "secret")
    assert role_password("postgres://admin:other@db/postgres") != password
    assert role_password("postgres://admin@db/postgres") is None
