-- Calendars: one row each for its newest state, deleted ones included, and which triggers name which calendar.
-- A row of revision 0 is one that is about to be: it is seen only by the transaction that makes it.

-- migrate:up
SET LOCAL lock_timeout = '5s';
CREATE TABLE triggers.calendar (
    tenant text NOT NULL CHECK (tenant <> ''),
    name text NOT NULL CHECK (name <> ''),
    revision bigint NOT NULL CHECK (revision >= 0),
    description text NOT NULL DEFAULT '',
    dates json NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    outbox_id bigint,
    PRIMARY KEY (tenant, name)
);
CREATE TRIGGER stamp_insert BEFORE INSERT ON triggers.calendar
    FOR EACH ROW EXECUTE FUNCTION triggers.stamp_update();
CREATE TRIGGER stamp_update BEFORE UPDATE ON triggers.calendar
    FOR EACH ROW WHEN (OLD.revision <> NEW.revision) EXECUTE FUNCTION triggers.stamp_update();

-- Written with every save of a trigger: a calendar is not deleted while a trigger that is there names it.
CREATE TABLE triggers.calendar_use (
    tenant text NOT NULL,
    trigger_id uuid NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant, trigger_id, name),
    FOREIGN KEY (tenant, trigger_id) REFERENCES triggers.trigger (tenant, trigger_id),
    FOREIGN KEY (tenant, name) REFERENCES triggers.calendar (tenant, name)
);
CREATE INDEX calendar_use_by_name ON triggers.calendar_use (tenant, name);

ALTER TABLE triggers.calendar ENABLE ROW LEVEL SECURITY;
ALTER TABLE triggers.calendar FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON triggers.calendar TO ensue_triggers_owner USING (true) WITH CHECK (true);
CREATE POLICY own_tenant ON triggers.calendar TO ensue_trigger_api
    USING (tenant = current_setting('ensue.tenant', true))
    WITH CHECK (tenant = current_setting('ensue.tenant', true));
GRANT SELECT, INSERT, UPDATE ON triggers.calendar TO ensue_trigger_api;

ALTER TABLE triggers.calendar_use ENABLE ROW LEVEL SECURITY;
ALTER TABLE triggers.calendar_use FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON triggers.calendar_use TO ensue_triggers_owner USING (true) WITH CHECK (true);
CREATE POLICY own_tenant ON triggers.calendar_use TO ensue_trigger_api
    USING (tenant = current_setting('ensue.tenant', true))
    WITH CHECK (tenant = current_setting('ensue.tenant', true));
GRANT SELECT, INSERT, DELETE ON triggers.calendar_use TO ensue_trigger_api;

-- The newest state of each calendar, deleted ones included: the snapshot of an evaluator.
CREATE VIEW triggers.v_calendar WITH (security_barrier) AS
    SELECT tenant, name, revision, deleted_at IS NOT NULL AS deleted, dates::jsonb AS dates
      FROM triggers.calendar
     WHERE revision > 0
       AND (tenant = current_setting('ensue.tenant', true)
            OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE')));
GRANT SELECT ON triggers.v_calendar TO ensue_trigger_api, ensue_evaluator;

-- migrate:down
DROP VIEW triggers.v_calendar;
DROP TABLE triggers.calendar_use;
DROP TABLE triggers.calendar;
