-- The dispatcher's statements. Due and expired are decided by the database's clock alone.

-- name: hold_triggers
-- Against cancel_trigger, which holds the same locks exclusively: it either sees what is taken in here, or is seen.
SELECT pg_advisory_xact_lock_shared(hashtextextended('dispatch.trigger:' || t.trigger_id, 0))
  FROM unnest($1::uuid[]) AS t (trigger_id)

-- name: standings
-- stopped: disabled or deleted since it was last enabled, and not told to finish.
SELECT tenant, trigger_id, deleted, cancel_before,
       (deleted OR NOT enabled) AND cancel_before > active_since AS stopped
  FROM triggers.v_ruleset
 WHERE tenant = ANY ($1::text[]) AND trigger_id = ANY ($2::uuid[]) AND cancel_before IS NOT NULL

-- name: revisions
-- May answer more than was asked for. Written without a join, which could not use the index through the view.
SELECT tenant, trigger_id, revision, enabled, active_since, created_at, document
  FROM triggers.v_revision
 WHERE tenant = ANY ($1::text[]) AND trigger_id = ANY ($2::uuid[]) AND revision = ANY ($3::bigint[])

-- name: insert_firings
INSERT INTO dispatch.firing (
    firing_id, record_id, tenant, trigger_id, revision, cause, event_uid, replay_no, correlation_id, depth, mode,
    sequence, observed_at, state, ended_at, cancel_reason, reason, detail, event
)
SELECT n.firing_id, n.record_id, n.tenant, n.trigger_id, n.revision, n.cause, n.event_uid, n.replay_no, n.correlation_id, n.depth,
       n.mode, n.sequence, n.observed_at, n.state, CASE WHEN n.state <> 'open' THEN clock_timestamp() END,
       n.cancel_reason, n.reason, n.detail, n.event::json
  FROM unnest(
      $1::uuid[], $2::uuid[], $3::text[], $4::uuid[], $5::bigint[], $6::uuid[], $7::uuid[], $8::int[], $9::uuid[],
      $10::int[], $11::text[], $12::text[], $13::timestamptz[], $14::text[], $15::text[], $16::text[], $17::text[],
      $18::text[]
  ) AS n (
      firing_id, record_id, tenant, trigger_id, revision, cause, event_uid, replay_no, correlation_id,
      depth, mode, sequence, observed_at, state, cancel_reason, reason, detail, event
  )
ON CONFLICT (firing_id) DO NOTHING
RETURNING firing_id

-- name: insert_actions
INSERT INTO dispatch.action (
    action_id, record_id, firing_id, tenant, path, position, kind, lane, request, flaw, retry, timeout_seconds, state,
    due_at, reason, detail, ended_at
)
SELECT n.action_id, n.record_id, n.firing_id, n.tenant, n.path, n.position, n.kind, n.lane, n.request::json, n.flaw, n.retry::json,
       n.timeout_seconds, n.state, n.due_at, n.reason, n.detail,
       CASE WHEN n.state NOT IN ('waiting', 'due') THEN clock_timestamp() END
  FROM unnest(
      $1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[],
      $10::text[], $11::text[], $12::float8[], $13::text[], $14::timestamptz[], $15::text[], $16::text[]
  ) AS n (
      action_id, record_id, firing_id, tenant, path, position, kind, lane, request, flaw,
      retry, timeout_seconds, state, due_at, reason, detail
  )

