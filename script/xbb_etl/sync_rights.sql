-- Who may read the tables and views; whatever default privileges gave to others is theirs
-- no more, nor any right to write.
DO $$
DECLARE
  item pg_catalog.record;
BEGIN
  FOR item IN
    SELECT DISTINCT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind, n.nspname, c.relname,
           CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE pg_catalog.quote_ident(r.rolname) END AS grantee
    FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
                               AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
    JOIN pg_catalog.pg_class c ON c.oid = d.objid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
    LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
    WHERE e.extname = 'xbb_etl' AND a.grantee <> c.relowner
  LOOP
    EXECUTE pg_catalog.format('REVOKE ALL ON %s %I.%I FROM %s', item.kind, item.nspname, item.relname, item.grantee);
  END LOOP;
END
$$;
GRANT SELECT, INSERT ON xbb._sync_definition, xbb._sync_reject TO pg_database_owner;
GRANT SELECT ON xbb._sync_all, xbb._place TO pg_database_owner;
GRANT SELECT ON xbb.sync_definition, xbb.sync_reject, xbb.sync_run, xbb.sync_status TO PUBLIC;
GRANT SELECT, INSERT ON xbb._push_definition, xbb._push_request, xbb._push_item, xbb._push_mark TO pg_database_owner;
GRANT SELECT ON xbb._push_all TO pg_database_owner;
GRANT SELECT ON xbb.push_definition, xbb.push_item, xbb.push_run, xbb.push_status TO PUBLIC;
GRANT SELECT ON xbb.task_status, xbb.sync_reconciliation, xbb.sync_late, xbb._sync_watched TO PUBLIC;
GRANT SELECT ON xbb._report_subject, xbb._report_day TO PUBLIC;
GRANT SELECT ON xbb.metrics_sync, xbb.metrics_push, xbb.metrics_api, xbb.metrics_account, xbb.metrics_alert TO PUBLIC;
