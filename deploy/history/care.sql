-- Indexes that Orion-LD's history lacks, a user who may only read, and the end of what is older than `days`.
-- psql --set days=1825 --set password=… --file care.sql; may be run at any time and again, also while Orion-LD writes.

-- What broke off while it was being built is of no use, and IF NOT EXISTS would keep it.
SELECT format('DROP INDEX %s', indexrelid::regclass) FROM pg_index
  WHERE NOT indisvalid AND starts_with(indexrelid::regclass::text, 'klavze_') \gexec
CREATE INDEX CONCURRENTLY IF NOT EXISTS klavze_attributes_entity_time ON attributes (entityId, ts DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS klavze_attributes_time ON attributes (ts);
CREATE INDEX CONCURRENTLY IF NOT EXISTS klavze_attributes_numbers ON attributes (id, observedAt DESC) WHERE valueType = 'Number';
CREATE INDEX CONCURRENTLY IF NOT EXISTS klavze_entities_type_time ON entities (type, ts DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS klavze_entities_id_time ON entities (id, ts DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS klavze_subattributes_time ON subAttributes (ts);
-- Of an earlier version; klavze_attributes_numbers is in its place.
DROP INDEX IF EXISTS klavze_attributes_name_time;

SELECT 'CREATE ROLE reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') \gexec
SELECT format('ALTER ROLE reader PASSWORD %L', :'password') \gexec
GRANT USAGE ON SCHEMA public TO reader;
GRANT SELECT ON entities, attributes, subAttributes TO reader;

-- Orion-LD writes ts in UTC without a zone.
DELETE FROM subAttributes WHERE ts < timezone('UTC', now()) - make_interval(days => :days);
DELETE FROM attributes WHERE ts < timezone('UTC', now()) - make_interval(days => :days);
-- An entity has a row for its creation and none for its updates: without it the history of an old entity would not be found any more.
DELETE FROM entities AS old
  WHERE ts < timezone('UTC', now()) - make_interval(days => :days)
    AND (EXISTS (SELECT FROM entities AS newer WHERE newer.id = old.id AND newer.ts > old.ts)
      OR NOT EXISTS (SELECT FROM attributes WHERE entityId = old.id));
