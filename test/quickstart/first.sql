-- The main job: the list as a table, and a sync that keeps a copy of it.
\getenv corpid XBB_CORPID
\getenv token XBB_TOKEN
\getenv user_id XBB_USER_ID
\getenv base_url XBB_BASE_URL
\set ECHO queries
CREATE EXTENSION xbb_etl CASCADE;
CREATE SERVER crm FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'corpid');
\set ECHO none
\if :{?base_url}
ALTER SERVER crm OPTIONS (ADD base_url :'base_url');
\endif
\echo 'CREATE USER MAPPING FOR CURRENT_USER SERVER crm OPTIONS (token ''...'');'
CREATE USER MAPPING FOR CURRENT_USER SERVER crm OPTIONS (token :'token');
\if :{?user_id}
ALTER USER MAPPING FOR CURRENT_USER SERVER crm OPTIONS (ADD user_id :'user_id');
\endif
\set ECHO queries
\if :{?doctor}
SELECT check_name, status, found, fix FROM xbb.doctor('crm') WHERE no = 0 OR status IN ('warn', 'fail') ORDER BY no;
\endif
CREATE FOREIGN TABLE xbb_product (
  data_id     bigint,
  serial_no   text,
  update_time timestamptz,
  name        text    OPTIONS (attr 'text_1'),
  price       numeric OPTIONS (attr 'num_1')
) SERVER crm OPTIONS (object 'product');
\o /dev/null
SELECT xbb.create_sync('product', source => 'xbb_product');
\o
CALL xbb.sync('product');
