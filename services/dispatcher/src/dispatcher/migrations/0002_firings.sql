-- Firings, their actions, and each attempt at an action; and the views that others read.
-- The legal transitions are in dispatcher/states.py. Requests and events are kept as `json`: nothing asks into them, and
-- what was frozen comes back byte for byte on every attempt.

-- migrate:up
SET LOCAL lock_timeout = '5s';
CREATE TABLE dispatch.firing (
    firing_id uuid PRIMARY KEY, -- the only unique key: one match, one firing, however often its record is read
    record_id uuid NOT NULL, -- of the record that tells how it ended: a UUIDv5, which SQL alone cannot derive
    tenant text NOT NULL CHECK (tenant <> ''),
    trigger_id uuid NOT NULL,
    revision bigint NOT NULL, -- of whoever wrote first; not part of the identity
    cause uuid NOT NULL,
    event_uid uuid NOT NULL,
    replay_no integer NOT NULL DEFAULT 0,
    correlation_id uuid NOT NULL,
    depth integer NOT NULL CHECK (depth >= 0),
    mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('live', 'test')),
    sequence text NOT NULL CHECK (sequence IN ('sequential', 'parallel')),
    observed_at timestamptz NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    state text NOT NULL CHECK (state IN ('open', 'succeeded', 'dead', 'blocked', 'cancelled')),
    ended_at timestamptz,
    cancel_reason text, -- set while something of it still ran when its trigger was disabled or deleted
    reason text,
    detail text,
    event json NOT NULL,
    CHECK ((state = 'open') = (ended_at IS NULL))
);
CREATE INDEX firing_open ON dispatch.firing (trigger_id) WHERE state = 'open';
CREATE INDEX firing_chain ON dispatch.firing (correlation_id);

CREATE TABLE dispatch.action (
    action_id uuid PRIMARY KEY,
    record_id uuid NOT NULL, -- of the record that tells how it ended
    firing_id uuid NOT NULL REFERENCES dispatch.firing ON DELETE CASCADE,
    tenant text NOT NULL,
    path text NOT NULL,
    position integer NOT NULL,
    kind text NOT NULL,
    lane text COLLATE "C" NOT NULL, -- tenant/target: attempts in one lane share a limit
    request json, -- frozen at intake; absent where flaw says why
    flaw text,
    retry json, -- absent: the default policy
    timeout_seconds double precision NOT NULL CHECK (timeout_seconds > 0),
    state text NOT NULL
        CHECK (state IN ('waiting', 'due', 'running', 'succeeded', 'dead', 'skipped', 'cancelled')),
    due_at timestamptz,
    attempt integer NOT NULL DEFAULT 0,
    fence bigint NOT NULL DEFAULT 0,
    lease_until timestamptz,
    reference text,
    reason text,
    detail text,
    ended_at timestamptz,
    CHECK (state <> 'due' OR due_at IS NOT NULL),
    CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CHECK ((request IS NULL) <> (flaw IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX action_of_firing ON dispatch.action (firing_id);
-- The queue: lane by lane, each in the order of its instants. Both are small, whatever the table holds.
CREATE INDEX action_due ON dispatch.action (lane, due_at) WHERE state = 'due';
CREATE INDEX action_leased ON dispatch.action (lease_until) WHERE state = 'running';

CREATE TABLE dispatch.attempt (
    action_id uuid NOT NULL REFERENCES dispatch.action ON DELETE CASCADE,
    attempt integer NOT NULL CHECK (attempt >= 1),
    fence bigint NOT NULL,
    worker text NOT NULL,
    started_at timestamptz NOT NULL,
    ended_at timestamptz,
    result text NOT NULL DEFAULT 'started'
        CHECK (result IN ('started', 'succeeded', 'failed', 'refused', 'unknown', 'lost')),
    detail text,
    PRIMARY KEY (action_id, attempt)
) WITH (fillfactor = 80);

-- Every row is rewritten two to four times within seconds: vacuum by count, not by a share of the table, and at once.
ALTER TABLE dispatch.firing SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000, autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE dispatch.action SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000, autovacuum_vacuum_cost_delay = 0
);
ALTER TABLE dispatch.attempt SET (
    autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
    autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 10000, autovacuum_vacuum_cost_delay = 0
);

ALTER TABLE dispatch.firing ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispatch.firing FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON dispatch.firing TO ensue_dispatch_owner USING (true) WITH CHECK (true);
CREATE POLICY dispatcher_all ON dispatch.firing TO ensue_dispatcher USING (true) WITH CHECK (true);
ALTER TABLE dispatch.action ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispatch.action FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON dispatch.action TO ensue_dispatch_owner USING (true) WITH CHECK (true);
CREATE POLICY dispatcher_all ON dispatch.action TO ensue_dispatcher USING (true) WITH CHECK (true);
ALTER TABLE dispatch.attempt ENABLE ROW LEVEL SECURITY;
ALTER TABLE dispatch.attempt FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON dispatch.attempt TO ensue_dispatch_owner USING (true) WITH CHECK (true);
CREATE POLICY dispatcher_all ON dispatch.attempt TO ensue_dispatcher USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE ON dispatch.firing, dispatch.action, dispatch.attempt TO ensue_dispatcher;

CREATE VIEW dispatch.v_firing WITH (security_barrier) AS
    SELECT tenant, firing_id, trigger_id, revision, cause, event_uid, replay_no, correlation_id, depth, mode, sequence,
           observed_at, received_at, state, ended_at, reason, detail
      FROM dispatch.firing
     WHERE tenant = current_setting('ensue.tenant', true)
        OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

-- What goes out of an action is one deeper than `depth`, which is its firing's.
CREATE VIEW dispatch.v_action WITH (security_barrier) AS
    SELECT a.tenant, a.action_id, a.firing_id, f.trigger_id, f.revision, f.correlation_id, f.depth, a.path, a.position,
           a.kind, a.state, a.attempt, a.due_at, a.ended_at, a.reference, a.reason, a.detail
      FROM dispatch.action a
      JOIN dispatch.firing f USING (firing_id)
     WHERE a.tenant = current_setting('ensue.tenant', true)
        OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

CREATE VIEW dispatch.v_attempt WITH (security_barrier) AS
    SELECT a.tenant, t.action_id, a.firing_id, t.attempt, t.started_at, t.ended_at, t.result, t.detail
      FROM dispatch.attempt t
      JOIN dispatch.action a USING (action_id)
     WHERE a.tenant = current_setting('ensue.tenant', true)
        OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

GRANT SELECT ON dispatch.v_firing, dispatch.v_action, dispatch.v_attempt
    TO ensue_trigger_api, ensue_audit, ensue_dispatcher;

-- migrate:down
DROP VIEW dispatch.v_attempt;
DROP VIEW dispatch.v_action;
DROP VIEW dispatch.v_firing;
DROP TABLE dispatch.attempt;
DROP TABLE dispatch.action;
DROP TABLE dispatch.firing;
