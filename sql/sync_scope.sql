-- Several syncs write into one table, each its own rows: dataIds are unique within a
-- company only.  Two that would write the same rows are refused.

\set company dingSyncScope
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=0 freeze=on');
SELECT sim('create object=customer form_id=1 records=3 first_id=1 width=3');
SELECT sim('create object=customer form_id=2 records=4 first_id=1 width=3');
CREATE SERVER sync_scope FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', settle_time '1s');
CREATE USER MAPPING FOR PUBLIC SERVER sync_scope OPTIONS (token 't0ken');
CREATE FOREIGN TABLE one (data_id bigint, serial_no text, update_time timestamptz) SERVER sync_scope OPTIONS (object 'customer', form_id '1');
CREATE FOREIGN TABLE two (data_id bigint, serial_no text, update_time timestamptz) SERVER sync_scope OPTIONS (object 'customer', form_id '2');

-- the first makes the table, with the scope in its key
SELECT xbb.create_sync('scope one', 'one', 'customer', scope => '{"form": 1, "company": "east"}', delete_mode => 'delete');
\d customer
SELECT xbb.create_sync('scope two', 'two', 'customer', scope => '{"form": 2, "company": "east"}', delete_mode => 'delete');
CALL xbb.sync('scope one');
CALL xbb.sync('scope two');
SELECT form, company, count(*), min(data_id), max(data_id) FROM customer GROUP BY form, company ORDER BY form;
-- each sees its own rows alone
CALL xbb.reconcile('scope one', full => true);
CALL xbb.reconcile('scope two');
SELECT sim('drop id=2 object=customer form_id=1');
CALL xbb.reconcile('scope one');
CALL xbb.reconcile('scope two', full => true);
CALL xbb.sync('scope two', full => true, dry_run => true);
SELECT form, count(*), string_agg(data_id::text, ',' ORDER BY data_id) FROM customer GROUP BY form ORDER BY form;
SELECT name, key, scope, target_columns FROM xbb.sync_definition WHERE name LIKE 'scope %' ORDER BY name;

-- what would overlap
SELECT xbb.create_sync('scope three', 'one', 'customer', scope => '{"form": 1, "company": "east"}');
SELECT xbb.create_sync('scope three', 'one', 'customer', scope => '{"form": "01", "company": "east"}');
SELECT xbb.create_sync('scope three', 'one', 'customer', scope => '{"company": "east"}');
CREATE UNIQUE INDEX ON customer (data_id, form);
SELECT xbb.create_sync('scope three', 'one', 'customer', scope => '{"form": 1}');
DROP INDEX customer_data_id_form_idx;
SELECT xbb.create_sync('scope three', 'one', 'customer', key => '{form,company,data_id}', columns => '{"form": "1", "company": "serial_no"}');
SELECT xbb.alter_sync('scope two', scope => '{"form": 1, "company": "east"}');
SELECT xbb.alter_sync('scope two', scope => 'null');
-- what does not
SELECT xbb.create_sync('scope three', 'one', 'customer', scope => '{"form": 1, "company": "west"}');
SELECT xbb.alter_sync('scope three', scope => '{"form": 3, "company": "west"}', overlap => '2 hours');
CALL xbb.sync('scope three');
SELECT form, company, count(*) FROM customer GROUP BY form, company ORDER BY form, company;
SELECT xbb.alter_sync('scope three', scope => '{"form": 4, "company": "west"}');
CALL xbb.sync('scope three');
SELECT form, company, count(*) FROM customer GROUP BY form, company ORDER BY form, company;
-- columns are changed without a word about the scope
SELECT xbb.alter_sync('scope three', columns => '{"serial_no": "upper(serial_no)"}');
CALL xbb.sync('scope three', full => true);
SELECT xbb.drop_sync('scope three');
-- partitions are the same table
CREATE TABLE parted (form bigint, data_id bigint, update_time timestamptz, PRIMARY KEY (form, data_id)) PARTITION BY LIST (form);
CREATE TABLE part_one PARTITION OF parted FOR VALUES IN (1);
SELECT xbb.create_sync('scope four', 'one', 'parted', scope => '{"form": 1}');
SELECT xbb.create_sync('scope five', 'two', 'part_one', scope => '{"form": 1}');
CALL xbb.sync('scope four');
CALL xbb.reconcile('scope four', full => true);
SELECT tableoid::regclass, count(*) FROM parted GROUP BY 1;
SELECT xbb.drop_sync('scope four');

