-- name: take_calendar
-- The row of this name under its lock, made for the purpose where there is none.
INSERT INTO triggers.calendar AS c (tenant, name, revision, dates, created_by, deleted_at)
VALUES ($1, $2, 0, '[]', $3, clock_timestamp())
ON CONFLICT (tenant, name) DO UPDATE SET name = excluded.name
RETURNING c.tenant, c.name, c.revision, c.description, c.dates::text AS dates, c.created_by, c.created_at,
          c.updated_at, c.deleted_at, c.outbox_id;

-- name: lock_calendar
-- Waits for the saves of triggers that name it; whoever names it from here on waits for this transaction.
SELECT tenant, name, revision, description, dates::text AS dates, created_by, created_at, updated_at, deleted_at,
       outbox_id
  FROM triggers.calendar
 WHERE tenant = $1 AND name = $2 AND deleted_at IS NULL
   FOR UPDATE;

-- name: now
SELECT clock_timestamp();

-- name: users_of
-- Asked after the row is locked: what has been saved while this waited counts.
SELECT t.trigger_id, t.name
  FROM triggers.calendar_use AS u
  JOIN triggers.trigger AS t USING (tenant, trigger_id)
 WHERE u.tenant = $1 AND u.name = $2 AND t.deleted_at IS NULL
 ORDER BY t.name, t.trigger_id;

-- name: save_calendar
UPDATE triggers.calendar
   SET revision = $3, description = $4, dates = $5::text::json, created_by = $6, created_at = $7, deleted_at = $8,
       outbox_id = $9
 WHERE tenant = $1 AND name = $2
RETURNING updated_at;
