-- Statements about databases of a server, run by ensue_devstack.databases as the administrator. Names of databases
-- cannot be parameters of CREATE and DROP; those are put together in Python from names that we make ourselves.

-- name: be_patient
SET statement_timeout = 0

-- name: lock_templates
SELECT pg_advisory_lock(hashtextextended('ensue.template', 0))

-- name: exists
SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)

-- name: remember_template
SELECT set_config('ensue.template', $1, false), set_config('ensue.copy', $2, false)

-- name: copy_grants
-- A copied database does not inherit who may connect to it.
DO $$
DECLARE
    template constant text := current_setting('ensue.template');
    copy constant text := current_setting('ensue.copy');
    given record;
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', copy);
    FOR given IN
        SELECT grantee::regrole AS role, privilege_type AS privilege
        FROM pg_database, aclexplode(datacl)
        WHERE datname = template AND grantee <> 0 AND grantee <> datdba
    LOOP
        EXECUTE format('GRANT %s ON DATABASE %I TO %s', given.privilege, copy, given.role);
    END LOOP;
END
$$

-- name: left_behind
SELECT datname FROM pg_database WHERE starts_with(datname, $1) ORDER BY datname
