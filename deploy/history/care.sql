-- Indexes that Orion-LD's history lacks, a user who may only read, and the end of what is older than `days`.
-- psql --set days=1825 --set password=… --file care.sql; may be run at any time and again.

CREATE INDEX IF NOT EXISTS klavze_attributes_entity_time ON attributes (entityId, ts DESC);
CREATE INDEX IF NOT EXISTS klavze_attributes_time ON attributes (ts);
CREATE INDEX IF NOT EXISTS klavze_attributes_name_time ON attributes (id, observedAt DESC);
CREATE INDEX IF NOT EXISTS klavze_entities_type_time ON entities (type, ts DESC);
CREATE INDEX IF NOT EXISTS klavze_entities_id_time ON entities (id, ts DESC);
CREATE INDEX IF NOT EXISTS klavze_subattributes_time ON subAttributes (ts);

SELECT 'CREATE ROLE reader LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'reader') \gexec
SELECT format('ALTER ROLE reader PASSWORD %L', :'password') \gexec
GRANT USAGE ON SCHEMA public TO reader;
GRANT SELECT ON entities, attributes, subAttributes TO reader;

-- Orion-LD writes ts in UTC without a zone.
DELETE FROM subAttributes WHERE ts < timezone('UTC', now()) - make_interval(days => :days);
DELETE FROM attributes WHERE ts < timezone('UTC', now()) - make_interval(days => :days);
DELETE FROM entities WHERE ts < timezone('UTC', now()) - make_interval(days => :days);
