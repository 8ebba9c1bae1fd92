-- The ruleset as trigger-api publishes it: the newest revision of each trigger, deleted ones included.

-- name: all_rules
SELECT tenant, trigger_id, revision, enabled, deleted, active_since, created_at, document::text AS document
FROM triggers.v_ruleset

-- name: revisions
SELECT trigger_id, revision FROM triggers.v_ruleset

-- name: rules
SELECT tenant, trigger_id, revision, enabled, deleted, active_since, created_at, document::text AS document
FROM triggers.v_ruleset
WHERE trigger_id = any($1::uuid[])
