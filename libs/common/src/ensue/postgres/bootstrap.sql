-- Roles are cluster-wide: several databases of one cluster may be prepared at once, hence the guards. Run as one
-- transaction by ensue.postgres.migrate.bootstrap_roles, which repeats it where two of them collided.

-- name: lock
SELECT pg_advisory_xact_lock(hashtextextended('ensue.bootstrap', 0))

-- name: remember_password
SELECT set_config('ensue.role_password', $1, true)

-- name: create_roles
DO $$
DECLARE
    owners constant text[] := ARRAY['ensue_triggers_owner', 'ensue_dispatch_owner', 'ensue_audit_owner'];
    logins constant text[] := ARRAY['ensue_trigger_api', 'ensue_evaluator', 'ensue_dispatcher', 'ensue_audit'];
    all_tenant_logins constant text[] := ARRAY['ensue_evaluator', 'ensue_dispatcher', 'ensue_audit'];
    plain constant text := 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS';
    -- A role that makes another may hand it out, but not act as it (from version 16 on) until it grants that to itself.
    acting constant text := CASE WHEN current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END;
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY owners || 'ensue_all_tenants'::text LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN %s', role_name, plain);
        END IF;
    END LOOP;
    FOREACH role_name IN ARRAY logins LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
            EXECUTE format('CREATE ROLE %I LOGIN %s', role_name, plain);
        END IF;
        IF current_setting('ensue.role_password', true) <> '' THEN
            EXECUTE format('ALTER ROLE %I PASSWORD %L', role_name, current_setting('ensue.role_password', true));
        END IF;
    END LOOP;
    FOREACH role_name IN ARRAY all_tenant_logins LOOP
        IF NOT pg_has_role(role_name, 'ensue_all_tenants', 'MEMBER') THEN
            EXECUTE format('GRANT ensue_all_tenants TO %I', role_name);
        END IF;
    END LOOP;
    FOREACH role_name IN ARRAY owners LOOP
        IF NOT pg_has_role(current_user, role_name, acting) THEN -- an administrator who is no superuser
            EXECUTE format('GRANT %I TO %I', role_name, current_user);
        END IF;
    END LOOP;
END
$$

-- name: refuse_dangerous_roles
SELECT rolname FROM pg_roles
WHERE rolname ^@ 'ensue_' AND (rolsuper OR rolbypassrls)
  AND rolname = any(ARRAY[
    'ensue_triggers_owner', 'ensue_dispatch_owner', 'ensue_audit_owner', 'ensue_all_tenants',
    'ensue_trigger_api', 'ensue_evaluator', 'ensue_dispatcher', 'ensue_audit'
  ])

-- name: prepare_database
DO $$
DECLARE
    -- schema, owner, the role that runs the service
    place text[];
    places constant text[][] := ARRAY[
        ['triggers', 'ensue_triggers_owner', 'ensue_trigger_api'],
        ['dispatch', 'ensue_dispatch_owner', 'ensue_dispatcher'],
        ['audit', 'ensue_audit_owner', 'ensue_audit']
    ];
    this_database constant text := current_database();
BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', this_database);
    EXECUTE format(
        'GRANT CONNECT ON DATABASE %I TO ensue_trigger_api, ensue_evaluator, ensue_dispatcher, ensue_audit',
        this_database
    );
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    FOREACH place SLICE 1 IN ARRAY places LOOP
        IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = place[1]) THEN
            EXECUTE format('CREATE SCHEMA %I AUTHORIZATION %I', place[1], place[2]);
        END IF;
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', place[1], place[3]);
        EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE %I REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC', place[2]);
    END LOOP;
END
$$
