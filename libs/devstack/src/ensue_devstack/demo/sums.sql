-- What the system itself says about the chains of one run ($1). Asked by the demo as the administrator of the stack.

-- name: sums
WITH event AS MATERIALIZED (
    SELECT event_uid, topic, partition, "offset" FROM audit.v_event WHERE correlation_id = ANY ($1::uuid[])
),
entry AS MATERIALIZED (
    SELECT status FROM audit.v_log WHERE correlation_id = ANY ($1::uuid[])
),
action AS MATERIALIZED (
    SELECT kind, status, emitted_event_uid FROM audit.v_action WHERE correlation_id = ANY ($1::uuid[])
)
SELECT
    (SELECT count(*) FROM event) AS events,
    (
        SELECT count(*) FROM event AS e
        WHERE EXISTS (
            SELECT FROM audit.v_receipt AS r
            WHERE r.topic = e.topic AND r.partition = e.partition
                AND r.first_offset <= e."offset" AND e."offset" < r.next_offset
        )
    ) AS evaluated,
    (SELECT count(*) FROM entry WHERE status NOT IN ('blocked', 'condition_error')) AS firings,
    (SELECT count(*) FROM entry WHERE status IN ('succeeded', 'dead', 'cancelled')) AS outcomes,
    (SELECT count(*) FROM entry WHERE status = 'succeeded') AS succeeded,
    (SELECT count(*) FROM entry WHERE status = 'blocked') AS blocked,
    (SELECT count(*) FROM entry WHERE status = 'condition_error') AS condition_errors,
    (SELECT count(*) FROM action) AS actions,
    (SELECT count(*) FROM action WHERE kind = 'webhook') AS webhooks,
    (
        SELECT count(*) FROM action AS a
        WHERE a.emitted_event_uid IS NOT NULL
            AND NOT EXISTS (SELECT FROM event AS e WHERE e.event_uid = a.emitted_event_uid)
    ) AS emitted_not_recorded,
    (SELECT count(*) FROM audit.v_dead) AS dead_letters_ever;

-- name: firings_by_trigger
SELECT trigger_id, count(*) AS firings
FROM audit.v_log
WHERE correlation_id = ANY ($1::uuid[]) AND status NOT IN ('blocked', 'condition_error')
GROUP BY trigger_id;
