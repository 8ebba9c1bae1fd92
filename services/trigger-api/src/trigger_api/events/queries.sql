-- name: causes
SELECT action_id, correlation_id, depth
  FROM dispatch.v_action
 WHERE tenant = $1 AND action_id = ANY ($2::uuid[]);
