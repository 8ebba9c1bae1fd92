-- name: enqueue
INSERT INTO {schema}.outbox (tenant, topic, key, headers, value)
SELECT $1, r.topic, r.key, r.headers::jsonb, r.value
FROM unnest($2::text[], $3::bytea[], $4::text[], $5::bytea[]) WITH ORDINALITY AS r (topic, key, headers, value, place)
ORDER BY r.place
RETURNING id

-- name: walk_the_index
-- Between two vacuums the table is mostly rows deleted already; the index steps over them, a scan would read them all.
SELECT set_config('enable_seqscan', 'off', true)

-- name: become_the_relay
SELECT pg_try_advisory_xact_lock(hashtextextended('ensue.outbox.{schema}', 0)),
       set_config('idle_in_transaction_session_timeout', $1, true),
       set_config('enable_seqscan', 'off', true)

-- name: next_batch
-- At most $1 rows and about $2 bytes, but always one row.
SELECT id, topic, key, headers, value
FROM (
    SELECT *, sum(coalesce(octet_length(value), 0)) OVER through_here AS bytes, row_number() OVER through_here AS place
    FROM (SELECT * FROM {schema}.outbox WHERE failed_at IS NULL ORDER BY id LIMIT $1) AS waiting
    WINDOW through_here AS (ORDER BY id)
) AS measured
WHERE place = 1 OR bytes <= $2
ORDER BY id

-- name: delete_sent
DELETE FROM {schema}.outbox WHERE id = any($1::bigint[])

-- name: set_aside
UPDATE {schema}.outbox SET failed_at = clock_timestamp(), failed_reason = $2 WHERE id = $1

-- name: still_there
SELECT failed_at IS NOT NULL AS failed FROM {schema}.outbox WHERE id = $1

-- name: measure
SELECT count(*) AS pending,
       coalesce(extract(epoch FROM clock_timestamp() - min(created_at)), 0)::float8 AS oldest_age_seconds
FROM (SELECT created_at FROM {schema}.outbox WHERE failed_at IS NULL ORDER BY id LIMIT 100000) AS waiting
