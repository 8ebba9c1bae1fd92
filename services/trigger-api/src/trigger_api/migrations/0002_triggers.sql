-- Triggers: one row each for its newest state, one row per revision for ever, and the views that other services read.
-- Documents are kept as `json`: they come back with the order and the numbers in which they were given.

-- migrate:up
SET LOCAL lock_timeout = '5s';
CREATE TABLE triggers.trigger (
    tenant text NOT NULL CHECK (tenant <> ''),
    trigger_id uuid NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    name text NOT NULL,
    enabled boolean NOT NULL,
    active_since timestamptz NOT NULL,
    cancel_before timestamptz,
    event_types text[] NOT NULL DEFAULT '{}',
    document json NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    outbox_id bigint,
    PRIMARY KEY (tenant, trigger_id)
);
CREATE INDEX trigger_listed ON triggers.trigger (tenant, created_at DESC, trigger_id DESC) WHERE deleted_at IS NULL;
CREATE INDEX trigger_event_types ON triggers.trigger USING gin (event_types) WHERE deleted_at IS NULL;

CREATE TABLE triggers.trigger_revision (
    tenant text NOT NULL CHECK (tenant <> ''),
    trigger_id uuid NOT NULL,
    revision bigint NOT NULL CHECK (revision > 0),
    name text NOT NULL,
    enabled boolean NOT NULL,
    deleted boolean NOT NULL,
    active_since timestamptz NOT NULL,
    document json NOT NULL,
    created_at timestamptz NOT NULL,
    saved_by text NOT NULL,
    saved_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant, trigger_id, revision)
);

CREATE FUNCTION triggers.stamp_update() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;
REVOKE ALL ON FUNCTION triggers.stamp_update() FROM PUBLIC;
CREATE TRIGGER stamp_update BEFORE INSERT OR UPDATE ON triggers.trigger
    FOR EACH ROW EXECUTE FUNCTION triggers.stamp_update();

ALTER TABLE triggers.trigger ENABLE ROW LEVEL SECURITY;
ALTER TABLE triggers.trigger FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON triggers.trigger TO ensue_triggers_owner USING (true) WITH CHECK (true);
CREATE POLICY own_tenant ON triggers.trigger TO ensue_trigger_api
    USING (tenant = current_setting('ensue.tenant', true))
    WITH CHECK (tenant = current_setting('ensue.tenant', true));
GRANT SELECT, INSERT, UPDATE ON triggers.trigger TO ensue_trigger_api;

-- Append-only: nobody who runs may change or remove a revision.
ALTER TABLE triggers.trigger_revision ENABLE ROW LEVEL SECURITY;
ALTER TABLE triggers.trigger_revision FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON triggers.trigger_revision TO ensue_triggers_owner USING (true) WITH CHECK (true);
CREATE POLICY own_tenant ON triggers.trigger_revision TO ensue_trigger_api
    USING (tenant = current_setting('ensue.tenant', true))
    WITH CHECK (tenant = current_setting('ensue.tenant', true));
GRANT SELECT, INSERT ON triggers.trigger_revision TO ensue_trigger_api;

-- The newest state of each trigger, deleted ones included: the snapshot of an evaluator, the check of an intake.
CREATE VIEW triggers.v_ruleset WITH (security_barrier) AS
    SELECT tenant, trigger_id, revision, enabled, deleted_at IS NOT NULL AS deleted,
           active_since, created_at, cancel_before, document::jsonb AS document
      FROM triggers.trigger
     WHERE tenant = current_setting('ensue.tenant', true)
        OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

-- Every revision there ever was: from these a plan is frozen.
CREATE VIEW triggers.v_revision WITH (security_barrier) AS
    SELECT tenant, trigger_id, revision, name, enabled, active_since, created_at,
           document::jsonb AS document
      FROM triggers.trigger_revision
     WHERE tenant = current_setting('ensue.tenant', true)
        OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

GRANT SELECT ON triggers.v_ruleset, triggers.v_revision TO ensue_trigger_api, ensue_evaluator, ensue_dispatcher;

-- migrate:down
DROP VIEW triggers.v_revision;
DROP VIEW triggers.v_ruleset;
DROP TABLE triggers.trigger_revision;
DROP TABLE triggers.trigger;
DROP FUNCTION triggers.stamp_update();