-- name: claim
-- From each lane that has something due, as many as the lane may still run: lanes after $1 in turn, so that none waits
-- for another; a lane is found by a step in the index, not by reading its rows. $2, $3: calls running now, by lane.
-- $4: limit of a lane. $5: limit in all. $6: seconds that a lease outlives its call's deadline. $7: this worker. $8: how
-- many lanes to look at; where there are more, the last one is told in each row, and in one without an action if need be.
-- $9: tenants that run as much as they may.
WITH RECURSIVE lanes (lane) AS (
    (SELECT a.lane FROM dispatch.action a WHERE a.state = 'due' AND a.lane > $1 ORDER BY a.lane LIMIT 1)
    UNION ALL
    SELECT (SELECT a.lane FROM dispatch.action a WHERE a.state = 'due' AND a.lane > l.lane ORDER BY a.lane LIMIT 1)
      FROM lanes l
     WHERE l.lane IS NOT NULL
), some_lanes AS (
    SELECT lane FROM lanes WHERE lane IS NOT NULL AND split_part(lane, '/', 1) <> ALL ($9::text[]) LIMIT $8
), picked AS (
    SELECT p.action_id
      FROM some_lanes s
      LEFT JOIN unnest($2::text[], $3::int[]) AS busy (lane, calls) USING (lane)
     CROSS JOIN LATERAL (
        SELECT a.action_id
          FROM dispatch.action a
         WHERE a.state = 'due' AND a.lane = s.lane AND a.due_at <= statement_timestamp()
         ORDER BY a.due_at
         LIMIT greatest(0, $4::int - coalesce(busy.calls, 0))
           FOR NO KEY UPDATE SKIP LOCKED
     ) AS p
     LIMIT $5
), claimed AS (
    UPDATE dispatch.action a
       SET state = 'running', attempt = a.attempt + 1, fence = a.fence + 1,
           lease_until = clock_timestamp() + make_interval(secs => a.timeout_seconds + $6)
      FROM picked p
     WHERE a.action_id = p.action_id
    RETURNING a.*
), begun AS (
    INSERT INTO dispatch.attempt AS t (action_id, attempt, fence, worker, started_at)
    SELECT action_id, attempt, fence, $7, clock_timestamp() FROM claimed
    ON CONFLICT (action_id, attempt) DO UPDATE -- an attempt that was given back: its number is used again
       SET fence = excluded.fence, worker = excluded.worker, started_at = excluded.started_at, ended_at = NULL,
           result = 'started', detail = NULL
)
SELECT looked.last_lane, c.action_id, c.firing_id, c.tenant, c.kind, c.lane, c.request, c.flaw, c.timeout_seconds,
       c.attempt, c.fence, f.trigger_id, f.correlation_id, f.depth, f.observed_at
  FROM (SELECT (SELECT lane FROM some_lanes OFFSET $8::int - 1) AS last_lane) AS looked
  LEFT JOIN (claimed c JOIN dispatch.firing f USING (firing_id)) ON true

-- name: expired
SELECT action_id, firing_id, fence, kind
  FROM dispatch.action
 WHERE state = 'running' AND lease_until <= statement_timestamp()
 ORDER BY lease_until
 LIMIT $1

-- name: lock_firings
SELECT firing_id, tenant, trigger_id, revision, event_uid, correlation_id, depth, sequence, state, cancel_reason, reason,
       detail
  FROM dispatch.firing
 WHERE firing_id = ANY ($1::uuid[])
 ORDER BY firing_id
   FOR NO KEY UPDATE

-- name: lock_actions
SELECT action_id, firing_id, path, kind, retry, state, attempt, fence, reference, reason, detail
  FROM dispatch.action
 WHERE firing_id = ANY ($1::uuid[])
 ORDER BY firing_id, position
   FOR NO KEY UPDATE

-- name: save_actions
WITH moved AS (
    UPDATE dispatch.action a
       SET state = n.state, attempt = n.attempt, fence = n.fence, lease_until = NULL,
           due_at = CASE WHEN n.due_in IS NULL THEN a.due_at ELSE clock_timestamp() + n.due_in END,
           reference = n.reference, reason = n.reason, detail = n.detail,
           ended_at = CASE WHEN n.state IN ('waiting', 'due') THEN NULL ELSE clock_timestamp() END
      FROM unnest(
          $1::uuid[], $2::text[], $3::int[], $4::bigint[], $5::interval[], $6::text[], $7::text[], $8::text[]
      ) AS n (action_id, state, attempt, fence, due_in, reference, reason, detail)
     WHERE a.action_id = n.action_id
)
UPDATE dispatch.attempt t
   SET ended_at = clock_timestamp(), result = n.result, detail = n.detail
  FROM unnest($9::uuid[], $10::int[], $11::text[], $12::text[]) AS n (action_id, attempt, result, detail)
 WHERE t.action_id = n.action_id AND t.attempt = n.attempt

-- name: close_firings
UPDATE dispatch.firing f
   SET state = n.state, reason = n.reason, detail = n.detail, ended_at = clock_timestamp()
  FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) AS n (firing_id, state, reason, detail)
 WHERE f.firing_id = n.firing_id AND f.state = 'open'
