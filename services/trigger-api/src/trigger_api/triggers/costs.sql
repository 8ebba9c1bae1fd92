-- name: lock_unindexed
-- Until the transaction ends. Who waits here counts, thereafter, what the other has committed.
SELECT pg_advisory_xact_lock(hashtextextended('triggers.unindexed:' || $1::text, 0));

-- name: count_unindexed
SELECT listened.event_type, count(*) AS count
  FROM triggers.trigger AS t
 CROSS JOIN LATERAL (SELECT DISTINCT unnest(t.event_types) AS event_type) AS listened
 WHERE t.tenant = $1 AND t.unindexed AND t.enabled AND t.deleted_at IS NULL
   AND t.event_types && $2::text[] AND listened.event_type = ANY ($2::text[])
 GROUP BY listened.event_type;
