-- What an answer means: a no only where the answer has what the path asks about, and in
-- doubt a record is unknown. Nothing is sent here; no mapping is read.
CREATE SCHEMA target_verdict;
SET search_path = target_verdict;
\pset format unaligned
\pset tuples_only on
CREATE SERVER verdict FOREIGN DATA WRAPPER xbb_target OPTIONS (base_url 'https://erp.example', auth 'bearer');
CREATE FOREIGN TABLE each (id text) SERVER verdict OPTIONS (api '/x', batch_size '9', ok '$.code == 0', message '$.msg',
  records '$.data[*]', record_key 'id', record_ok '$.ok == true', record_id '$.doc', record_message '$.why', duplicate '$.code == 2',
  throttled '$.code == 9 || $status == 519', token_expired '$.code == 8', retry '$.code == 7');
CREATE FOREIGN TABLE whole (id text) SERVER verdict OPTIONS (api '/x', ok '$.code == 0', message '$.msg', record_id '$.id');
CREATE FOREIGN TABLE bare (id text) SERVER verdict OPTIONS (api '/x');
CREATE FOREIGN TABLE nothing (id text) SERVER verdict OPTIONS (api '/x', ok '$ == null');
CREATE FOREIGN TABLE indexed (id text) SERVER verdict OPTIONS (api '/x', batch_size '9', ok '$.code == 0', records '$.*[*] ? (exists(@.i))',
  record_index '$.i', record_ok '!exists($.why)', record_message '$.why');
CREATE FOREIGN TABLE uncounted (id text) SERVER verdict OPTIONS (api '/x', batch_size '9', ok '$.code == 0', records '$.data[*]', record_ok '$.ok == true');
CREATE FUNCTION judged(target regclass, status int, answer text, keys text[] DEFAULT '{NULL}') RETURNS text LANGUAGE sql AS
$$ SELECT string_agg(concat_ws(' ', key, j.status, id, '"' || message || '"'), ', ' ORDER BY position) FROM xbb.judge(target, status, answer, keys) j $$;

-- The request as a whole, by a path.
SELECT answer, judged('whole', 200, answer) FROM (VALUES
  ('{"code": 0, "id": 12345678901234567890}'), ('{"code": 5, "msg": "no"}'), ('{"code": "0"}'), ('{"Code": 0}'), ('{"code": null}'), ('[]'), ('null'),
  (''), ('<html>login</html>'), ('{"code": 0'), ('{"code": 5, "msg": '), ('ok'), ('{"code": 0, "id": "a\u0000\ud800b"}'), ('{"code": 1e400, "msg": "1e400"}'),
  ('{"code": 5, "msg": ["a", "b"]}')) v (answer);
-- The same by its status.
SELECT status, judged('whole', status, '{"code": 5, "msg": "no"}') AS refused, judged('whole', status, '<html>') AS html, judged('bare', status, 'anything')
FROM unnest('{200,201,204,301,303,307,308,400,401,403,404,408,409,413,422,425,429,500,502,503,504,519}'::int[]) status;
-- Without a path 2xx is enough, but for a page.
SELECT answer, judged('bare', 200, answer) FROM (VALUES (''), ('ok'), ('{"success": false}'), (' <!DOCTYPE html>')) v (answer);
-- null may be what a target says.
SELECT answer, judged('nothing', 200, answer) FROM (VALUES ('null'), ('{"code": "EXSV"}'), (''), ('nul')) v (answer);
-- Classes for all.
SELECT answer, judged('each', 200, answer, '{a,b}') FROM (VALUES
  ('{"code": 9, "msg": "slow"}'), ('{"code": 8, "msg": "old"}'), ('{"code": 7}'), ('{"code": 2}'), ('{"code": 5, "msg": "no"}')) v (answer);
SELECT judged('each', 519, '<html>', '{a}'), judged('each', 200, '<html>', '{a}');
-- Records by their key: one is not the other, and what is not mentioned is unknown.
SELECT answer, judged('each', 200, answer, keys) FROM (VALUES
  ('{"code": 0, "data": [{"id": "a", "ok": true, "doc": 7}, {"id": "b", "ok": false, "why": "bad"}]}', '{a,b}'::text[]),
  ('{"code": 0, "data": [{"id": "b", "ok": true}]}', '{a,b}'),
  ('{"code": 0, "data": [{"id": "b"}]}', '{b}'),
  ('{"code": 0, "data": [{"id": "b", "ok": "yes"}]}', '{b}'),
  ('{"code": 0, "data": []}', '{a}'),
  ('{"code": 0}', '{a}'),
  ('{"code": 5, "msg": "all", "data": []}', '{a,b}'),
  ('{"code": 5, "msg": "some", "data": [{"id": "a", "ok": true}, {"id": "b", "ok": false, "why": "w"}]}', '{a,b,c}'),
  ('{"data": [{"id": "a", "ok": true}]}', '{a}'),
  ('{"code": 0, "data": [{"id": 17, "ok": true}, {"id": 1.50, "ok": true}]}', '{17,1.50,1.5}'),
  ('{"code": 0, "data": [{"id": "b", "ok": false, "code": 2}, {"id": "c", "ok": false, "code": 7}]}', '{b,c}'),
  ('{"code": 9, "data": [{"id": "b", "ok": true}, {"id": "c", "ok": false}]}', '{b,c,d}'), ('{"code": 9, "data": [{"id": "b", "ok": false}]}', '{b}'),
  ('{"code": 0, "data": [{"id": "a", "ok": true}, {"id": "a", "ok": false, "why": "twice"}]}', '{a}'),
  ('{"code": 0, "data": [{"id": "a", "ok": false, "why": "x"}, {"id": "a", "ok": false, "why": "y"}]}', '{a}'),
  ('{"code": 0, "data": [{"id": "a", "ok": true}]}', '{a,a}'),
  ('{"code": 0, "data": [{"id": "a", "ok": true}, {"id": "a", "ok": true}]}', '{a,a}'),
  ('{"code": 0, "data": [{"id": "a", "ok": true}]}', '{NULL,a}')) v (answer, keys);
