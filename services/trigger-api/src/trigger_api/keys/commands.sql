-- name: insert_key
INSERT INTO triggers.api_key (key_id, tenant, secret_hash, admin) VALUES ($1, $2, $3, $4);

-- name: revoke_key
UPDATE triggers.api_key
   SET revoked_at = clock_timestamp()
 WHERE tenant = $1 AND key_id = $2 AND revoked_at IS NULL
RETURNING key_id;
