-- Which triggers no index leads to, so that what they cost can be counted and capped for each tenant.
-- What was saved before counts from its next save on.

-- migrate:up
SET LOCAL lock_timeout = '5s';
ALTER TABLE triggers.trigger ADD COLUMN unindexed boolean NOT NULL DEFAULT false;
CREATE INDEX trigger_unindexed ON triggers.trigger (tenant) WHERE unindexed AND enabled AND deleted_at IS NULL;

-- migrate:down
DROP INDEX triggers.trigger_unindexed;
ALTER TABLE triggers.trigger DROP COLUMN unindexed;
