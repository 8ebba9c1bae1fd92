-- name: plan_for_these_filters
-- A filter that is not given must cost nothing: plan for the values, not for all that could be.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: read_trigger
SELECT t.tenant, t.trigger_id, t.revision, t.name, t.enabled, t.active_since, t.event_types,
       t.document::text AS document, t.created_by, t.created_at, t.cancel_before, t.deleted_at,
       t.unindexed, t.updated_at,
       NOT EXISTS (SELECT FROM triggers.outbox AS o WHERE o.tenant = t.tenant AND o.id = t.outbox_id) AS in_force
  FROM triggers.trigger AS t
 WHERE t.tenant = $1 AND t.trigger_id = $2 AND t.deleted_at IS NULL;

-- name: list_triggers
SELECT t.tenant, t.trigger_id, t.revision, t.name, t.enabled, t.active_since, t.event_types,
       t.document::text AS document, t.created_by, t.created_at, t.cancel_before, t.deleted_at,
       t.unindexed, t.updated_at,
       NOT EXISTS (SELECT FROM triggers.outbox AS o WHERE o.tenant = t.tenant AND o.id = t.outbox_id) AS in_force
  FROM triggers.trigger AS t
 WHERE t.tenant = $1 AND t.deleted_at IS NULL
   AND ($2::boolean IS NULL OR t.enabled = $2)
   AND ($3::text IS NULL OR t.event_types @> ARRAY[$3])
   AND ($4::timestamptz IS NULL OR (t.created_at, t.trigger_id) < ($4, $5::uuid))
   AND ($7::boolean IS NULL OR t.unindexed = $7)
 ORDER BY t.created_at DESC, t.trigger_id DESC
 LIMIT $6;

-- name: neighbours
-- Of the newest enabled triggers those that listen to one of the types; large documents are not worth reading. Only so
-- many are looked at: behind row level security no index finds them by their types.
WITH newest AS MATERIALIZED (
    SELECT t.trigger_id, t.event_types, t.created_at
      FROM triggers.trigger AS t
     WHERE t.tenant = $1 AND t.deleted_at IS NULL AND t.enabled
     ORDER BY t.created_at DESC, t.trigger_id DESC
     LIMIT $6
), listening AS MATERIALIZED (
    SELECT trigger_id
      FROM newest
     WHERE event_types && $2::text[] AND trigger_id IS DISTINCT FROM $3::uuid
     ORDER BY created_at DESC, trigger_id DESC
     LIMIT $4
)
SELECT t.trigger_id, t.name, t.document::text AS document
  FROM listening
  JOIN triggers.trigger AS t ON t.tenant = $1 AND t.trigger_id = listening.trigger_id
 WHERE octet_length(t.document::text) <= $5
 ORDER BY t.created_at, t.trigger_id;
