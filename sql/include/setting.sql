-- A sync from its definition to a reconciliation, in a session of its own with the
-- setting :setting: the copy has each record, whole.
\c -
SET client_min_messages = warning;
SET :setting;
DO $$
BEGIN
  PERFORM xbb.create_sync('settings', '"dingSettings".source', '"dingSettings".copy', columns => jsonb_build_object(
    'name', 'name', 'price', 'price', 'whole', 'row_to_json(source.*)', 'day', 'date ''2026-02-01''',
    'cut', 'replace(name, ''1'', ''' || chr(92) || ''')'));
  CALL xbb.sync('settings');
  PERFORM xbb.alter_sync('settings', overlap => '2 hours');
  DELETE FROM "dingSettings".copy WHERE data_id % 2 = 0;
  CALL xbb.reconcile('settings', full => true);
  DELETE FROM "dingSettings".copy WHERE data_id % 2 = 0;
  CALL xbb.reconcile('settings');
END
$$;
SELECT problem FROM xbb.sync_status WHERE name = 'settings' AND problem IS NOT NULL;
RESET ALL;
SET DateStyle = 'ISO, MDY';
SELECT count(*) AS records,
       count(*) FILTER (WHERE c.name = s.name AND c.price = s.price AND c.whole ->> 'name' = s.name AND
                        (c.whole ->> 'price')::numeric = s.price AND c.day = date '2026-02-01' AND
                        c.cut = replace(s.name, '1', chr(92))) AS alike
FROM "dingSettings".source s FULL JOIN "dingSettings".copy c USING (data_id);
SELECT xbb.drop_sync('settings');
DROP TABLE "dingSettings".copy;
