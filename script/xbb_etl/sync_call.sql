-- What a user calls: a run of one kind or another, of one sync or of all of his.

-- The caller's syncs that may run, in the order in which they were made; those of another
-- place, and those that wait for his word, which end in errors, last.
CREATE FUNCTION xbb._sync_enabled() RETURNS pg_catalog.text[]
LANGUAGE sql STABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $$
  SELECT coalesce(pg_catalog.array_agg(d.name ORDER BY d.active DESC, d.confirmed DESC, d.id), '{}') FROM xbb.sync_definition d
  WHERE d.enabled AND d.owner = xbb._sync_me()
    -- of two of one name, a call means the one that has his word
    AND (d.confirmed OR NOT EXISTS (SELECT FROM xbb.sync_definition o WHERE o.owner = d.owner AND o.name = d.name AND o.confirmed))
$$;

CREATE PROCEDURE xbb.sync(
  name pg_catalog.text, full boolean DEFAULT false, dry_run boolean DEFAULT false, verbose boolean DEFAULT false)
LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  IF dry_run THEN
    PERFORM xbb._sync_try(name, sync.full, pg_catalog.current_setting('search_path'));
    RETURN;
  END IF;
  CALL xbb._sync_execute(name, CASE WHEN sync.full THEN 'sync full' ELSE 'sync' END, true, sync.verbose, failed);
END
$$;
COMMENT ON PROCEDURE xbb.sync(text, boolean, boolean, boolean) IS
  'reads what has changed or, full, everything, and brings what differs into the target, or tells what that would be; verbose: a line a window, and every few seconds';

CREATE PROCEDURE xbb.sync_all(verbose boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
  path pg_catalog.text := pg_catalog.current_setting('search_path');
  name pg_catalog.text;
  failed boolean;
  failures pg_catalog.text;
  names pg_catalog.text[];
BEGIN
  PERFORM xbb._sync_path();
  names := xbb._sync_enabled();
  IF names = '{}' THEN
    RAISE NOTICE 'role % has no sync that is enabled', pg_catalog.quote_ident(current_user)
      USING HINT = 'TABLE xbb.sync_status; shows the syncs that you may see, and whose they are: SET ROLE before the CALL.';
  END IF;
  FOREACH name IN ARRAY names LOOP
    PERFORM xbb._sync_path(path);
    CALL xbb._sync_execute(name, 'sync', false, sync_all.verbose, failed);
    IF failed THEN
      failures := pg_catalog.concat_ws(', ', failures, pg_catalog.quote_ident(name));
    END IF;
  END LOOP;
  CALL xbb._alert_look(xbb._can_commit());
  PERFORM xbb._sync_path(path);
  IF failures IS NOT NULL THEN
    RAISE EXCEPTION 'these syncs failed: %', failures USING ERRCODE = 'fdw_error', HINT = 'TABLE xbb.sync_run shows their runs.';
  END IF;
END
$$;
COMMENT ON PROCEDURE xbb.sync_all(boolean) IS
  'runs every enabled sync of the role that calls it, one after another, whatever becomes of the others';

CREATE PROCEDURE xbb.retry_rejects(name pg_catalog.text, verbose boolean DEFAULT false) LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  CALL xbb._sync_execute(name, 'retry_rejects', true, retry_rejects.verbose, failed);
END
$$;
COMMENT ON PROCEDURE xbb.retry_rejects(text, boolean) IS 'loads what was set aside, without a request';

-- Can the caller's sync of that name be reconciled?  Where it never can, the call is refused and
-- no run, which would have failed for ever.  A source that is gone, or a copy, is another matter.
CREATE FUNCTION xbb._sync_check_reconciled(name pg_catalog.text) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  source pg_catalog.regclass;
BEGIN
  SELECT d.source INTO source FROM xbb.sync_definition d JOIN pg_catalog.pg_class c ON c.oid = d.source
  WHERE d.name = $1 AND d.owner = xbb._sync_me() AND d.active ORDER BY NOT d.confirmed, d.id LIMIT 1;
  IF NOT xbb._sync_is_reconciled(source) THEN
    RAISE EXCEPTION 'the source of sync % is no foreign table of xbb_fdw', pg_catalog.quote_ident($1)
      USING ERRCODE = 'wrong_object_type', DETAIL = 'Nobody counts its records, so it cannot be seen which are gone.',
            HINT = pg_catalog.format('CALL xbb.sync(%L, full => true); reads what was missed.', $1);
  END IF;
END
$$;

CREATE PROCEDURE xbb.reconcile(name pg_catalog.text, full boolean DEFAULT false, verbose boolean DEFAULT false)
LANGUAGE plpgsql AS $$
DECLARE
  failed boolean;
BEGIN
  PERFORM xbb._sync_check_reconciled(name);
  CALL xbb._sync_execute(name, CASE WHEN reconcile.full THEN 'reconcile full' ELSE 'reconcile' END, true, reconcile.verbose, failed);
END
$$;
COMMENT ON PROCEDURE xbb.reconcile(text, boolean, boolean) IS
  'finds what was deleted and what was missed, by counts of time windows or, full, by every id';
