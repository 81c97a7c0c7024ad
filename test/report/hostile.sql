-- Names that want out.
SELECT scene.sync(name, object) FROM (VALUES
  ('<script>alert(1)</script>', 'customer'), ('"><img src=x onerror=alert(1)>', 'contract'), (']]></title></svg><script>x</script>', 'payment'),
  ('it''s "quoted" & <b>bold</b>', 'product'), (E'back\\slash %s %1$s \\1 \\&', 'refund'), ('مزامنة العملاء اليومية', 'contact'),
  (U&'\202Ereversed\202C \2066iso', 'product'), (repeat('很长的名字', 40), 'customer'), (repeat('Wide', 50), 'contract'),
  (E'line\nbreak\ttab', 'refund'), ('--comment /* */ $$', 'payment'), ('javascript:alert(1)', 'customer'), ('&lt;already&gt;', 'contract')) v (name, object);
SELECT scene.ran(name, 3) FROM xbb._sync_definition;
SELECT scene.ran(name, 0, 'failed', state => '<b>x"') FROM xbb._sync_definition WHERE id % 2 = 0;
SELECT scene.rejected(name, 2, kind => 'value') FROM xbb._sync_definition;
CREATE VIEW etl."<v>" AS SELECT data_id::text AS id, name FROM etl."<script>alert(1)</sc";
SELECT scene.push('</text></svg><svg onload=alert(1)>', 'etl."<v>"', '<target "x''>');
SELECT scene.pushed('</text></svg><svg onload=alert(1)>', 2);
