-- Whoever may use the schema may call what the scripts call, with anything: an error is
-- right, and so is a result, but no end of the server.

\set company dingByHand
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
CREATE ROLE regress_xbb_by_hand;
GRANT USAGE ON SCHEMA xbb TO regress_xbb_by_hand;
GRANT ALL ON SCHEMA "dingByHand" TO regress_xbb_by_hand;
SET ROLE regress_xbb_by_hand;
CREATE TABLE own (a bigint);

-- the trigger of the extension's own tables, on tables whose columns are called as theirs
CREATE TABLE definition (id integer GENERATED ALWAYS AS IDENTITY, confirmed boolean, owner bigint, source_name bigint, target_name text);
CREATE TRIGGER restored BEFORE INSERT ON definition FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
INSERT INTO definition (owner, source_name) VALUES (5, 5);
CREATE TABLE reject (run text, restored_by text);
CREATE TRIGGER restored BEFORE INSERT ON reject FOR EACH ROW EXECUTE FUNCTION xbb._sync_restored();
INSERT INTO reject VALUES ('a', 'b');

-- a statement about a stage that closes it, or that another one takes the place of
CREATE FUNCTION closing(n bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF n = 2 THEN
    PERFORM xbb._stage_close(1);
  END IF;
  RETURN n;
END $$;
CREATE FUNCTION again(n bigint[]) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  IF n[1] < 5 THEN
    PERFORM xbb._stage_piece(1, n[1] * 4000, n[1] * 4000 + 99, true);
    PERFORM xbb._stage_execute(1, 'SELECT again($2) FROM generate_series(1, 2)', NULL, array[n[1] + 1]);
  END IF;
  RETURN 1;
END $$;
SELECT xbb._stage_read('SELECT closing(g) FROM generate_series(1, 3) g', NULL, NULL, NULL);
BEGIN;
SELECT xbb._stage_append(xbb._stage_make('own', '{a}'), 'SELECT g, g FROM generate_series(1, 30000::bigint) g');
SAVEPOINT s;
SELECT xbb._stage_append(1, 'SELECT g, closing(g) FROM generate_series(30001, 30003::bigint) g UNION ALL SELECT 1, closing(2)');
ROLLBACK TO s;
SELECT xbb._stage_mark(1, 'SELECT closing(2)');
ROLLBACK TO s;
SELECT xbb._stage_piece(1, 1, 100, true);
SELECT xbb._stage_execute(1, 'SELECT again($2) FROM generate_series(1, 2)', NULL, array[1]);
SELECT xbb._stage_close(1);
COMMIT;

RESET ROLE;
SET client_min_messages = warning;
DROP SCHEMA "dingByHand" CASCADE;
REVOKE USAGE ON SCHEMA xbb FROM regress_xbb_by_hand;
DROP OWNED BY regress_xbb_by_hand;
DROP ROLE regress_xbb_by_hand;
