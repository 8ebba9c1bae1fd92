-- migrate:up
-- Events of one type in a span of time: what most searches of the journal begin with. An index over what is in `data`
-- is not among the journal's own: see docs/decisions/0014 for its price, and docs/operating.md for how to have one.
SET LOCAL lock_timeout = '5s';

CREATE INDEX event_type_at ON audit.event (tenant, type, at);

-- migrate:down
DROP INDEX audit.event_type_at;
