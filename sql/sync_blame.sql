-- What a record can be blamed for is a reject, with its place and its label; what it cannot be
-- blamed for ends the run.  The values of a record stand in xbb.sync_reject alone.

CREATE SCHEMA "dingBlame";
SET search_path = "dingBlame";
SET TimeZone = 'UTC';
SET client_min_messages = warning;
\set SHOW_CONTEXT never
CREATE TABLE source AS
  SELECT n::bigint AS data_id, '2026-01-01'::timestamptz + n * interval '1 s' AS update_time, 'S' || n AS serial_no,
         'name ' || n AS name, '1380000' || to_char(n, 'FM0000') AS phone, NULL::bigint AS parent
  FROM generate_series(1, 60) n;
CREATE TABLE target (data_id bigint PRIMARY KEY, update_time timestamptz, serial_no text, name text, phone text, parent bigint);
CREATE VIEW rejects AS
  SELECT data_id, label, kind, sqlstate, error, context FROM xbb.sync_reject WHERE sync LIKE 'blame%' ORDER BY data_id;
CREATE VIEW run AS
  SELECT task, status, rows_read, inserted, updated, unchanged, rejected, sqlstate, error FROM xbb.sync_run
  WHERE sync LIKE 'blame%' ORDER BY id DESC LIMIT 1;
SELECT xbb.create_sync('blame', 'source', 'target', label => 'serial_no');