-- what is no scope
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '[]');
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '{}');
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '{"form": null}');
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '{"nowhere": 1}');
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '{"data_id": 1}');
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '{"form": "x"}');
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '{"form": 9}', columns => '{"form": "1"}');
SELECT xbb.create_sync('scope bad', 'one', 'customer', scope => '{"form": 9}');

-- a renumbered record takes its own row along; the same numbers elsewhere are others'
CREATE TABLE numbered (form int, serial_no text, data_id bigint, update_time timestamptz, note text, PRIMARY KEY (form, serial_no));
SELECT xbb.create_sync('scope six', 'one', 'numbered', key => '{serial_no}', scope => '{"form": 1}', delete_mode => 'delete');
SELECT xbb.create_sync('scope seven', 'two', 'numbered', key => '{serial_no}', scope => '{"form": 2}', delete_mode => 'delete');
SELECT sim('touch id=1 object=customer form_id=1', '{"serialNo": "A"}');
SELECT sim('touch id=1 object=customer form_id=2', '{"serialNo": "A"}');
SELECT sim('touch id=3 object=customer form_id=1', '{"serialNo": "B"}');
SELECT sim('touch id=3 object=customer form_id=2', '{"serialNo": "B"}');
CALL xbb.sync('scope six');
CALL xbb.sync('scope seven');
SELECT sim('clock advance=60');
SELECT sim('touch id=1 object=customer form_id=1', '{"serialNo": "C"}');
SELECT sim('touch id=3 object=customer form_id=2', '{"serialNo": "A"}');
CALL xbb.sync('scope six');
CALL xbb.sync('scope seven');
SELECT form, serial_no, data_id FROM numbered WHERE length(serial_no) = 1 ORDER BY form, serial_no;
SELECT sync, data_id, error FROM xbb.sync_reject WHERE sync IN ('scope six', 'scope seven');

-- the columns of a scope are others by now: number 1 is not text 1 any more, nor is East another word than east
CREATE TABLE retyped (company int, data_id bigint, update_time timestamptz, note text, PRIMARY KEY (company, data_id));
SELECT xbb.create_sync('scope eight', 'one', 'retyped', scope => '{"company": 1}');
CALL xbb.sync('scope eight');
ALTER TABLE retyped ALTER company TYPE text;
SELECT xbb.create_sync('scope nine', 'two', 'retyped', scope => '{"company": "1"}');
CALL xbb.sync('scope eight');
SELECT scope FROM xbb.sync_definition WHERE name = 'scope eight';
SELECT xbb.create_sync('scope nine', 'two', 'retyped', scope => '{"company": "01"}');
CALL xbb.sync('scope nine');
DELETE FROM retyped WHERE company = '01';
ALTER TABLE retyped ALTER company TYPE int USING company::int;
CALL xbb.sync('scope nine');
CALL xbb.sync('scope eight');
SELECT xbb.drop_sync('scope nine');
CALL xbb.sync('scope eight');
SELECT xbb.alter_sync('scope eight', scope => '{"company": 3}');
-- what the columns cannot hold names the sync's scope and the column
SELECT xbb.create_sync('scope twelve', 'one', 'retyped', scope => '{"company": "east"}');
SELECT xbb.create_sync('scope twelve', 'one', 'retyped', scope => '{"company": 70000}');
ALTER TABLE retyped ALTER company TYPE smallint;
CALL xbb.sync('scope twelve');
SELECT error FROM xbb.sync_run WHERE sync = 'scope twelve' ORDER BY id DESC LIMIT 1;
SELECT xbb.drop_sync('scope twelve');
ALTER TABLE retyped ALTER company TYPE int;
CREATE COLLATION anycase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
ALTER TABLE retyped ALTER company TYPE text COLLATE anycase;
CALL xbb.sync('scope eight');
-- two texts may be one number: neither writes the other's row, not once
CREATE TABLE here AS SELECT 1::bigint AS data_id, '2026-01-01Z'::timestamptz AS update_time, 'here' AS note;
CREATE TABLE there AS SELECT 2::bigint AS data_id, '2026-01-01Z'::timestamptz AS update_time, 'there' AS note;
CREATE TABLE shared (company text, data_id bigint, update_time timestamptz, note text, PRIMARY KEY (company, data_id));
SELECT xbb.create_sync('scope twelve', 'here', 'shared', scope => '{"company": "01"}', delete_mode => 'delete');
SELECT xbb.create_sync('scope thirteen', 'there', 'shared', scope => '{"company": "001"}');
CALL xbb.sync('scope twelve');
CALL xbb.sync('scope thirteen');
INSERT INTO here VALUES (2, '2026-01-02Z', 'here');
ALTER TABLE shared ALTER company TYPE int USING company::int;
CALL xbb.sync('scope twelve');
CALL xbb.sync('scope thirteen');
SELECT company, data_id, note FROM shared ORDER BY company, data_id;
DELETE FROM shared WHERE data_id = 2;
SELECT xbb.alter_sync('scope thirteen', scope => '{"company": 2}');
CALL xbb.sync('scope twelve');
CALL xbb.sync('scope thirteen');
SELECT company, data_id, note FROM shared ORDER BY company, data_id;
-- and where one does not fit, nobody knows which rows are its
DELETE FROM here WHERE data_id = 2;
CREATE TABLE shared_too (company text, data_id bigint, update_time timestamptz, note text, PRIMARY KEY (company, data_id));
SELECT xbb.create_sync('scope fourteen', 'here', 'shared_too', scope => '{"company": "1"}');
SELECT xbb.create_sync('scope fifteen', 'there', 'shared_too', scope => '{"company": "east"}');
CALL xbb.sync('scope fourteen');
CALL xbb.sync('scope fifteen');
INSERT INTO here VALUES (2, '2026-01-02Z', 'here');
ALTER TABLE shared_too ALTER company TYPE int USING CASE company WHEN 'east' THEN 1 ELSE company::int END;
CALL xbb.sync('scope fourteen');
SELECT company, data_id, note FROM shared_too ORDER BY company, data_id;
SELECT xbb.alter_sync('scope fifteen', scope => '{"company": 2}');
UPDATE shared_too SET company = 2 WHERE data_id = 2;
CALL xbb.sync('scope fourteen');
CALL xbb.sync('scope fifteen');
SELECT company, data_id, note FROM shared_too ORDER BY company, data_id;
-- as each type takes its words: what is one value, what is two, and what is none
SELECT t.type, t.a, t.b, xbb._sync_scope_text(t.a, t.type::regtype) = xbb._sync_scope_text(t.b, t.type::regtype) AS same
FROM (VALUES ('text', '1', '01'), ('varchar', '1', '01'), ('int2', '1', '+01'), ('int4', '1', ' 1 '), ('int8', '1', '2'), ('int2', '1', '40000'),
             ('bool', 't', 'yes'), ('bool', 't', 'f'), ('bool', 't', '2'), ('int4', '1', ''),
             ('uuid', '{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}', 'a0eebc999c0b4ef8bb6d6bb9bd380a11')) t (type, a, b);
