-- Every kind of list is reached by its name, read with its own list and id
-- keys, and asked for what it needs: customers, custom forms, users, and so on.
\getenv url XBB_SIM_URL
\! python3 $XBB_SIM ctl dingObject create token=s3cret products=3 freeze=on
\! python3 $XBB_SIM ctl dingObject create object=customer form_id=5300201 records=250
\! python3 $XBB_SIM ctl dingObject create object=customer form_id=5300202 records=4
\! python3 $XBB_SIM ctl dingObject create object=paas form_id=5300300 records=5
\! python3 $XBB_SIM ctl dingObject create object=workReportDaily records=6
\! python3 $XBB_SIM ctl dingObject create object=communicatePlan form_id=5300400 records=7
\! python3 $XBB_SIM ctl dingObject create object=user records=230
CREATE SCHEMA object_test;
SET search_path = object_test;
SET timezone = 'UTC';
SET datestyle = 'ISO, YMD';
CREATE SERVER object_crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid 'dingObject', base_url :'url', rate_limit '0', max_retries '0', concurrency '1');
CREATE USER MAPPING FOR CURRENT_USER SERVER object_crm OPTIONS (token 's3cret');
CREATE FUNCTION method(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  line text;
BEGIN
  FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
    IF line ~ '(Method|Request):' THEN
      RETURN NEXT trim(line);
    END IF;
  END LOOP;
END $$;

-- Lists of records: a form each, which is asked for where one is needed.
CREATE FOREIGN TABLE customer (data_id bigint, form_id int, update_time timestamptz, name text OPTIONS (attr 'text_1'))
  SERVER object_crm OPTIONS (object 'customer', form_id '5300201');
SELECT method('SELECT * FROM customer');
SELECT count(*), count(DISTINCT data_id), min(form_id), max(form_id) FROM customer WHERE name IS NOT NULL;
ALTER FOREIGN TABLE customer OPTIONS (SET form_id '5300202');
SELECT count(data_id), min(form_id), max(form_id) FROM customer;
CREATE FOREIGN TABLE paas (data_id bigint, form_id int) SERVER object_crm OPTIONS (object 'paas', form_id '5300300');
SELECT method('SELECT * FROM paas');
SELECT count(data_id), min(form_id) FROM paas;
CREATE FOREIGN TABLE contact (data_id bigint) SERVER object_crm OPTIONS (object 'contact');
SELECT * FROM contact;
SELECT count(*) FROM contact;
-- Members of params select: the recycle bin of customers.
\! python3 $XBB_SIM ctl dingObject drop object=customer form_id=5300202 id=first
SELECT count(data_id) FROM customer;
ALTER FOREIGN TABLE customer OPTIONS (ADD params '{"del": 1}');
SELECT count(data_id) FROM customer;

-- Objects that want the acting user say so before they ask.
CREATE FOREIGN TABLE report (data_id bigint) SERVER object_crm OPTIONS (object 'workReportDaily');
CREATE FOREIGN TABLE plan (data_id bigint) SERVER object_crm OPTIONS (object 'communicatePlan', form_id '5300400');
SELECT count(data_id) FROM report;
SELECT count(data_id) FROM plan;
ALTER USER MAPPING FOR CURRENT_USER SERVER object_crm OPTIONS (ADD user_id 'u-0001');
SELECT count(data_id) FROM report;
SELECT count(data_id) FROM plan;

-- The company's set-up: no conditions, other keys; paged lists are read until
-- two readings agree, the others come in one answer.
CREATE FOREIGN TABLE staff (user_id text, name text, position text, jobnumber text, status int, "departmentList" jsonb,
  department int OPTIONS (attr 'departmentList.id'), raw jsonb OPTIONS (attr '*')) SERVER object_crm OPTIONS (object 'user');
SELECT method('SELECT * FROM staff');
\! python3 $XBB_SIM ctl dingObject clear
SELECT count(*), count(DISTINCT user_id), count(jobnumber), min(name) IS NOT NULL AS named FROM staff;
\! python3 $XBB_SIM ctl dingObject log fields=path,page,size,cond
SELECT user_id, position, jobnumber, status, "departmentList", department FROM staff WHERE user_id IN ('u-0001', 'u-0004') ORDER BY user_id;
-- Their own filters are members of params; those who left are told by delIgnore.
ALTER FOREIGN TABLE staff OPTIONS (ADD params '{"delIgnore": 1, "userIdIn": ["u-0016", "u-0017"]}');
SELECT user_id, status FROM staff ORDER BY user_id;
\! python3 $XBB_SIM ctl dingObject log fields=params,cond tail=1
CREATE FOREIGN TABLE department (id int, name text, parent_id int, "depIdRouter" text, sort int)
  SERVER object_crm OPTIONS (object 'department');
SELECT method('SELECT * FROM department');
SELECT * FROM department WHERE id < 3 ORDER BY id;
SELECT count(*) FROM department;
CREATE FOREIGN TABLE role (id int, role_name text) SERVER object_crm OPTIONS (object 'role');
SELECT method('SELECT * FROM role');
\! python3 $XBB_SIM ctl dingObject clear
SELECT * FROM role ORDER BY id;
\! python3 $XBB_SIM ctl dingObject log fields=path,page,size,cond
CREATE FOREIGN TABLE sign_in (id int, user_id text, add_time timestamptz, address text, images text[])
  SERVER object_crm OPTIONS (object 'signIn');
SELECT method('SELECT * FROM sign_in');
\! python3 $XBB_SIM ctl dingObject clear
SELECT count(*), min(add_time), max(add_time) FROM sign_in WHERE add_time >= '2026-01-04 00:00+08';
\! python3 $XBB_SIM ctl dingObject log fields=path,page,cond
CREATE FOREIGN TABLE label (id int, name text, labels jsonb OPTIONS (attr 'labelEntities'))
  SERVER object_crm OPTIONS (object 'label', form_id '5300127', params '{"businessType": 2401}');
SELECT method('SELECT * FROM label');
SELECT id, name, jsonb_array_length(labels) FROM label ORDER BY id;
CREATE FOREIGN TABLE category (id int, name text, parent_id int, router text, children jsonb OPTIONS (attr 'childList'))
  SERVER object_crm OPTIONS (object 'productCategory');
SELECT method('SELECT * FROM category');
SELECT id, name, parent_id, router, jsonb_array_length(children) AS children FROM category ORDER BY id;
-- A tree, opened.
WITH RECURSIVE tree AS (
  SELECT id, name, 1 AS level, children FROM category
  UNION ALL
  SELECT (c ->> 'id')::int, c ->> 'name', level + 1, c -> 'childList' FROM tree, jsonb_array_elements(children) c)
SELECT level, count(*), min(id), max(id) FROM tree GROUP BY level ORDER BY level;
-- Also where such a list has no total, or is empty.
\! python3 $XBB_SIM ctl dingObject set flat_total=off
SELECT count(*), count(id) FROM category;
SELECT count(*), count(id) FROM role;
\! python3 $XBB_SIM ctl dingObject set rights=empty
SELECT count(*), count(id) FROM role;
SELECT count(*), count(user_id) FROM staff;
\! python3 $XBB_SIM ctl dingObject set rights=all empty=no-list
SELECT count(data_id) FROM contact;
\! python3 $XBB_SIM ctl dingObject set empty=no-result
SELECT count(data_id) FROM contact;

SET client_min_messages = warning;
DROP SERVER object_crm CASCADE;
DROP SCHEMA object_test CASCADE;
\! python3 $XBB_SIM ctl dingObject remove
