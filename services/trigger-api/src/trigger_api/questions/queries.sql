-- name: now
SELECT clock_timestamp();

-- name: read_revision
-- The newest revision of a trigger that is there, or any revision that there ever was.
SELECT trigger_id, tenant, revision, enabled, active_since, created_at, document::text AS document
  FROM triggers.trigger
 WHERE tenant = $1 AND trigger_id = $2 AND deleted_at IS NULL AND $3::bigint IS NULL
UNION ALL
SELECT trigger_id, tenant, revision, enabled AND NOT deleted, active_since, created_at, document::text
  FROM triggers.trigger_revision
 WHERE tenant = $1 AND trigger_id = $2 AND revision = $3::bigint;

-- name: journalled_event
SELECT event_uid, tenant, event_id, source, type, subject, entity_type, time, correlation_id, causation_id, depth,
       data::text AS data, dataschema, extensions::text AS extensions, at
  FROM audit.v_event
 WHERE tenant = $1 AND event_uid = $2
 ORDER BY at
 LIMIT 1;

-- name: unindexed_types
SELECT listened.event_type, count(*) AS count
  FROM triggers.trigger AS t
 CROSS JOIN LATERAL (SELECT DISTINCT unnest(t.event_types) AS event_type) AS listened
 WHERE t.tenant = $1 AND t.unindexed AND t.enabled AND t.deleted_at IS NULL
 GROUP BY listened.event_type
 ORDER BY count(*) DESC, listened.event_type
 LIMIT $2;
