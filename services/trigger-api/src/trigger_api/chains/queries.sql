-- name: chain_events
SELECT event_uid, event_id, type, source, subject, causation_id, depth, at
  FROM audit.v_event
 WHERE tenant = $1 AND correlation_id = $2
 ORDER BY depth, at, event_uid
 LIMIT $3;

-- name: chain_firings
SELECT firing_id, event_uid, event_type, trigger_id, revision, status, reason, detail, depth, at
  FROM audit.v_log
 WHERE tenant = $1 AND correlation_id = $2
 ORDER BY at, firing_id
 LIMIT $3;

-- name: chain_actions
SELECT action_id, firing_id, path, kind, status, attempts, reference, reason, detail, at AS ended_at, emitted_event_uid
  FROM audit.v_action
 WHERE tenant = $1 AND correlation_id = $2
 ORDER BY at, action_id
 LIMIT $3;

-- name: chain_dispatched
SELECT action_id, firing_id, path, kind, state AS status, attempt AS attempts, due_at, ended_at, reference, reason, detail
  FROM dispatch.v_action
 WHERE tenant = $1 AND correlation_id = $2
 ORDER BY firing_id, position
 LIMIT $3;
