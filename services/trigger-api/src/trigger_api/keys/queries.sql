-- name: use_key
-- Before the tenant is known: one key by its id, through the owner's function.
SELECT tenant, secret_hash, admin FROM triggers.use_key($1);
