-- The ruleset as trigger-api publishes it: the newest revision of each trigger, deleted ones included.

-- name: page_of_rules
SELECT tenant, trigger_id, revision, enabled, deleted, active_since, created_at, document::text AS document
FROM triggers.v_ruleset
WHERE trigger_id > $1
ORDER BY trigger_id
LIMIT $2

-- name: revisions
SELECT trigger_id, revision FROM triggers.v_ruleset

-- name: rules
SELECT tenant, trigger_id, revision, enabled, deleted, active_since, created_at, document::text AS document
FROM triggers.v_ruleset
WHERE trigger_id = any($1::uuid[])
