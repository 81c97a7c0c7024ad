-- A record has one row.  Lines of one, which cannot be told from a record with another key, are
-- refused before a row is lost; and a row that is no record's keeps no place.

\set SHOW_CONTEXT never
CREATE TABLE order_lines (data_id bigint, update_time timestamptz, line integer, note text);
INSERT INTO order_lines SELECT d, now() - interval '1 minute', l, 'v' FROM generate_series(1, 3) d, generate_series(1, 3) l;
CREATE TABLE lines (data_id bigint, line integer, update_time timestamptz, note text CHECK (note <> 'bad'), PRIMARY KEY (data_id, line));
CREATE TABLE of_line (data_id bigint, line integer, FOREIGN KEY (data_id, line) REFERENCES lines ON DELETE CASCADE);
SELECT xbb.create_sync('single lines', 'order_lines', 'lines', '{data_id,line}');
-- nothing is loaded of them
CALL xbb.sync('single lines');
SELECT count(*) FROM lines;
-- nor lost of those that are there, whether they come together, one by one, or fail
INSERT INTO lines SELECT data_id, line, update_time, note FROM order_lines;
INSERT INTO of_line SELECT data_id, line FROM lines;
CALL xbb.sync('single lines');
UPDATE order_lines SET note = 'bad' WHERE data_id = 2 AND line = 2;
CALL xbb.sync('single lines', full => true);
DELETE FROM order_lines WHERE data_id <> 2 OR line <> 2;
UPDATE order_lines SET note = 'good', line = 4;
CALL xbb.sync('single lines');
SELECT count(*), (SELECT count(*) FROM of_line) FROM lines;
-- a line that stays where it is, and is not alone
UPDATE order_lines SET line = 3;
CALL xbb.sync('single lines');
-- one of which an expression fails
TRUNCATE order_lines, lines, of_line;
INSERT INTO order_lines VALUES (1, now(), 1, '1'), (1, now(), 2, 'one');
SELECT xbb.alter_sync('single lines', columns => '{"note": "note::integer"}');
CALL xbb.sync('single lines');
SELECT count(*) FROM lines;
-- a dataId of its own is what the hint says
TRUNCATE order_lines;
INSERT INTO order_lines SELECT d, now() - interval '1 minute', l, 'v' FROM generate_series(1, 3) d, generate_series(1, 3) l;
CREATE VIEW numbered AS SELECT data_id * 1000 + line AS data_id, update_time, data_id AS order_id, line, note FROM order_lines;
SELECT xbb.create_sync('single numbered', 'numbered');
CALL xbb.sync('single numbered');
UPDATE order_lines SET note = 'w', update_time = now() WHERE data_id = 2 AND line = 2;
CALL xbb.sync('single numbered');
SELECT count(*), count(DISTINCT order_id), string_agg(line::text, '' ORDER BY line) FILTER (WHERE note = 'w') FROM "single numbered";

-- two with one key are a record that came twice, as ever: the newer is loaded
CREATE TABLE twice (data_id bigint, update_time timestamptz, number text);
INSERT INTO twice VALUES (1, '2026-01-01 00:00+00', 'S1'), (1, '2026-01-02 00:00+00', 'S1'), (2, '2026-01-01 00:00+00', 'S2');
CREATE TABLE by_number (number text PRIMARY KEY, data_id bigint, update_time timestamptz, note text);
SELECT xbb.create_sync('single number', 'twice', 'by_number', '{number}');
CALL xbb.sync('single number');
DELETE FROM twice WHERE data_id = 1 AND update_time < '2026-01-02 00:00+00';
CALL xbb.sync('single number', full => true);

-- another number for a record, and a row without a record has it
UPDATE by_number SET note = 'of ' || data_id;
INSERT INTO by_number (number, note) VALUES ('N1', 'nobody''s');
UPDATE twice SET number = 'N1', update_time = '2026-01-03 00:00+00' WHERE data_id = 1;
CALL xbb.sync('single number');
SELECT number, data_id, note FROM by_number ORDER BY number;
SELECT data_id, kind, error FROM xbb.sync_reject WHERE sync = 'single number';
-- two swap, and one goes to such a row in the same run
INSERT INTO by_number (number, note) VALUES ('N2', 'nobody''s');
INSERT INTO twice VALUES (3, '2026-01-04 00:00+00', 'S3');
CALL xbb.sync('single number');
UPDATE twice SET update_time = '2026-01-05 00:00+00', number = CASE data_id WHEN 1 THEN 'S2' WHEN 2 THEN 'N1' ELSE 'N2' END;
CALL xbb.sync('single number');
SELECT number, data_id, note FROM by_number ORDER BY number;
SELECT xbb.drop_sync(name) FROM xbb.sync_definition WHERE name LIKE 'single %' ORDER BY name;
DROP VIEW numbered;
DROP TABLE order_lines, lines, of_line, "single numbered", twice, by_number;
