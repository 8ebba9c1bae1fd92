-- migrate:up
-- What others may read: views with their own tenant predicate. A role sees the rows of the tenant that its transaction
-- set, or all rows if it is one of ensue_all_tenants. Rows without a tenant (receipts, some dead letters) only the latter.
-- A reader who also says `tenant = ...` itself lets the indexes (tenant, ..., at, id) answer.
SET LOCAL lock_timeout = '5s';

CREATE VIEW audit.v_event AS
SELECT
    e.at,
    e.tenant,
    e.record_id AS event_uid,
    e.event_id,
    e.source,
    e.type,
    e.subject,
    e.entity_type,
    e.time,
    e.correlation_id,
    e.causation_id,
    e.depth,
    e.data,
    e.dataschema,
    e.extensions,
    e.topic,
    e.partition,
    e."offset"
FROM audit.event AS e
WHERE
    e.tenant = current_setting('ensue.tenant', true)
    OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

-- The log: one row a firing, and one for each decision not to fire that has no firing (blocked, condition_error).
-- Ordered and paged by (at, firing_id). Each arm of the union is one plain table, so that its index gives that order;
-- what tells the arms apart is said outside.
CREATE VIEW audit.v_log AS
SELECT
    l.at,
    l.tenant,
    l.firing_id,
    l.trigger_id,
    l.revision,
    l.event_uid,
    coalesce(l.event_id, e.event_id) AS event_id,
    coalesce(l.event_source, e.source) AS event_source,
    coalesce(l.event_type, e.type) AS event_type,
    coalesce(l.event_subject, e.subject) AS event_subject,
    l.correlation_id,
    coalesce(l.causation_id, e.causation_id) AS causation_id,
    l.depth,
    coalesce(l.replay_no, 0) AS replay_no,
    coalesce(l.mode, 'live') AS mode,
    coalesce(o.status, l.status, 'pending') AS status,
    coalesce(o.reason, l.reason) AS reason,
    coalesce(o.detail, l.detail) AS detail,
    coalesce(o.actions, '[]'::jsonb) AS actions,
    CASE l.arm WHEN 'firing' THEN o.at ELSE l.at END AS ended_at
FROM (
    SELECT
        'firing' AS arm, at, record_id AS firing_id, tenant, trigger_id, revision, event_uid, event_id, event_source,
        event_type, event_subject, correlation_id, causation_id, depth, replay_no, mode, NULL::text AS status,
        NULL::text AS reason, NULL::text AS detail
    FROM audit.firing
    UNION ALL
    SELECT
        'outcome', at, firing_id, tenant, trigger_id, revision, event_uid, NULL, NULL,
        NULL, NULL, correlation_id, NULL::uuid, depth, NULL::bigint, NULL, status,
        reason, detail
    FROM audit.outcome
    UNION ALL
    SELECT
        'condition_error', at, firing_id, tenant, trigger_id, revision, event_uid, NULL, NULL,
        NULL, NULL, correlation_id, NULL::uuid, depth, NULL::bigint, NULL, 'condition_error',
        NULL, detail
    FROM audit.condition_error
) AS l
LEFT JOIN LATERAL (
    -- A firing ends after it was observed, give or take the clocks of two machines. Where an earlier reading of its
    -- event had blocked it, what its actions came to is what counts.
    SELECT
        x.at,
        x.status,
        x.reason,
        x.detail,
        x.actions
    FROM audit.outcome AS x
    WHERE x.firing_id = l.firing_id AND x.at >= l.at - interval '1 day' AND l.arm = 'firing'
    ORDER BY x.status = 'blocked', x.at
    LIMIT 1
) AS o ON true
LEFT JOIN LATERAL (
    -- A decision without a firing does not say what its event was; the event itself, if it is kept, does.
    SELECT
        y.event_id,
        y.source,
        y.type,
        y.subject,
        y.causation_id
    FROM audit.event AS y
    WHERE y.at = l.at AND y.record_id = l.event_uid AND l.arm <> 'firing'
    LIMIT 1
) AS e ON true
WHERE
    (l.arm <> 'outcome' OR l.status = 'blocked')
    AND (
        l.arm = 'firing'
        OR NOT EXISTS ( -- OFFSET: one look at an index for each row, never a hash of all firings
            SELECT FROM audit.firing AS f WHERE f.at = l.at AND f.record_id = l.firing_id
            OFFSET 0
        )
    )
    AND (
        l.tenant = current_setting('ensue.tenant', true)
        OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'))
    );

CREATE VIEW audit.v_action AS
SELECT
    a.at,
    a.tenant,
    a.action_id,
    a.firing_id,
    a.trigger_id,
    a.correlation_id,
    a.depth,
    a.path,
    a.kind,
    a.status,
    a.attempts,
    a.reference,
    a.reason,
    a.detail,
    a.emitted_event_uid
FROM audit.action_outcome AS a
WHERE
    a.tenant = current_setting('ensue.tenant', true)
    OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

CREATE VIEW audit.v_receipt AS
SELECT
    r.at,
    r.record_id,
    r."group",
    r.instance,
    r.topic,
    r.partition,
    r.first_offset,
    r.next_offset,
    r.events,
    r.firings,
    r.blocked,
    r.errors,
    r.dead,
    r.missing,
    r.ruleset
FROM audit.receipt AS r
WHERE (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

CREATE VIEW audit.v_dead AS
SELECT
    d.at,
    d.record_id,
    d.tenant,
    d.topic,
    d.partition,
    d."offset",
    d.consumer_group,
    d.reason,
    d.message,
    d.key,
    d.value,
    d.headers
FROM audit.dead AS d
WHERE
    d.tenant = current_setting('ensue.tenant', true)
    OR (SELECT pg_has_role(current_user, 'ensue_all_tenants', 'USAGE'));

GRANT USAGE ON SCHEMA audit TO ensue_trigger_api;
GRANT SELECT ON audit.v_event, audit.v_log, audit.v_action, audit.v_receipt, audit.v_dead
TO ensue_trigger_api, ensue_audit;

-- migrate:down
DROP VIEW audit.v_dead, audit.v_receipt, audit.v_action, audit.v_log, audit.v_event;