-- nor is a table's row only its own that has become a partition
CREATE TABLE parts (company text, data_id bigint, update_time timestamptz, note text, PRIMARY KEY (company, data_id)) PARTITION BY LIST (company);
CREATE TABLE part (company text NOT NULL, data_id bigint NOT NULL, update_time timestamptz, note text, PRIMARY KEY (company, data_id));
SELECT xbb.create_sync('scope ten', 'one', 'part', scope => '{"company": "p"}');
SELECT xbb.create_sync('scope eleven', 'two', 'parts', scope => '{"company": "p"}');
ALTER TABLE parts ATTACH PARTITION part FOR VALUES IN ('p');
CALL xbb.sync('scope ten');

-- another role's sync, of which nothing is told
CREATE ROLE regress_xbb_scope;
GRANT regress_xbb_scope TO CURRENT_USER;
GRANT ALL ON SCHEMA "dingSyncScope" TO regress_xbb_scope;
GRANT ALL ON one, numbered, customer TO regress_xbb_scope;
GRANT USAGE ON FOREIGN SERVER sync_scope TO regress_xbb_scope;
SET ROLE regress_xbb_scope;
SELECT xbb.create_sync('other''s', 'one', 'numbered', key => '{serial_no}', scope => '{"form": 1}');
SELECT xbb.create_sync('other''s', 'one', 'numbered', key => '{serial_no}', scope => '{"form": 3}');
RESET ROLE;
SELECT xbb.alter_sync('scope six', scope => '{"form": 3}');
REVOKE INSERT ON numbered FROM regress_xbb_scope;
SET ROLE regress_xbb_scope;
SELECT xbb._sync_rival('numbered', '{"form": 1}', NULL);
SELECT xbb.drop_sync('other''s');
RESET ROLE;
SELECT xbb._sync_rival('numbered', '{"form": 1}', NULL) IS NOT NULL AS told;

SET client_min_messages = warning;
SELECT count(xbb.drop_sync(name)) FROM xbb.sync_definition WHERE name LIKE 'scope %';
DROP SERVER sync_scope CASCADE;
DROP SCHEMA "dingSyncScope" CASCADE;
DROP ROLE regress_xbb_scope;
