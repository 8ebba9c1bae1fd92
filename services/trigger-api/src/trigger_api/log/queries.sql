-- name: plan_for_these_filters
-- A filter that is not given must cost nothing: plan for the values, not for all that could be.
SELECT set_config('plan_cache_mode', 'force_custom_plan', true);

-- name: log_page
SELECT at, firing_id, trigger_id, revision, event_uid, event_id, event_source, event_type, event_subject,
       correlation_id, causation_id, depth, mode, status, reason, detail, actions, ended_at
  FROM audit.v_log
 WHERE tenant = $1
   AND ($2::uuid IS NULL OR trigger_id = $2)
   AND ($3::uuid IS NULL OR correlation_id = $3)
   AND ($4::text IS NULL OR status = $4)
   AND ($5::timestamptz IS NULL OR (at, firing_id) < ($5, $6::uuid))
 ORDER BY at DESC, firing_id DESC
 LIMIT $7;
