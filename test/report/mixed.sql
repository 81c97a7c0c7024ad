-- The same company on a bad morning.
\ir well.sql
SELECT scene.sync('expense', 'paySheet', max_age => NULL);
SELECT scene.ran('customer', 0, 'failed', state => '28000');
SELECT scene.ran('customer', 0, 'failed', state => '28000', ends => '2 min');
SELECT scene.ran('contract', 2, 'failed', state => '08006', records => 0, changed => 0, a_day => 5, ends => '30 min');
SELECT scene.ran('contract', 0);
UPDATE xbb._sync_run_log l SET complete_until = l.complete_until - interval '3 h' FROM xbb._sync_definition d WHERE d.id = l.definition AND d.name = 'payment';
SELECT scene.rejected('contract', 12);
SELECT scene.rejected('product', 200, '23514', 'constraint');
SELECT scene.pushed('invoices', 0, 'incomplete', 20, 3);
SELECT scene.refused('invoices', 3);
INSERT INTO xbb._doctor_kept
SELECT s.oid, r.oid, 'product', now() - interval '3 h', v.*
FROM pg_foreign_server s, pg_roles r, (VALUES
  (0, 'summary', 'summary', 'fail', '31 checks, 14 requests: 1 fail, 1 warning', NULL, NULL, 14, 2.6),
  (1, 'local', 'encoding', 'ok', 'UTF8', 'UTF8', NULL, 0, 0),
  (2, 'local', 'account', 'warn', '81200 of 100000 requests of the day', NULL, 'TABLE xbb.quota_use;  -- who used them', 0, 0),
  (3, 'api', 'unknown_attribute', 'unknown', 'the list is too short to tell', NULL, NULL, 1, .2),
  (4, 'api', 'answer', 'fail', 'code 100005, "token, ' || scene.phone(1) || '"', 'code 1', 'Correct the user mapping.', 1, .2)) v
WHERE s.srvname = 'crm' AND r.rolname = current_user;
-- what alerts make of it
SELECT xbb.check_alerts();
SELECT xbb.silence('payment', now() + interval '2 h', 'known');
