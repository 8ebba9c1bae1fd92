-- Appends, one statement a kind, many rows each: the parameters are the columns of `audit.rows`, in that order.
-- What may come again with another `at` (an event sent twice by its producer, what is decided about it, a dead letter
-- of what could not be sent) is kept only the first time that it is met: first_seen. Everything else is unique by (at, record_id) alone.

-- name: append_event
WITH met AS (
    SELECT * FROM unnest(
        $1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
        $9::timestamptz[], $10::uuid[], $11::uuid[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::text[],
        $17::integer[], $18::bigint[]
    ) AS m (
        at, record_id, tenant, event_id, source, type, subject, entity_type,
        time, correlation_id, causation_id, depth, data, dataschema, extensions, topic,
        partition, "offset"
    )
),
first AS (
    INSERT INTO audit.first_seen (record_id, at)
    SELECT DISTINCT ON (record_id) record_id, at FROM met ORDER BY record_id, at
    ON CONFLICT DO NOTHING
    RETURNING record_id, at
)
INSERT INTO audit.event
SELECT
    m.at, m.record_id, m.tenant, m.event_id, m.source, m.type, m.subject, m.entity_type,
    m.time, m.correlation_id, m.causation_id, m.depth, m.data::jsonb, m.dataschema, m.extensions::jsonb, m.topic,
    m.partition, m."offset"
FROM met AS m INNER JOIN first AS f ON m.record_id = f.record_id AND m.at = f.at
ON CONFLICT (at, record_id) DO NOTHING

-- name: append_firing
WITH met AS (
    SELECT * FROM unnest(
        $1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::uuid[], $7::text[], $8::text[],
        $9::text[], $10::text[], $11::uuid[], $12::uuid[], $13::bigint[], $14::bigint[], $15::text[]
    ) AS m (
        at, record_id, tenant, trigger_id, revision, event_uid, event_id, event_source,
        event_type, event_subject, correlation_id, causation_id, depth, replay_no, mode
    )
),
first AS (
    INSERT INTO audit.first_seen (record_id, at)
    SELECT DISTINCT ON (record_id) record_id, at FROM met ORDER BY record_id, at
    ON CONFLICT DO NOTHING
    RETURNING record_id, at
)
INSERT INTO audit.firing
SELECT m.* FROM met AS m INNER JOIN first AS f ON m.record_id = f.record_id AND m.at = f.at
ON CONFLICT (at, record_id) DO NOTHING

-- name: append_blocked
WITH met AS (
    SELECT * FROM unnest(
        $1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::uuid[], $8::uuid[],
        $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[]
    ) AS m (
        at, record_id, tenant, firing_id, trigger_id, revision, event_uid, correlation_id,
        depth, status, reason, detail, actions
    )
),
first AS (
    INSERT INTO audit.first_seen (record_id, at)
    SELECT DISTINCT ON (record_id) record_id, at FROM met ORDER BY record_id, at
    ON CONFLICT DO NOTHING
    RETURNING record_id, at
)
INSERT INTO audit.outcome
SELECT
    m.at, m.record_id, m.tenant, m.firing_id, m.trigger_id, m.revision, m.event_uid, m.correlation_id,
    m.depth, m.status, m.reason, m.detail, m.actions::jsonb
FROM met AS m INNER JOIN first AS f ON m.record_id = f.record_id AND m.at = f.at
ON CONFLICT (at, record_id) DO NOTHING

-- name: append_condition_error
WITH met AS (
    SELECT * FROM unnest(
        $1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::uuid[], $8::uuid[],
        $9::bigint[], $10::text[]
    ) AS m (at, record_id, tenant, firing_id, trigger_id, revision, event_uid, correlation_id, depth, detail)
),
first AS (
    INSERT INTO audit.first_seen (record_id, at)
    SELECT DISTINCT ON (record_id) record_id, at FROM met ORDER BY record_id, at
    ON CONFLICT DO NOTHING
    RETURNING record_id, at
)
INSERT INTO audit.condition_error
SELECT m.* FROM met AS m INNER JOIN first AS f ON m.record_id = f.record_id AND m.at = f.at
ON CONFLICT (at, record_id) DO NOTHING

-- name: append_outcome
INSERT INTO audit.outcome
SELECT
    m.at, m.record_id, m.tenant, m.firing_id, m.trigger_id, m.revision, m.event_uid, m.correlation_id,
    m.depth, m.status, m.reason, m.detail, m.actions::jsonb
FROM unnest(
    $1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::bigint[], $7::uuid[], $8::uuid[],
    $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[]
) AS m (
    at, record_id, tenant, firing_id, trigger_id, revision, event_uid, correlation_id,
    depth, status, reason, detail, actions
)
ON CONFLICT (at, record_id) DO NOTHING

-- name: append_action_outcome
INSERT INTO audit.action_outcome
SELECT * FROM unnest(
    $1::timestamptz[], $2::uuid[], $3::text[], $4::uuid[], $5::uuid[], $6::uuid[], $7::bigint[], $8::uuid[],
    $9::text[], $10::text[], $11::text[], $12::bigint[], $13::text[], $14::text[], $15::text[], $16::uuid[]
)
ON CONFLICT (at, record_id) DO NOTHING

-- name: append_receipt
INSERT INTO audit.receipt
SELECT * FROM unnest(
    $1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::integer[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[], $13::bigint[], $14::bigint[], $15::text[]
)
ON CONFLICT (at, record_id) DO NOTHING

-- name: append_dead
WITH met AS (
    SELECT * FROM unnest(
        $1::timestamptz[], $2::uuid[], $3::text[], $4::text[], $5::integer[], $6::bigint[], $7::text[], $8::text[],
        $9::text[], $10::bytea[], $11::bytea[], $12::text[]
    ) AS m (
        at, record_id, tenant, topic, partition, "offset", consumer_group, reason,
        message, key, value, headers
    )
),
first AS (
    INSERT INTO audit.first_seen (record_id, at)
    SELECT DISTINCT ON (record_id) record_id, at FROM met ORDER BY record_id, at
    ON CONFLICT DO NOTHING
    RETURNING record_id, at
)
INSERT INTO audit.dead
SELECT
    m.at, m.record_id, m.tenant, m.topic, m.partition, m."offset", m.consumer_group, m.reason,
    m.message, m.key, m.value, m.headers::jsonb
FROM met AS m INNER JOIN first AS f ON m.record_id = f.record_id AND m.at = f.at
ON CONFLICT (at, record_id) DO NOTHING

-- name: ensure_partitions
SELECT audit.ensure_partitions($1::date[])

-- name: forget_first_seen
SELECT audit.forget_first_seen($1::timestamptz, $2::integer)
