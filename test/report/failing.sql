-- Nothing works.
\ir well.sql
SELECT scene.ran(d.name, 6, 'failed', state => s.state, records => 0, changed => 0, ends => '1 min')
FROM (SELECT name, row_number() OVER (ORDER BY id) AS n FROM xbb._sync_definition) d
JOIN (VALUES (1, '28000'), (2, '08001'), (3, '53400'), (4, '42P01'), (5, 'XX000')) s (n, state) ON s.n = d.n;
SELECT scene.rejected(name, 200) FROM xbb._sync_definition;
SELECT scene.pushed(name, 3, 'failed', 20, 20) FROM xbb._push_definition;
SELECT scene.refused(name, 40) FROM xbb._push_definition;
