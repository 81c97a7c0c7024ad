-- The sync of that name that is to be given away: the caller's, or one of a role that he has.
CREATE FUNCTION xbb._sync_get_to_give(name pg_catalog.text) RETURNS xbb.sync_definition
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.sync_definition := xbb._sync_find(name);
BEGIN
  IF def.owner <> xbb._sync_me() AND (SELECT pg_catalog.count(*) FROM xbb.sync_definition d WHERE d.name = $1) > 1 THEN
    RAISE EXCEPTION 'several roles have a sync %', pg_catalog.quote_ident($1)
      USING ERRCODE = 'ambiguous_parameter', HINT = 'SET ROLE to the one whose is meant.';
  END IF;
  RETURN def;
END
$$;

-- Gives a sync to another role, which has to read its expressions before it runs.
CREATE FUNCTION xbb._sync_hand_over(def xbb.sync_definition, heir pg_catalog.regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF def.owner = heir THEN
    RETURN;
  END IF;
  IF def.owner = xbb._sync_me() THEN
    PERFORM xbb._sync_take_idle(def);
  ELSIF xbb._sync_alive(def.id) THEN
    RAISE EXCEPTION 'sync % is running', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_in_use', HINT = 'Its owner ends it at its next window by alter_sync with enabled => false.';
  END IF;
  IF NOT xbb._sync_give(def.id, heir) THEN
    RAISE EXCEPTION 'role % has a sync % already', heir, pg_catalog.quote_ident(def.name) USING ERRCODE = 'duplicate_object';
  END IF;
  RAISE NOTICE 'sync % belongs to role % now, and waits for its word', pg_catalog.quote_ident(def.name), heir
    USING HINT = pg_catalog.format('SET ROLE %s; SELECT xbb.alter_sync(%L, columns => ''{}''); reads its expressions.', heir, def.name);
END
$$;

CREATE FUNCTION xbb.handover(old_owner pg_catalog.regrole, new_owner pg_catalog.regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.sync_definition;
BEGIN
  FOR def IN SELECT d.* FROM xbb.sync_definition d WHERE d.owner = old_owner ORDER BY d.id LOOP
    PERFORM xbb._sync_hand_over(def, new_owner);
  END LOOP;
  PERFORM xbb._push_hand_over_all(old_owner, new_owner);
END
$$;
COMMENT ON FUNCTION xbb.handover(regrole, regrole) IS
  'gives all syncs and pushes of one role to another, which has to read their expressions and queries before they run';
