-- What trigger-api says on `ensue.triggers`, written in the transaction of the change that it tells.

-- migrate:up
SET LOCAL lock_timeout = '5s';
-- The outbox of a schema: what a service says because of a database change, written in that change's transaction and
-- relayed to Kafka by ensue.postgres.outbox.Relay. Every schema that has one copies this text, unchanged, into a
-- migration (which runs with its own schema first in the search path) and then grants SELECT, INSERT, UPDATE and
-- DELETE to the role of its service. A tenant's transaction sees and writes its own rows only; the relay, which has no
-- tenant, sees all.
CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    tenant text NOT NULL,
    topic text NOT NULL,
    key bytea,
    headers jsonb NOT NULL, -- [[name, text], ...]
    value bytea, -- NULL is a tombstone
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    failed_at timestamptz, -- set on a row that can never be sent; it blocks nothing and is counted
    failed_reason text
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
ALTER TABLE outbox FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant_or_relay ON outbox
USING (coalesce(current_setting('ensue.tenant', true), '') IN ('', tenant))
WITH CHECK (coalesce(current_setting('ensue.tenant', true), '') IN ('', tenant));
-- End of the outbox.

GRANT SELECT, INSERT, UPDATE, DELETE ON triggers.outbox TO ensue_trigger_api;

-- migrate:down
DROP TABLE triggers.outbox;
