-- The database that test/sqlsmith queries: foreign tables over small lists with
-- columns of every kind, what PostgreSQL can put on top of them, syncs and their
-- targets.  The role xbb_smith may read all of it and write to one local table.

\getenv url XBB_SIM_URL
\getenv srcdir PG_ABS_SRCDIR
\set company dingSmith
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ON_ERROR_STOP on
SET client_min_messages = warning;
-- statements name what they use in full where it is not in public
SET search_path = public, "dingSmith";

SELECT sim('create products=250 freeze=on odd=on') \g /dev/null
SELECT sim('create object=customer form_id=5300201 records=120 first_id=61200001') \g /dev/null
SELECT sim('create object=contract form_id=5300301 records=90 first_id=71200001') \g /dev/null
SELECT sim('create object=opportunity form_id=5300401 records=60 first_id=81200001') \g /dev/null
SELECT sim('create object=contact form_id=5300501 records=40 no_times=9 first_id=91200001') \g /dev/null
SELECT sim('create object=payment form_id=5300601 records=20 first_id=92200001') \g /dev/null

-- limits for what a random join may ask for: the statement's time is the other one
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0', daily_quota '0', settle_time '1s', max_retries '1');
CREATE SERVER crm_small FOREIGN DATA WRAPPER xbb_fdw
  OPTIONS (corpid :'company', base_url :'url', rate_limit '0', daily_quota '0', settle_time '1s', max_retries '1',
           page_size '20', concurrency '2', use_remote_estimate 'true');
CREATE USER MAPPING FOR PUBLIC SERVER crm OPTIONS (token 't0ken', user_id 'u-0001');
CREATE USER MAPPING FOR PUBLIC SERVER crm_small OPTIONS (token 't0ken', user_id 'u-0001');

CREATE DOMAIN money2 AS numeric(12,2);
CREATE DOMAIN code AS varchar(24);

CREATE FOREIGN TABLE product (
  data_id bigint, form_id int, serial_no text, add_time timestamptz, update_time timestamptz, creator_id text,
  owner_id text[], name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'),
  cost int OPTIONS (attr 'num_2'), parent bigint OPTIONS (attr 'num_3'), raw jsonb OPTIONS (attr '*')
) SERVER crm OPTIONS (object 'product');
CREATE FOREIGN TABLE product_typed (
  data_id bigint, serial_no code, price money2 OPTIONS (attr 'num_1'), rough numeric(8,0) OPTIONS (attr 'num_1'),
  ratio float8 OPTIONS (attr 'num_1'), small real OPTIONS (attr 'num_2'), state char(4) OPTIONS (attr 'text_8'),
  update_time timestamptz(0), updated timestamp OPTIONS (attr 'updateTime'), day date OPTIONS (attr 'updateTime'),
  born date OPTIONS (attr 'date_5'), parts bigint[] OPTIONS (attr 'array_31'), pictures text[] OPTIONS (attr 'file_1'),
  lon numeric OPTIONS (attr 'address_1.location.lon'), city text OPTIONS (attr 'address_1.city'),
  lines jsonb OPTIONS (attr 'subForm_2')
) SERVER crm_small OPTIONS (object 'product');
CREATE FOREIGN TABLE product_lenient (
  data_id bigint, update_time timestamptz, shelf int OPTIONS (attr 'text_1'), qty smallint OPTIONS (attr 'num_1'),
  born date OPTIONS (attr 'text_8'), flag boolean OPTIONS (attr 'num_40'), failed jsonb OPTIONS (attr '#error')
) SERVER crm OPTIONS (object 'product', on_error 'set_null');
CREATE FOREIGN TABLE product_plain (
  data_id bigint, update_time timestamptz, name varchar(20) OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1')
) SERVER crm_small OPTIONS (object 'product', snapshot 'false');
CREATE FOREIGN TABLE customer (
  data_id bigint, serial_no text, add_time timestamptz, update_time timestamptz, name text OPTIONS (attr 'text_1'),
  num_1 numeric, num_2 int, owner_id text[], raw json OPTIONS (attr '*')
) SERVER crm OPTIONS (object 'customer', form_id '5300201');
CREATE FOREIGN TABLE opportunity (
  data_id bigint, add_time timestamptz, update_time timestamptz, title text OPTIONS (attr 'text_1'), amount numeric OPTIONS (attr 'num_1')
) SERVER crm_small OPTIONS (object 'opportunity', form_id '5300401', page_size '7');
CREATE FOREIGN TABLE contact (
  data_id bigint, add_time timestamptz, serial_no text, name text OPTIONS (attr 'text_1'), visits int OPTIONS (attr 'num_2')
) SERVER crm OPTIONS (object 'contact');
CREATE FOREIGN TABLE member (user_id text, name text, raw jsonb OPTIONS (attr '*')) SERVER crm OPTIONS (object 'user');
CREATE FOREIGN TABLE role (id bigint, raw jsonb OPTIONS (attr '*')) SERVER crm OPTIONS (object 'role');

