-- Two tables that are to hold the same: what differs is told, by key, with both values and times, and nothing else.
\set SHOW_CONTEXT never
\pset format unaligned
\pset null (null)
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS xbb_etl CASCADE;
CREATE ROLE regress_xbb_compare;
CREATE SCHEMA compare AUTHORIZATION regress_xbb_compare;
CREATE SCHEMA compare_more AUTHORIZATION regress_xbb_compare;
SET search_path = compare;
SET ROLE regress_xbb_compare;
SET TimeZone = 'Asia/Shanghai';
SET client_min_messages = notice;

-- values of two types, whether they are the same, by hand: all that compare says otherwise
CREATE TABLE pair (id int, our_type text, ours text, their_type text, theirs text, same boolean);
INSERT INTO pair VALUES
  (1, 'numeric(12,2)', '1.00', 'numeric', '1.0', true), (2, 'numeric', '1.00', 'bigint', '1', true), (3, 'numeric', '1.001', 'bigint', '1', false),
  (4, 'float8', '0.1', 'numeric', '0.1', true), (5, 'float8', '0.1', 'numeric', '0.10000000000000001', false), (6, 'float4', '0.1', 'float8', '0.1', true),
  (7, 'float8', 'NaN', 'float8', 'NaN', true), (8, 'numeric', 'NaN', 'float8', 'NaN', true), (9, 'float8', 'Infinity', 'numeric', 'Infinity', true),
  (10, 'bigint', '9007199254740993', 'float8', '9007199254740992', false), (11, 'int', '0', 'float8', '-0', true),
  (20, 'text', NULL, 'text', '', false), (21, 'text', '', 'text', '', true), (22, 'text', NULL, 'text', NULL, true), (23, 'text', 'a', 'text', 'A', false),
  (24, 'text', 'a ', 'text', 'a', false), (25, 'text', 'a ', 'char(4)', 'a', true), (26, 'char(2)', 'a', 'char(8)', 'a', true), (27, 'text', ' a', 'char(4)', 'a', false),
  (28, 'varchar(9)', '中', 'text', '中', true), (29, 'text', 'é', 'text', E'e\u0301', false), (30, 'name', 'x', 'text', 'x', true),
  (31, 'char(4)', NULL, 'text', '', false),
  (40, 'numeric', '12.5', 'text', '12.50', true), (41, 'numeric', '12.5', 'text', ' +1.25e1 ', true), (42, 'numeric', '12.5', 'text', '12.5 元', false),
  (43, 'numeric', NULL, 'text', '', false), (44, 'numeric', NULL, 'text', 'x', false), (45, 'numeric', '0', 'text', '', false), (46, 'text', '.5', 'float8', '0.5', true),
  (47, 'bigint', '9007199254740993', 'text', '9007199254740993', true), (48, 'text', 'x', 'int', NULL, false), (49, 'int', '1', 'char(3)', '1', true),
  (50, 'timestamptz', '2026-11-27 08:00+08', 'timestamptz', '2026-11-27 00:00Z', true), (51, 'timestamptz', '2026-11-27 08:00+08', 'timestamp', '2026-11-27 08:00', true),
  (52, 'timestamptz', '2026-11-27 08:00+08', 'timestamp', '2026-11-27 00:00', false), (53, 'date', '2026-11-27', 'timestamp', '2026-11-27 00:00', true),
  (54, 'date', '2026-11-27', 'timestamptz', '2026-11-26 16:00Z', true), (55, 'timestamp', '2026-11-27 00:00:00.001', 'timestamp', '2026-11-27', false),
  (60, 'json', '{"b": 1.0, "a": 2}', 'jsonb', '{"a": 2, "b": 1.00}', true), (61, 'json', '[1,2]', 'json', '[2,1]', false), (62, 'jsonb', 'null', 'jsonb', NULL, false),
  (70, 'text[]', '{a,b}', 'varchar(9)[]', '{a,b}', true), (71, 'text[]', '{a,b}', 'text[]', '{b,a}', false), (72, 'numeric[]', '{1.0,NULL}', 'int[]', '{1,NULL}', true),
  (73, 'json[]', '{1.0}', 'json[]', '{1.00}', true), (74, 'text[]', '{}', 'text[]', NULL, false),
  (80, 'uuid', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', true), (81, 'boolean', 't', 'boolean', 'f', false),
  (82, 'bytea', '\x00', 'bytea', '\x', false), (83, 'interval', '1 day', 'interval', '24 hours', true), (84, 'int4range', '[1,3]', 'int4range', '[1,4)', true),
  (85, 'box', '(1,1),(0,0)', 'box', '(2,1),(1,0)', false), (86, 'xml', '<a/>', 'xml', '<a></a>', false), (87, 'inet', '10.0.0.1/32', 'inet', '10.0.0.1', true),
  (88, 'cidr', '10.0.0.0/8', 'cidr', '10.0.0.0/8', true);
CREATE DOMAIN price AS numeric(12,4) CHECK (VALUE >= 0);
CREATE DOMAIN paid AS price;
CREATE TYPE state AS ENUM ('open', 'closed');
CREATE TYPE money_of AS (amount numeric, currency text);
INSERT INTO pair VALUES
  (90, 'paid', '1', 'bigint', '1', true), (91, 'paid', '1', 'text', '1.00', true), (92, 'state', 'open', 'text', 'open', true), (93, 'state', 'open', 'state', 'closed', false),
  (94, 'money_of', '(1.0,CNY)', 'money_of', '(1.00,CNY)', true), (95, 'money_of', '(,)', 'money_of', NULL, false), (96, 'money_of[]', '{"(1.0,CNY)"}', 'money_of[]', '{"(1,CNY)"}', true),
  (97, 'state', NULL, 'text', '', false);
CREATE FUNCTION said(pair) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  differences int;
BEGIN
  EXECUTE format('CREATE TEMP TABLE a (id int, v %s); CREATE TEMP TABLE b (id int, v %s)', $1.our_type, $1.their_type);
  EXECUTE format('INSERT INTO a VALUES (1, %L); INSERT INTO b VALUES (1, %L)', $1.ours, $1.theirs);
  -- the same from either side
  SELECT count(*) INTO differences FROM (SELECT FROM xbb.compare('a', 'b', '{id}') UNION ALL SELECT FROM xbb.compare('b', 'a', '{id}')) c;
  DROP TABLE a, b;
  RETURN CASE differences WHEN 0 THEN true WHEN 2 THEN false END;
END
$$;
SET client_min_messages = warning;
SELECT count(*) AS pairs FROM pair;
SELECT p.id, p.same, s AS said FROM pair p, LATERAL said(p) s WHERE s IS DISTINCT FROM p.same ORDER BY p.id;
-- whatever the session says of how floats are shown
SET extra_float_digits = -10;
SELECT said(ROW(0, 'float8', '0.1234567890123', 'numeric', '0.1234567890124', false));
RESET extra_float_digits;
SET client_min_messages = notice;

-- which rows and columns, and when
CREATE TABLE ours (data_id bigint PRIMARY KEY, name text, price numeric, note text, code char(6), update_time timestamptz);
CREATE TABLE theirs (id text, product_name text, price text, note text, code text, modified timestamp);
INSERT INTO ours SELECT g, 'P' || g, g, NULL, 'C' || g, timestamptz '2026-11-27 00:00+08' + g * interval '1 hour' FROM generate_series(1, 12) g;
INSERT INTO theirs SELECT g, 'P' || g, g || '.0', NULL, 'C' || g, timestamp '2026-11-27 00:00' + g * interval '1 hour' FROM generate_series(1, 12) g;
\set mapping '{"data_id": "id", "name": "product_name", "price": "price", "note": "note", "code": "code"}'
SELECT * FROM xbb.compare('ours', 'theirs', '{data_id}', :'mapping', ours_at => 'update_time', theirs_at => 'modified');
DELETE FROM theirs WHERE id = '2';
UPDATE theirs SET product_name = 'p3', note = '' WHERE id = '3';
UPDATE theirs SET price = 'free' WHERE id = '4';
INSERT INTO theirs VALUES ('X', 'PX', '1', NULL, 'CX', '2026-11-27 05:00'), (NULL, 'none', NULL, NULL, NULL, NULL);
INSERT INTO theirs SELECT * FROM theirs WHERE id = '6';
UPDATE ours SET name = 'P7 new', update_time = '2026-11-27 13:00+08' WHERE data_id = 7;
UPDATE theirs SET product_name = 'P8 new', modified = '2026-11-27 13:00' WHERE id = '8';
SELECT * FROM xbb.compare('ours', 'theirs', '{data_id}', :'mapping', ours_at => 'update_time', theirs_at => 'modified');
-- 7 has not come to them yet, nor 8 to us; the older ones are no news
SELECT row_key, column_name, kind FROM xbb.compare('ours', 'theirs', '{data_id}', :'mapping', ours_at => 'update_time', theirs_at => 'modified',
  since => '2026-11-27 04:00+08', until => '2026-11-27 13:00+08');
-- only one side knows when
SELECT row_key, column_name, kind FROM xbb.compare('ours', 'theirs', '{data_id}', :'mapping', ours_at => 'update_time', until => '2026-11-27 03:00+08');

-- columns of the same name; what is in one table alone is said
SELECT row_key, column_name FROM xbb.compare('ours', 'theirs', '{code}', ours_at => 'update_time', theirs_at => 'modified');
SELECT row_key, column_name FROM xbb.compare('ours', 'theirs', '{code}', '["note"]');
SELECT row_key, kind FROM xbb.compare('ours', 'theirs', '{code}', '[]');
SELECT row_key, column_name, kind FROM xbb.compare('ours', 'theirs', '{code,price}', '{"name": "product_name"}');

-- views stand between, and see the caller's path; their equality is theirs, whatever is planted there
CREATE FUNCTION compare_more.tidy(text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN helped($1); END $$;
CREATE FUNCTION helped(text) RETURNS text LANGUAGE sql RETURN nullif($1, '');
CREATE VIEW tidied AS SELECT id::bigint AS data_id, compare_more.tidy(note) AS note FROM theirs WHERE id IN ('3', '4');
CREATE FUNCTION never(text, text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'called'; END $$;
CREATE OPERATOR = (LEFTARG = text, RIGHTARG = text, FUNCTION = never);
SET search_path = compare, pg_catalog;
SELECT kind, count(*) FROM xbb.compare('ours', 'tidied', '{data_id}', '["note"]') GROUP BY 1;
SHOW search_path;
DROP OPERATOR = (text, text);
SET search_path = compare;

-- collations that do not go together, and one that takes two texts for one
CREATE COLLATION blind (PROVIDER = icu, LOCALE = 'und-u-ks-level2', DETERMINISTIC = false);
CREATE TABLE blindly (id int, v text COLLATE blind);
CREATE TABLE sharply (id int, v text COLLATE "C");
INSERT INTO blindly VALUES (1, 'a');
INSERT INTO sharply VALUES (1, 'A');
SELECT row_key, our_value, their_value FROM xbb.compare('blindly', 'sharply', '{id}');
SELECT row_key, kind FROM xbb.compare('blindly', 'sharply', '{v}', '[]');

-- what cannot be compared
SELECT * FROM xbb.compare('ours', 'theirs', '{data_id}', '{"data_id": "id", "update_time": "code"}');
SELECT * FROM xbb.compare('ours', 'theirs', '{data_id}', '{"data_id": "id", "name": "modified"}');
SELECT * FROM xbb.compare('ours', 'theirs', '{data_id}');
SELECT * FROM xbb.compare('ours', 'theirs', '{code}', '["colour"]');
SELECT * FROM xbb.compare('ours', 'theirs', '{}');
SELECT * FROM xbb.compare('ours', NULL, '{code}');
SELECT * FROM xbb.compare('ours', 'theirs', '{code}', '{"note": 1}');
SELECT * FROM xbb.compare('ours', 'theirs', '{code}', '"note"');
SELECT * FROM xbb.compare('ours', 'theirs', '{code}', '["note"]', until => now());
SELECT * FROM xbb.compare('ours', 'theirs', '{code}', '["note"]', ours_at => 'colour');
SELECT * FROM xbb.compare('ours', 'theirs', '{code}', '["note"]', theirs_at => 'id');

-- with the caller's rights
RESET ROLE;
CREATE ROLE regress_xbb_compare_other;
GRANT USAGE ON SCHEMA compare TO regress_xbb_compare_other;
GRANT SELECT ON ours TO regress_xbb_compare_other;
SET ROLE regress_xbb_compare_other;
SELECT * FROM xbb.compare('ours', 'theirs', '{code}', '["note"]');
RESET ROLE;

-- ten thousand rows, each tenth column of each hundredth changed, against EXCEPT
CREATE TABLE many AS SELECT g AS id, md5(g::text) AS a, g * 1.5 AS b, CASE WHEN g % 3 > 0 THEN g END AS c, g % 7 AS d FROM generate_series(1, 10000) g;
CREATE TABLE others AS SELECT id, a, CASE WHEN id % 100 = 0 THEN b + 1 ELSE b END AS b, CASE WHEN id % 150 = 0 THEN coalesce(c, 0) ELSE c END AS c, d
  FROM many WHERE id % 1000 <> 1 UNION ALL SELECT -g, '', 0, 0, 0 FROM generate_series(1, 5) g;
SELECT kind, column_name, count(*) FROM xbb.compare('many', 'others', '{id}') GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FILTER (WHERE kind <> 'only_theirs') = (SELECT count(*) FROM (TABLE many EXCEPT TABLE others) e) AS none_of_ours_missing,
       count(*) FILTER (WHERE kind <> 'only_ours') = (SELECT count(*) FROM (TABLE others EXCEPT TABLE many) e) AS none_of_theirs_missing
FROM (SELECT DISTINCT row_key, kind FROM xbb.compare('many', 'others', '{id}')) c;

DROP SCHEMA compare, compare_more CASCADE;
DROP ROLE regress_xbb_compare, regress_xbb_compare_other;