-- By their index.
SELECT answer, judged('indexed', 200, answer, '{NULL,NULL,NULL}') FROM (VALUES
  ('{"code": 0, "done": [{"i": 0}, {"i": 2}], "errors": [{"i": 1, "why": "no"}]}'),
  ('{"code": 1, "errors": [{"i": 1, "why": "no"}]}'), ('{"code": 0, "done": [{"i": 3}, {"i": -1}, {"i": "x"}, {"i": 1.5}]}')) v (answer);
-- By neither: as many as were sent, and all of them well.
SELECT answer, judged('uncounted', 200, answer, '{NULL,NULL}') FROM (VALUES
  ('{"code": 0, "data": [{"ok": true}, {"ok": true}]}'), ('{"code": 0, "data": [{"ok": true}, {"ok": false}]}'), ('{"code": 0, "data": [{"ok": true}]}')) v (answer);
SELECT judged('uncounted', 200, '{"code": 0, "data": [{"ok": false}]}');

-- Paths that make no sense.
ALTER FOREIGN TABLE bare OPTIONS (ADD ok '$.code == $codes');
SELECT judged('bare', 200, '{}');
ALTER FOREIGN TABLE bare OPTIONS (SET ok '$.a == "$x" && $.b == $status');
SELECT judged('bare', 200, '{"a": "$x", "b": 200}');
SELECT judged('bare', NULL, '{}');
-- What an answer says about times is no error of ours.
ALTER FOREIGN TABLE bare OPTIONS (SET ok '$.at.datetime() < "2026-01-01".datetime()');
SELECT judged('bare', 200, '{"at": "2025-01-01T00:00:00+08"}'), judged('bare', 200, '{"at": "soon"}');

-- Texts are cut, all together and each, not within a character; keys are not.
ALTER FOREIGN TABLE whole OPTIONS (SET message '$.data[*].why', SET record_id '$.data[0].why');
SELECT length(message), octet_length(message), length(id), right(message, 2) AS message_end
FROM (SELECT '{"code": ' || code || ', "data": [' || string_agg('{"why": "' || why || '"}', ',') || ']}' AS answer
      FROM (VALUES (5, 'x' || repeat('销', 50), 3000), (5, repeat('a', 5000), 1)) v (code, why, n), generate_series(1, n) GROUP BY code, why, n ORDER BY n DESC) a,
     xbb.judge('whole', 200, answer);
SELECT j.status, length(key) FROM xbb.judge('each', 200, '{"code": 0, "data": [{"id": "' || repeat('k', 3000) || 'b", "ok": true}]}',
  ARRAY[repeat('k', 3000) || 'a', repeat('k', 3000) || 'b']) j ORDER BY position;
-- Of many mentions, and many keys, some of them twice, each meets its own.
SELECT j.status, count(*), min(key::int), max(key::int)
FROM xbb.judge('each', 200, (SELECT '{"code": 0, "data": [' || string_agg('{"id": ' || n || ', "ok": ' || (n % 2 = 0) || '}', ',') || ']}' FROM generate_series(900, 20000) n),
  ARRAY(SELECT k::text FROM generate_series(1, 1000) k UNION ALL SELECT '999' ORDER BY 1)) j GROUP BY 1 ORDER BY 1;
-- What the server cannot hold as JSON is no error.
SELECT judged('nothing', 200, '{"code": 0, "x": [1' || repeat(',1', 17000000) || ']}');
-- Nor what a path finds of it more often than that: then it finds nothing.
CREATE FOREIGN TABLE multiplied (id text) SERVER verdict OPTIONS (batch_size '2', ok '$.code == 0', records '$.**', record_key 'id');
SELECT judged('multiplied', 200, '{"code": 0, "l": {"m": [{"id": "a", "x": {"id": "b"}}]}}', '{a,b}'),
  judged('multiplied', 200, '{"code": 0, "id": "a", "x": ' || repeat('[', 95) || '"' || repeat('x', 3000000) || '"' || repeat(']', 95) || '}', '{a,b}');
ALTER FOREIGN TABLE multiplied OPTIONS (SET records '$.x[0,0,0,0,0,0,0,0,0,0,0,0]');
SELECT judged('multiplied', 200, '{"code": 0, "x": ["' || repeat('x', 24000000) || '"]}', '{a,b}');

\o /dev/null
\set VERBOSITY terse
SET client_min_messages = error;
DROP SERVER verdict CASCADE;
DROP SCHEMA target_verdict CASCADE;
\o
