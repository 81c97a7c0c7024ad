-- A company's copies, and what an ERP gets of them; all is as it should be.
CREATE SERVER crm_hk FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'ding_demo_hk', base_url 'http://127.0.0.1:9', daily_quota '20000');
CREATE USER MAPPING FOR CURRENT_USER SERVER crm_hk OPTIONS (token 'none');
SELECT scene.sync('customer', 'customer');
SELECT scene.sync('contract', 'contract');
SELECT scene.sync('payment', 'payment');
CREATE TABLE etl.product (data_id bigint NOT NULL, company text NOT NULL, update_time timestamptz, name text, PRIMARY KEY (data_id, company));
SELECT scene.sync('product', 'product', 'etl.product', scope => '{"company": "cn"}');
SELECT scene.sync('product_hk', 'product', 'etl.product', server => 'crm_hk', scope => '{"company": "hk"}');
CREATE VIEW etl.material_to_send AS SELECT data_id::text AS id, name FROM etl.product;
CREATE VIEW etl.invoice_to_send AS SELECT p.data_id::text AS id, c.name FROM etl.payment p JOIN etl.contract c ON c.data_id = p.data_id;
SELECT scene.push('materials', 'etl.material_to_send', 'erp_material');
SELECT scene.push('invoices', 'etl.invoice_to_send', 'erp_invoice');
SELECT scene.ran(n, 29, records => 100 + r, changed => c) FROM (VALUES ('customer', 40, 12), ('contract', 12, 9), ('payment', 0, 5), ('product', 260, 3), ('product_hk', 31, 2)) v (n, r, c);
SELECT scene.pushed('materials', 29, records => 14);
SELECT scene.pushed('invoices', 29, records => 55);
