-- name: read_calendar
SELECT c.tenant, c.name, c.revision, c.description, c.dates::text AS dates, c.created_by, c.created_at, c.updated_at,
       c.deleted_at,
       NOT EXISTS (SELECT FROM triggers.outbox AS o WHERE o.tenant = c.tenant AND o.id = c.outbox_id) AS in_force
  FROM triggers.calendar AS c
 WHERE c.tenant = $1 AND c.name = $2 AND c.deleted_at IS NULL;

-- name: list_calendars
SELECT c.tenant, c.name, c.revision, c.description, c.dates::text AS dates, c.created_by, c.created_at, c.updated_at,
       c.deleted_at,
       NOT EXISTS (SELECT FROM triggers.outbox AS o WHERE o.tenant = c.tenant AND o.id = c.outbox_id) AS in_force
  FROM triggers.calendar AS c
 WHERE c.tenant = $1 AND c.deleted_at IS NULL AND ($2::text IS NULL OR c.name > $2 COLLATE "C")
 ORDER BY c.name COLLATE "C"
 LIMIT $3;

-- name: names
SELECT name FROM triggers.calendar WHERE tenant = $1 AND deleted_at IS NULL;

-- name: dates_of
SELECT name, dates::text AS dates FROM triggers.calendar WHERE tenant = $1 AND name = ANY ($2) AND deleted_at IS NULL;

-- name: hold
-- Keeps them from being deleted until this transaction has ended; whoever is deleting one is waited for.
SELECT name
  FROM triggers.calendar
 WHERE tenant = $1 AND name = ANY ($2) AND deleted_at IS NULL
 ORDER BY name
   FOR SHARE;

-- name: forget_uses
DELETE FROM triggers.calendar_use WHERE tenant = $1 AND trigger_id = $2 AND name <> ALL ($3);

-- name: note_uses
INSERT INTO triggers.calendar_use (tenant, trigger_id, name)
SELECT $1, $2, unnest($3::text[])
ON CONFLICT DO NOTHING;
