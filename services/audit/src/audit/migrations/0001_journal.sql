-- migrate:up
-- The journal: one partitioned table a kind of record, appended to by the audit service alone, never changed.
-- (at, record_id) is unique in each; both are fixed by the author of the record, so that a topic read again adds nothing.
-- A partition is one day (UTC) of `at`, made by ensure_partitions when a record needs it or shortly before.
SET LOCAL lock_timeout = '5s';

-- Events, as read from ensue.events and ensue.system.
CREATE TABLE audit.event (
    at timestamptz NOT NULL, -- append time of the record: the "now" of every decision about it
    record_id uuid NOT NULL, -- event_uid
    tenant text NOT NULL,
    event_id text NOT NULL,
    source text NOT NULL,
    type text NOT NULL,
    subject text,
    entity_type text,
    time timestamptz, -- the producer's own instant
    correlation_id uuid NOT NULL,
    causation_id uuid,
    depth bigint NOT NULL,
    data jsonb,
    dataschema text,
    extensions jsonb NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    PRIMARY KEY (at, record_id)
) PARTITION BY RANGE (at);
CREATE INDEX event_tenant_at ON audit.event (tenant, at, record_id);
CREATE INDEX event_correlation ON audit.event (tenant, correlation_id);
CREATE INDEX event_uid ON audit.event (record_id);

-- Firings, as read from ensue.firings. Their event's data is in the event's own row.
CREATE TABLE audit.firing (
    at timestamptz NOT NULL, -- observed_at
    record_id uuid NOT NULL, -- firing_id
    tenant text NOT NULL,
    trigger_id uuid NOT NULL,
    revision bigint NOT NULL,
    event_uid uuid NOT NULL,
    event_id text NOT NULL,
    event_source text NOT NULL,
    event_type text NOT NULL,
    event_subject text,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    depth bigint NOT NULL,
    replay_no bigint NOT NULL,
    mode text NOT NULL,
    PRIMARY KEY (at, record_id)
) PARTITION BY RANGE (at);
CREATE INDEX firing_tenant_at ON audit.firing (tenant, at, record_id);
CREATE INDEX firing_trigger_at ON audit.firing (tenant, trigger_id, at, record_id);
CREATE INDEX firing_correlation ON audit.firing (tenant, correlation_id);
CREATE INDEX firing_id ON audit.firing (record_id);

-- Terminal outcomes of firings: said by the dispatcher, or (blocked) by the evaluator.
CREATE TABLE audit.outcome (
    at timestamptz NOT NULL,
    record_id uuid NOT NULL,
    tenant text NOT NULL,
    firing_id uuid NOT NULL,
    trigger_id uuid NOT NULL,
    revision bigint NOT NULL,
    event_uid uuid NOT NULL,
    correlation_id uuid NOT NULL,
    depth bigint NOT NULL,
    status text NOT NULL,
    reason text,
    detail text,
    actions jsonb NOT NULL,
    PRIMARY KEY (at, record_id)
) PARTITION BY RANGE (at);
CREATE INDEX outcome_firing ON audit.outcome (firing_id);
CREATE INDEX blocked_tenant_at ON audit.outcome (tenant, at, firing_id) WHERE status = 'blocked';
CREATE INDEX blocked_trigger_at ON audit.outcome (tenant, trigger_id, at, firing_id) WHERE status = 'blocked';
CREATE INDEX blocked_correlation ON audit.outcome (tenant, correlation_id) WHERE status = 'blocked';

-- How each action ended.
CREATE TABLE audit.action_outcome (
    at timestamptz NOT NULL,
    record_id uuid NOT NULL,
    tenant text NOT NULL,
    firing_id uuid NOT NULL,
    trigger_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    depth bigint NOT NULL,
    action_id uuid NOT NULL,
    path text NOT NULL,
    kind text NOT NULL,
    status text NOT NULL,
    attempts bigint NOT NULL,
    reference text,
    reason text,
    detail text,
    emitted_event_uid uuid,
    PRIMARY KEY (at, record_id)
) PARTITION BY RANGE (at);
CREATE INDEX action_outcome_firing ON audit.action_outcome (firing_id);
CREATE INDEX action_outcome_correlation ON audit.action_outcome (tenant, correlation_id);

-- Triggers whose condition erred on an event.
CREATE TABLE audit.condition_error (
    at timestamptz NOT NULL,
    record_id uuid NOT NULL,
    tenant text NOT NULL,
    firing_id uuid NOT NULL,
    trigger_id uuid NOT NULL,
    revision bigint NOT NULL,
    event_uid uuid NOT NULL,
    correlation_id uuid NOT NULL,
    depth bigint NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (at, record_id)
) PARTITION BY RANGE (at);
CREATE INDEX condition_error_tenant_at ON audit.condition_error (tenant, at, firing_id);
CREATE INDEX condition_error_trigger_at ON audit.condition_error (tenant, trigger_id, at, firing_id);
CREATE INDEX condition_error_correlation ON audit.condition_error (tenant, correlation_id);

