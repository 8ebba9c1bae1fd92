-- The ruleset as trigger-api publishes it: the newest revision of each trigger and calendar, deleted ones included.

-- name: all_rules
SELECT tenant, trigger_id, revision, enabled, deleted, active_since, created_at, document::text AS document
FROM triggers.v_ruleset

-- name: revisions
SELECT trigger_id, revision FROM triggers.v_ruleset

-- name: rules
SELECT tenant, trigger_id, revision, enabled, deleted, active_since, created_at, document::text AS document
FROM triggers.v_ruleset
WHERE trigger_id = any($1::uuid[])

-- name: all_calendars
SELECT tenant, name, revision, deleted, dates::text AS dates
FROM triggers.v_calendar

-- name: calendar_revisions
SELECT tenant, name, revision FROM triggers.v_calendar

-- name: calendars
SELECT c.tenant, c.name, c.revision, c.deleted, c.dates::text AS dates
FROM triggers.v_calendar AS c
JOIN unnest($1::text[], $2::text[]) AS wanted (tenant, name) USING (tenant, name)
