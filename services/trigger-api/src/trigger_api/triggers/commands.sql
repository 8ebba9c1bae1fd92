-- name: lock_trigger
SELECT tenant, trigger_id, revision, name, enabled, active_since, event_types, document::text AS document, created_by,
       created_at, cancel_before, deleted_at, unindexed, updated_at, outbox_id
  FROM triggers.trigger
 WHERE tenant = $1 AND trigger_id = $2 AND deleted_at IS NULL
   FOR UPDATE;

-- name: now
-- Asked after the row is locked: a write that had to wait is not dated before the one that it waited for.
SELECT clock_timestamp();

-- name: insert_trigger
INSERT INTO triggers.trigger (
    tenant, trigger_id, revision, name, enabled, active_since, cancel_before, event_types, document, created_by,
    created_at, deleted_at, outbox_id, unindexed
)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::json, $10, $11, $12, $13, $14)
RETURNING updated_at;

-- name: update_trigger
UPDATE triggers.trigger
   SET revision = $3, name = $4, enabled = $5, active_since = $6, cancel_before = $7, event_types = $8,
       document = $9::text::json, created_by = $10, created_at = $11, deleted_at = $12, outbox_id = $13,
       unindexed = $14
 WHERE tenant = $1 AND trigger_id = $2
RETURNING updated_at;

-- name: extend_cancellation
UPDATE triggers.trigger SET cancel_before = $3 WHERE tenant = $1 AND trigger_id = $2;

-- name: insert_revision
INSERT INTO triggers.trigger_revision (
    tenant, trigger_id, revision, name, enabled, active_since, document, created_at, deleted, saved_by
)
VALUES ($1, $2, $3, $4, $5, $6, $7::text::json, $8, $9, $10);

-- name: allow_time
SELECT set_config('statement_timeout', $1, true);

-- name: cancel_unstarted
SELECT dispatch.cancel_trigger($1::text, $2::uuid, $3::text);