-- Evaluators' statements of what they decided. They belong to no tenant.
CREATE TABLE audit.receipt (
    at timestamptz NOT NULL,
    record_id uuid NOT NULL,
    "group" text NOT NULL,
    instance text NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    first_offset bigint NOT NULL,
    next_offset bigint NOT NULL,
    events bigint NOT NULL,
    firings bigint NOT NULL,
    blocked bigint NOT NULL,
    errors bigint NOT NULL,
    dead bigint NOT NULL,
    missing bigint NOT NULL,
    ruleset text NOT NULL,
    PRIMARY KEY (at, record_id)
) PARTITION BY RANGE (at);
CREATE INDEX receipt_range ON audit.receipt (topic, partition, first_offset);

-- Dead letters, whatever they are. The tenant is that of the header ce_tenant, where it could be read.
CREATE TABLE audit.dead (
    at timestamptz NOT NULL, -- append time of the original record
    record_id uuid NOT NULL,
    tenant text,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    consumer_group text,
    reason text NOT NULL,
    message text NOT NULL,
    key bytea,
    value bytea,
    headers jsonb NOT NULL, -- [[name, text or {"base64": ...} or null], ...] of the original
    PRIMARY KEY (at, record_id)
) PARTITION BY RANGE (at);
CREATE INDEX dead_tenant_at ON audit.dead (tenant, at, record_id);

-- The first time that a fact was met which may come with another `at`: an event that its producer sent twice, and
-- what was decided about it. Kept 35 days, longer than any topic.
CREATE TABLE audit.first_seen (
    record_id uuid PRIMARY KEY,
    at timestamptz NOT NULL
);
CREATE INDEX first_seen_at ON audit.first_seen USING brin (at);

-- Who may do what: the service appends and reads; nobody changes, and nobody else touches a table.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY[
        'event', 'firing', 'outcome', 'action_outcome', 'condition_error', 'receipt', 'dead', 'first_seen'
    ] LOOP
        EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', name);
        EXECUTE format('CREATE POLICY owner_all ON audit.%I TO ensue_audit_owner USING (true) WITH CHECK (true)', name);
        EXECUTE format('CREATE POLICY service_all ON audit.%I TO ensue_audit USING (true) WITH CHECK (true)', name);
        EXECUTE format('GRANT SELECT, INSERT ON audit.%I TO ensue_audit', name);
    END LOOP;
END
$$;

-- Makes the partitions of these days that are not there yet, in every table of the journal; how many days were new.
-- Attaching a table takes a weaker lock than creating it as a partition: readers and writers go on meanwhile.
CREATE FUNCTION audit.ensure_partitions(days date []) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET timezone = 'UTC'
AS $$
DECLARE
    tables constant text[] := ARRAY[
        'dead', 'receipt', 'condition_error', 'action_outcome', 'outcome', 'firing', 'event'
    ];
    missing date [];
    day date;
    parent text;
    child text;
BEGIN
    -- 'event' comes last: where its partition is, all are.
    IF (SELECT bool_and(to_regclass('audit.event_' || to_char(d, 'YYYYMMDD')) IS NOT NULL) FROM unnest(days) AS d) THEN
        RETURN 0;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('ensue.audit.partitions', 0));
    -- Asked again, of the catalog itself: to_regclass may still say what it knew before the lock was ours.
    missing := ARRAY(
        SELECT DISTINCT d FROM unnest(days) AS d
        WHERE d IS NOT NULL AND NOT EXISTS (
            SELECT FROM pg_class AS c
            WHERE c.relnamespace = 'audit'::regnamespace AND c.relname = 'event_' || to_char(d, 'YYYYMMDD')
        )
    );
    FOREACH day IN ARRAY missing LOOP
        FOREACH parent IN ARRAY tables LOOP
            child := parent || '_' || to_char(day, 'YYYYMMDD');
            EXECUTE format('CREATE TABLE audit.%I (LIKE audit.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE audit.%I ENABLE ROW LEVEL SECURITY', child);
            EXECUTE format('ALTER TABLE audit.%I FORCE ROW LEVEL SECURITY', child);
            EXECUTE format(
                'ALTER TABLE audit.%I ATTACH PARTITION audit.%I FOR VALUES FROM (%L) TO (%L)',
                parent, child, day::timestamptz, (day + 1)::timestamptz
            );
        END LOOP;
    END LOOP;
    RETURN cardinality(missing);
END
$$;

-- Forgets up to `most` first meetings older than `before`, for facts that no topic can bring again.
CREATE FUNCTION audit.forget_first_seen(before timestamptz, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    gone integer;
BEGIN
    IF before > now() - interval '35 days' THEN
        RAISE EXCEPTION 'what was first seen is kept 35 days';
    END IF;
    DELETE FROM audit.first_seen AS f
    WHERE f.ctid = any(ARRAY(SELECT o.ctid FROM audit.first_seen AS o WHERE o.at < before LIMIT most));
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END
$$;

GRANT USAGE ON SCHEMA audit TO ensue_audit;
REVOKE ALL ON FUNCTION audit.ensure_partitions(date []) FROM PUBLIC;
REVOKE ALL ON FUNCTION audit.forget_first_seen(timestamptz, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.ensure_partitions(date []) TO ensue_audit;
GRANT EXECUTE ON FUNCTION audit.forget_first_seen(timestamptz, integer) TO ensue_audit;

-- migrate:down
DROP FUNCTION audit.forget_first_seen(timestamptz, integer);
DROP FUNCTION audit.ensure_partitions(date []);
DROP TABLE audit.first_seen, audit.dead, audit.receipt, audit.condition_error, audit.action_outcome, audit.outcome,
audit.firing, audit.event;