-- too long for an index; an error of a state of one's own, in a trigger; no such relation, of a value
CREATE INDEX ON target (name);
CREATE FUNCTION check_name(name text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  IF name = 'odd' THEN
    RAISE EXCEPTION 'odd indeed' USING ERRCODE = 'ZZ001';
  ELSIF name LIKE 'no such%' THEN
    RETURN name::regclass;
  END IF;
  RETURN name;
END $$;
CREATE FUNCTION check_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.serial_no = 'S5' THEN
    RAISE EXCEPTION 'not this one: %', NEW.phone USING COLUMN = 'phone', DETAIL = NEW.phone;
  END IF;
  NEW.name := check_name(NEW.name);
  RETURN NEW;
END $$;
CREATE TRIGGER check_row BEFORE INSERT OR UPDATE ON target FOR EACH ROW EXECUTE FUNCTION check_row();
ALTER TABLE target ADD CONSTRAINT good_phone CHECK (phone <> '13800000006'), ADD UNIQUE (serial_no);
UPDATE source SET name = (SELECT string_agg(md5(i::text), '') FROM generate_series(1, 200) i) WHERE data_id = 2;
UPDATE source SET name = 'odd' WHERE data_id = 3;
UPDATE source SET name = 'no such table' WHERE data_id = 4;
UPDATE source SET serial_no = 'S8' WHERE data_id = 7;
CALL xbb.sync('blame', dry_run => true);
CALL xbb.sync('blame');
SELECT data_id, label, kind, sqlstate, left(error, 60) AS error, context FROM rejects;
SELECT count(*) FROM target;

-- what nobody can be blamed for ends the run, and no record is set aside for it
CREATE FUNCTION fail_all() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = current_setting('blame.state'); END $$;
CREATE TRIGGER a_fail BEFORE INSERT OR UPDATE ON target FOR EACH ROW WHEN (NEW.serial_no = 'S20') EXECUTE FUNCTION fail_all();
CREATE FUNCTION ends(state text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config('blame.state', state, false);
  UPDATE source SET name = name || '.' WHERE data_id = 20;
  BEGIN
    CALL xbb.sync('blame');
    RETURN NEXT state || ' is a reject: ' || (SELECT r.sqlstate FROM rejects r WHERE data_id = 20);
    RAISE EXCEPTION 'undone';
  EXCEPTION WHEN OTHERS THEN
    IF SQLERRM <> 'undone' THEN
      RETURN NEXT state || ' ends the run: ' || SQLERRM;
    END IF;
  END;
END $$;
SELECT ends(s) FROM unnest(array['08006', '25006', '28000', '40001', '40P01', '53100', '55P03', '57P03', '58030', 'HV000', 'XX000',
  '22000', '23000', '54000', 'P0001', 'P0002', '0A000', '42501', 'ZZ999', 'AB123', '21000', '38000']) s;
-- with the record, the table and the function, in the log, too
SET blame.state = '55006';
UPDATE source SET name = name || '.' WHERE data_id IN (19, 20, 21);
CALL xbb.sync('blame');
SELECT sqlstate, error FROM run;
DROP TRIGGER a_fail ON target;
CREATE TRIGGER a_fail AFTER INSERT OR UPDATE ON target FOR EACH ROW WHEN (NEW.serial_no = 'S20') EXECUTE FUNCTION fail_all();
CALL xbb.sync('blame');
DROP TRIGGER a_fail ON target;
-- nor what all have in common: a thing that is not there
TRUNCATE target;
SELECT xbb._sync_rewind(d.id, NULL) FROM xbb.sync_definition d WHERE d.name = 'blame';
CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM "dingBlame".gone WHERE phone = NEW.phone; RETURN NEW; END $$;
CREATE TRIGGER broken BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION broken();
CALL xbb.sync('blame');
SELECT status, sqlstate, error FROM run;
DROP TRIGGER broken ON target;
-- its name is told; a value that is looked up as one is not, also where all records have it
CREATE FUNCTION looks_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF current_setting('blame.state') = 'phone' THEN PERFORM NEW.phone::regclass;
  ELSIF current_setting('blame.state') = 'value' THEN PERFORM lower(NEW.name)::regclass;
  ELSE RAISE undefined_column USING MESSAGE = 'record "new" has no field "phones"'; END IF;
  RETURN NEW; END $$;
CREATE TRIGGER a_looks_up BEFORE INSERT ON target FOR EACH ROW EXECUTE FUNCTION looks_up();
CREATE TABLE names AS SELECT data_id, name FROM source;
UPDATE source SET name = 'Nowhere', phone = 'p' || phone;
SET blame.state = 'phone';
CALL xbb.sync('blame');
SET blame.state = 'value';
CALL xbb.sync('blame');
SET blame.state = 'field';
CALL xbb.sync('blame');
UPDATE source s SET name = n.name, phone = substr(phone, 2) FROM names n WHERE n.data_id = s.data_id;
DROP TRIGGER a_looks_up ON target;
CALL xbb.sync('blame');
SELECT status, inserted, rejected FROM run;

-- constraints of others that wait for COMMIT are theirs, before and after
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (id int REFERENCES parent DEFERRABLE INITIALLY DEFERRED);
UPDATE source SET name = 'new' WHERE data_id = 10;
BEGIN;
INSERT INTO child VALUES (1);
CALL xbb.sync('blame');
INSERT INTO child VALUES (2);
INSERT INTO parent VALUES (1), (2);
COMMIT;
SELECT name FROM target WHERE data_id = 10;
-- those of the target are checked record by record
ALTER TABLE target ADD CONSTRAINT parent FOREIGN KEY (parent) REFERENCES target DEFERRABLE INITIALLY DEFERRED;
UPDATE source SET parent = 999, name = 'orphan' WHERE data_id = 11;
UPDATE source SET name = 'fine' WHERE data_id = 12;
CALL xbb.sync('blame');
SELECT * FROM rejects WHERE data_id BETWEEN 11 AND 12;
SELECT name FROM target WHERE data_id = 12;

-- fifty phone numbers: none is in the log of runs, or in an error
ALTER TABLE target DROP CONSTRAINT good_phone, ADD CONSTRAINT short_phone CHECK (length(phone) < 11) NOT VALID;
UPDATE source SET phone = '139' || to_char(data_id, 'FM00000000'), update_time = update_time + interval '1 min' WHERE data_id > 10;
SELECT xbb.alter_sync('blame', reject_limit => 40);
CALL xbb.sync('blame');
SELECT status, rejected, error FROM run;
SELECT xbb.alter_sync('blame', reject_limit => 1000);
ALTER TABLE target DROP CONSTRAINT short_phone, ALTER COLUMN phone TYPE numeric(8) USING NULL;
SELECT xbb.alter_sync('blame', columns => '{"phone": "phone::numeric"}');
CALL xbb.sync('blame');
SELECT status, rejected, error FROM run;
SELECT count(*) AS rejects, count(*) FILTER (WHERE raw::text ~ '139000000') AS kept FROM xbb.sync_reject WHERE sync = 'blame';
SELECT count(*) FROM xbb.sync_run r WHERE r.sync = 'blame' AND r::text ~ '13[89]0000';
-- and not where it comes late: of a constraint at COMMIT
ALTER TABLE target ALTER COLUMN phone TYPE text;
SELECT xbb.alter_sync('blame', columns => '{"phone": "phone"}');
CREATE TABLE directory (phone text UNIQUE DEFERRABLE INITIALLY DEFERRED);
INSERT INTO directory VALUES ('13900000030');
CREATE FUNCTION enter() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO "dingBlame".directory VALUES (NEW.phone); RETURN NULL; END $$;
CREATE TRIGGER enter AFTER INSERT OR UPDATE ON target FOR EACH ROW WHEN (NEW.data_id = 30) EXECUTE FUNCTION enter();
CALL xbb.sync('blame');
SELECT status, sqlstate, error FROM run;

SELECT xbb.drop_sync('blame');

-- the column whose type or expression does it, with what the server says of the type
CREATE TABLE prices AS SELECT n::bigint AS data_id, '2026-01-01Z'::timestamptz AS update_time, n::numeric AS p1, n::numeric AS p2, 'n' || n AS name
  FROM generate_series(1, 6) n;
UPDATE prices SET p2 = 123456.7 WHERE data_id = 2;
UPDATE prices SET p1 = 123456.7, p2 = 123456.7 WHERE data_id = 3;
UPDATE prices SET name = 'too long a name' WHERE data_id = 4;
UPDATE prices SET p1 = 0 WHERE data_id = 5;
CREATE TABLE priced (data_id bigint PRIMARY KEY, update_time timestamptz, p1 numeric(6,2), p2 numeric(6,2), name varchar(5), share numeric, e smallint);
SELECT xbb.create_sync('blame prices', 'prices', 'priced', columns => '{"p1": "p1", "p2": "p2", "name": "name", "share": "1 / p1", "e": "data_id * 6000"}');
CALL xbb.sync('blame prices');
SELECT data_id, kind, sqlstate, error, context FROM rejects;
SELECT data_id FROM priced;
-- of functions that are computed all or none it is not known, but which they are
CREATE FUNCTION inverse(n numeric) RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN 1 / n; END $$;
SELECT xbb.alter_sync('blame prices', columns => '{"share": "inverse(p1)"}');
CALL xbb.sync('blame prices', full => true);
SELECT data_id, sqlstate, regexp_replace(context, '_sync_\d+', '_sync_N') AS context FROM rejects WHERE data_id = 5;
SELECT xbb.drop_sync('blame prices');

-- where a run ends for its rejects, it names the first of the commonest reason, in whatever order they came
CREATE TABLE mixed (data_id bigint, update_time timestamptz);
CREATE TABLE mixed_target (data_id bigint PRIMARY KEY, update_time timestamptz,
  CONSTRAINT small CHECK (data_id > 5), CONSTRAINT large CHECK (data_id <= 10));
SELECT xbb.create_sync('blame mixed', 'mixed', 'mixed_target', reject_limit => 14);
INSERT INTO mixed SELECT n, '2026-01-01Z' FROM generate_series(1, 20) n;
CALL xbb.sync('blame mixed');
TRUNCATE mixed;
INSERT INTO mixed SELECT n, '2026-01-01Z' FROM generate_series(20, 1, -1) n;
CALL xbb.sync('blame mixed');
SELECT xbb.drop_sync('blame mixed');
DROP SCHEMA "dingBlame" CASCADE;
