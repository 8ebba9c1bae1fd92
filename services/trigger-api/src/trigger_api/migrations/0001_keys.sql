-- API keys. A key names its tenant; the secret half is kept only as its SHA-256.

-- migrate:up
SET LOCAL lock_timeout = '5s';
GRANT USAGE ON SCHEMA triggers TO ensue_trigger_api, ensue_evaluator, ensue_dispatcher;

CREATE TABLE triggers.api_key (
    key_id text PRIMARY KEY CHECK (key_id ~ '^[0-9a-f]{16}$'),
    tenant text NOT NULL CHECK (tenant <> ''),
    secret_hash bytea NOT NULL CHECK (octet_length(secret_hash) = 32),
    admin boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    revoked_at timestamptz,
    last_used_at timestamptz
);

ALTER TABLE triggers.api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE triggers.api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY owner_all ON triggers.api_key TO ensue_triggers_owner USING (true) WITH CHECK (true);
CREATE POLICY own_tenant ON triggers.api_key TO ensue_trigger_api
    USING (tenant = current_setting('ensue.tenant', true))
    WITH CHECK (tenant = current_setting('ensue.tenant', true));
GRANT SELECT, INSERT ON triggers.api_key TO ensue_trigger_api;
GRANT UPDATE (revoked_at) ON triggers.api_key TO ensue_trigger_api;

-- Before a key is known, so is no tenant. This is the one door: a single key by its id, never a list.
CREATE FUNCTION triggers.use_key(p_key_id text)
RETURNS TABLE (tenant text, secret_hash bytea, admin boolean)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE triggers.api_key AS k
       SET last_used_at = clock_timestamp()
     WHERE k.key_id = p_key_id
       AND k.revoked_at IS NULL
       AND (k.last_used_at IS NULL OR k.last_used_at < clock_timestamp() - interval '1 minute');
    RETURN QUERY
        SELECT k.tenant, k.secret_hash, k.admin
          FROM triggers.api_key AS k
         WHERE k.key_id = p_key_id AND k.revoked_at IS NULL;
END
$$;
REVOKE ALL ON FUNCTION triggers.use_key(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION triggers.use_key(text) TO ensue_trigger_api;

-- migrate:down
DROP FUNCTION triggers.use_key(text);
DROP TABLE triggers.api_key;