-- partitions: two foreign, one local
CREATE TABLE deal (
  data_id bigint, add_time timestamptz, update_time timestamptz, title text, amount numeric
) PARTITION BY RANGE (data_id);
CREATE FOREIGN TABLE deal_contract (
  data_id bigint, add_time timestamptz, update_time timestamptz, title text OPTIONS (attr 'text_1'), amount numeric OPTIONS (attr 'num_1')
) SERVER crm OPTIONS (object 'contract', form_id '5300301');
CREATE FOREIGN TABLE deal_payment (
  data_id bigint, add_time timestamptz, update_time timestamptz, title text OPTIONS (attr 'text_1'), amount numeric OPTIONS (attr 'num_1')
) SERVER crm_small OPTIONS (object 'payment');
ALTER TABLE deal ATTACH PARTITION deal_contract FOR VALUES FROM (71200000) TO (72000000);
ALTER TABLE deal ATTACH PARTITION deal_payment FOR VALUES FROM (92200000) TO (93000000);
CREATE TABLE deal_old PARTITION OF deal FOR VALUES FROM (0) TO (1000);
INSERT INTO deal_old SELECT i, now(), now(), 'old ' || i, i / 3.0 FROM generate_series(1, 20) i;

CREATE VIEW product_brief AS
  SELECT data_id, serial_no, name, price, update_time FROM product WHERE price > 100;
CREATE VIEW customer_safe WITH (security_barrier) AS
  SELECT data_id, name, num_1, update_time FROM customer WHERE num_2 IS DISTINCT FROM 7;
CREATE VIEW customer_asked WITH (security_invoker) AS SELECT data_id, name, owner_id FROM customer;
CREATE VIEW product_parent AS
  SELECT p.data_id, p.serial_no, q.serial_no AS parent_no, q.price AS parent_price
  FROM product p LEFT JOIN product_typed q ON q.data_id = p.parent;
CREATE VIEW product_by_day AS
  SELECT update_time::date AS day, count(*) AS n, sum(price) AS total, max(serial_no) AS latest FROM product GROUP BY 1;
CREATE VIEW everybody AS
  SELECT data_id, name FROM customer UNION ALL SELECT data_id, name FROM contact UNION ALL SELECT data_id, title FROM opportunity;
CREATE MATERIALIZED VIEW customer_kept AS SELECT data_id, name, num_1, update_time FROM customer;

-- a local table to join with and to write to, whose values the lists know
CREATE TABLE note (id serial PRIMARY KEY, data_id bigint, code text, price numeric, at timestamptz, tags text[], ids bigint[]);
INSERT INTO note (data_id, code, price, at, tags, ids)
  SELECT data_id, serial_no, price, update_time, ARRAY[serial_no, 'none'], ARRAY[data_id, data_id + 1]
  FROM product ORDER BY data_id LIMIT 40;

-- functions that read: inlined, not inlined, the definer's rights
CREATE FUNCTION price_of(id bigint) RETURNS numeric LANGUAGE sql STABLE AS
$$ SELECT price FROM public.product WHERE data_id = id $$;
CREATE FUNCTION number_of(id bigint) RETURNS text LANGUAGE plpgsql STABLE AS
$$ BEGIN RETURN (SELECT serial_no FROM public.product WHERE data_id = id); END $$;
CREATE FUNCTION known(code text) RETURNS boolean LANGUAGE plpgsql STABLE SECURITY DEFINER AS
$$ BEGIN RETURN EXISTS (SELECT FROM public.product WHERE serial_no = code); END $$;
CREATE FUNCTION later_than(t timestamptz) RETURNS bigint LANGUAGE sql STABLE AS
$$ SELECT count(*) FROM public.customer WHERE update_time > t $$;

SELECT xbb.create_sync('product', source => 'product', target => 'product_copy', key => '{data_id}',
  columns => '{"serial_no": "serial_no", "name": "trim(name)", "price": "price"}');
SELECT xbb.create_sync('customer', source => 'customer', target => 'customer_copy', key => '{data_id}', delete_mode => 'mark',
  columns => '{"name": "name", "num_1": "num_1"}');
CALL xbb.sync('product');
CALL xbb.sync('customer');
-- statistics of some, none of the others
ANALYZE product, customer, note, product_copy;

CREATE ROLE xbb_smith LOGIN;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA xbb TO xbb_smith;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO xbb_smith;
GRANT INSERT, UPDATE, DELETE ON note TO xbb_smith;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO xbb_smith;
