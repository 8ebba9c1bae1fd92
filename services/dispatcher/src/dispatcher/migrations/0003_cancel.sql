-- Cancelling what a trigger has not begun, asked for by trigger-api within the transaction that disables or deletes it.
-- Does what `Cancelled` does in dispatcher/states.py, and says it as ensue.wire.records would: tests hold them equal.

-- migrate:up
SET LOCAL lock_timeout = '5s';
-- An instant as records spell it: UTC, microseconds only where there are any.
CREATE FUNCTION dispatch.instant_text(p_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN regexp_replace(to_char(p_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), '\.000000$', '') || 'Z';

-- An action as outcomes tell it.
CREATE FUNCTION dispatch.action_taken(a dispatch.action) RETURNS json
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
RETURN (
    SELECT row_to_json(t)
      FROM (SELECT a.action_id, a.path, a.kind, a.state AS status, a.attempt AS attempts, a.reference, a.reason,
                   a.detail) AS t
);

CREATE FUNCTION dispatch.cancel_trigger(p_tenant text, p_trigger_id uuid, p_reason text) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    headers_of_action constant jsonb := '[["content-type", "application/json"], ["ensue-kind", "action"]]';
    headers_of_outcome constant jsonb := '[["content-type", "application/json"], ["ensue-kind", "outcome"]]';
    firings uuid[];
    cancelled uuid[];
    closed uuid[];
    now_at timestamptz;
BEGIN
    IF p_tenant IS DISTINCT FROM current_setting('ensue.tenant', true)
       AND NOT pg_has_role(session_user, 'ensue_all_tenants', 'USAGE') THEN
        RAISE insufficient_privilege USING MESSAGE = 'cancel_trigger works within the tenant of the transaction';
    END IF;
    IF p_reason NOT IN ('trigger_disabled', 'trigger_deleted') THEN
        RAISE invalid_parameter_value USING MESSAGE = format('%L is no reason to cancel', p_reason);
    END IF;
    -- Against the intake, which holds it shared: it either commits first and is seen below, or sees the new standing.
    PERFORM pg_advisory_xact_lock(hashtextextended('dispatch.trigger:' || p_trigger_id, 0));

    SELECT array_agg(f.firing_id) INTO firings
      FROM (SELECT firing_id
              FROM dispatch.firing
             WHERE tenant = p_tenant AND trigger_id = p_trigger_id AND state = 'open'
             ORDER BY firing_id
               FOR NO KEY UPDATE) AS f;
    now_at := clock_timestamp();
    UPDATE dispatch.firing SET cancel_reason = coalesce(cancel_reason, p_reason) WHERE firing_id = ANY (firings);

    WITH ended AS (
        UPDATE dispatch.action
           SET state = 'cancelled', reason = p_reason, ended_at = now_at
         WHERE firing_id = ANY (firings) AND state IN ('waiting', 'due')
        RETURNING action_id
    )
    SELECT array_agg(action_id) INTO cancelled FROM ended;

    INSERT INTO dispatch.outbox (tenant, topic, key, headers, value)
    SELECT f.tenant, 'ensue.outcomes', convert_to(f.tenant || '/' || f.firing_id, 'UTF8'), headers_of_action,
           convert_to(row_to_json(told)::text, 'UTF8')
      FROM dispatch.action a
      JOIN dispatch.firing f USING (firing_id)
     CROSS JOIN LATERAL (
        SELECT 'action' AS kind, a.record_id, dispatch.instant_text(now_at) AS at, f.tenant, f.firing_id, f.trigger_id,
               f.correlation_id, f.depth, dispatch.action_taken(a) AS taken, NULL AS emitted_event_uid
     ) AS told
     WHERE a.action_id = ANY (cancelled)
     ORDER BY a.firing_id, a.position;

    WITH over AS (
        UPDATE dispatch.firing f
           SET state = cause.state, reason = cause.reason, detail = cause.detail, ended_at = now_at
          FROM LATERAL (
            SELECT DISTINCT ON (a.firing_id) a.firing_id, a.state, a.reason, a.detail
              FROM dispatch.action a
             WHERE a.firing_id = ANY (firings) AND a.state IN ('dead', 'cancelled')
             ORDER BY a.firing_id, a.state = 'dead' DESC, a.position
          ) AS cause
         WHERE f.firing_id = cause.firing_id AND f.state = 'open'
           AND NOT EXISTS (
               SELECT FROM dispatch.action a
                WHERE a.firing_id = f.firing_id AND a.state IN ('waiting', 'due', 'running'))
        RETURNING f.firing_id
    )
    SELECT array_agg(firing_id) INTO closed FROM over;

    INSERT INTO dispatch.outbox (tenant, topic, key, headers, value)
    SELECT f.tenant, 'ensue.outcomes', convert_to(f.tenant || '/' || f.firing_id, 'UTF8'), headers_of_outcome,
           convert_to(row_to_json(told)::text, 'UTF8')
      FROM dispatch.firing f
     CROSS JOIN LATERAL (
        SELECT 'outcome' AS kind, f.record_id, dispatch.instant_text(now_at) AS at, f.tenant, f.firing_id, f.trigger_id,
               f.revision, f.event_uid, f.correlation_id, f.depth, f.state AS status, f.reason, f.detail,
               (SELECT array_to_json(array_agg(dispatch.action_taken(a) ORDER BY a.position))
                  FROM dispatch.action a
                 WHERE a.firing_id = f.firing_id) AS actions
     ) AS told
     WHERE f.firing_id = ANY (closed)
     ORDER BY f.firing_id;

    RETURN coalesce(cardinality(cancelled), 0);
END
$$;
REVOKE ALL ON FUNCTION dispatch.instant_text(timestamptz) FROM PUBLIC;
REVOKE ALL ON FUNCTION dispatch.action_taken(dispatch.action) FROM PUBLIC;
REVOKE ALL ON FUNCTION dispatch.cancel_trigger(text, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION dispatch.cancel_trigger(text, uuid, text) TO ensue_trigger_api, ensue_dispatcher;

-- migrate:down
DROP FUNCTION dispatch.cancel_trigger(text, uuid, text);
DROP FUNCTION dispatch.action_taken(dispatch.action);
DROP FUNCTION dispatch.instant_text(timestamptz);
