-- Changes a push.  Key, target and feed stay: what was acknowledged was so by them.
CREATE FUNCTION xbb._push_alter(
  before xbb.push_definition, given xbb.push_definition, source pg_catalog.text, new_name pg_catalog.text, resend boolean, path pg_catalog.text)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp SET quote_all_identifiers = off AS $$
DECLARE
  def xbb.push_definition := before;
BEGIN
  IF pg_catalog.length(new_name) NOT BETWEEN 1 AND 200 THEN
    RAISE EXCEPTION 'the name of a push has 1 to 200 characters' USING ERRCODE = 'invalid_parameter_value';
  ELSIF EXISTS (SELECT FROM xbb.push_definition d WHERE d.owner = coalesce(given.owner, def.owner) AND d.name = coalesce(new_name, def.name)
                AND d.id <> def.id) THEN
    RAISE EXCEPTION 'push % exists already', pg_catalog.quote_ident(coalesce(new_name, def.name)) USING ERRCODE = 'duplicate_object';
  ELSIF def.owner <> xbb._sync_me() THEN
    PERFORM xbb._push_hand_over(def, given.owner);
    RETURN;
  END IF;
  IF pg_catalog.num_nonnulls(source, given.workers, given.owner) > 0 OR NOT resend THEN
    PERFORM xbb._push_take_idle(def);
  END IF;
  def.name := coalesce(new_name, def.name);
  def.enabled := coalesce(given.enabled, def.enabled);
  def.workers := coalesce(given.workers, def.workers);
  def.max_age := nullif(coalesce(given.max_age, def.max_age), '0');
  IF source IS NOT NULL THEN
    PERFORM xbb._push_trigger(def, false);
    def.path := path;
    def := xbb._push_source(def, source);
    def.confirmed := true;
    def.copies := def.feed = 'trigger';
  END IF;
  IF pg_catalog.num_nonnulls(source, given.workers) > 0 OR NOT resend THEN
    PERFORM xbb._push_check(def);
  END IF;
  PERFORM xbb._push_update(def);
  IF source IS NOT NULL THEN
    IF def.query IS NULL THEN
      PERFORM xbb._push_function_keep(def.id, '{}');
    ELSE
      PERFORM xbb._push_bind(def);
    END IF;
    def := xbb._push_check_columns(def);
    PERFORM xbb._push_trigger(def, true);
  END IF;
  IF source IS NOT NULL OR NOT resend THEN
    PERFORM xbb._push_resend(def, coalesce(resend, true));
  END IF;
  IF given.owner <> def.owner THEN
    PERFORM xbb._push_hand_over(def, given.owner);
  END IF;
END
$$;

-- Gives a push to another role, which has to name its source where that is a query: nobody makes anybody run anything.
CREATE FUNCTION xbb._push_hand_over(def xbb.push_definition, heir pg_catalog.regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF def.owner = heir THEN
    RETURN;
  ELSIF def.owner = xbb._sync_me() THEN
    PERFORM xbb._push_take_idle(def);
  ELSIF (SELECT s.running_workers FROM xbb.push_status s WHERE s.owner = def.owner AND s.name = def.name) > 0 THEN
    RAISE EXCEPTION 'push % is running', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'object_in_use', HINT = 'Its owner ends it at its next step by alter_push with enabled => false.';
  END IF;
  IF NOT xbb._push_give(def.id, heir) THEN
    RAISE EXCEPTION 'role % has a push % already', heir, pg_catalog.quote_ident(def.name) USING ERRCODE = 'duplicate_object';
  END IF;
  RAISE NOTICE 'push % belongs to role % now', pg_catalog.quote_ident(def.name), heir USING HINT =
    CASE WHEN def.query IS NOT NULL THEN pg_catalog.format('SET ROLE %s; SELECT xbb.alter_push(%L, source => ...); names its query anew.', heir, def.name)
      ELSE pg_catalog.format('It runs if source and target are %s''s, too.', heir) END;
END
$$;

-- All pushes of one role, by one who has both.
CREATE FUNCTION xbb._push_hand_over_all(old_owner pg_catalog.regrole, new_owner pg_catalog.regrole) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.push_definition;
BEGIN
  FOR def IN SELECT d.* FROM xbb.push_definition d WHERE d.owner = old_owner ORDER BY d.id LOOP
    PERFORM xbb._push_hand_over(def, new_owner);
  END LOOP;
END
$$;

-- The push of that name that is to be given away: the caller's, or one of a role that he has.
CREATE FUNCTION xbb._push_get_to_give(name pg_catalog.text) RETURNS xbb.push_definition
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.push_definition := xbb._push_find(name);
BEGIN
  IF def.owner <> xbb._sync_me() AND (SELECT pg_catalog.count(*) FROM xbb.push_definition d WHERE d.name = $1) > 1 THEN
    RAISE EXCEPTION 'several roles have a push %', pg_catalog.quote_ident($1)
      USING ERRCODE = 'ambiguous_parameter', HINT = 'SET ROLE to the one whose is meant.';
  END IF;
  RETURN def;
END
$$;

CREATE FUNCTION xbb.alter_push(
  name pg_catalog.text, source pg_catalog.text DEFAULT NULL, enabled boolean DEFAULT NULL, workers integer DEFAULT NULL,
  max_age interval DEFAULT NULL, new_name pg_catalog.text DEFAULT NULL, owner pg_catalog.regrole DEFAULT NULL,
  resend boolean DEFAULT true)
RETURNS void LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  -- of a push that is not one's own, the owner is all that can be said
  SELECT xbb._push_alter(CASE WHEN owner IS NULL OR pg_catalog.num_nonnulls(source, enabled, workers, max_age, new_name) > 0 OR NOT resend
                              THEN xbb._push_get(name) ELSE xbb._push_get_to_give(name) END,
    ROW(NULL, owner, NULL, NULL, NULL, NULL, NULL, workers, max_age, NULL, enabled, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::xbb.push_definition,
    source, new_name, resend, pg_catalog.current_setting('search_path'));
END;
COMMENT ON FUNCTION xbb.alter_push(text, text, boolean, integer, interval, text, regrole, boolean) IS
  'changes a push''s definition; what is not named stays, and so do key, target and feed';

CREATE FUNCTION xbb.drop_push(name pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.push_definition := xbb._push_find(name);
BEGIN
  IF def.owner <> 0::pg_catalog.oid THEN
    def := xbb._push_get(name);
    PERFORM xbb._push_take_idle(def);
    PERFORM xbb._push_trigger(def, false);
    PERFORM xbb._push_function_keep(def.id, '{}');
  END IF;
  IF NOT xbb._push_forget(def.id) THEN
    RAISE EXCEPTION 'push % belongs to a role that does not exist', pg_catalog.quote_ident(def.name)
      USING ERRCODE = 'insufficient_privilege', HINT = 'A superuser may drop it.';
  END IF;
END
$$;
COMMENT ON FUNCTION xbb.drop_push(text) IS 'forgets a push with its items and its log: what is on its way may arrive all the same';

-- Is there anything to send?
CREATE FUNCTION xbb._push_check_record(id bigint) RETURNS void
LANGUAGE plpgsql STABLE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM xbb.push_item i WHERE i.id = $1 AND i.record IS NULL AND i.status <> 'acknowledged') THEN
    RAISE EXCEPTION 'item % has no record', id USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'Its row cannot be sent as it is, as its message says: once it can, the next run sends it.';
  END IF;
END
$$;

CREATE FUNCTION xbb.push_retry(id bigint) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  item pg_catalog.record;
BEGIN
  PERFORM xbb._push_check_record($1);
  SELECT i.status, i.request, d.target INTO item FROM xbb.push_item i JOIN xbb.push_definition d ON d.owner = i.owner AND d.name = i.push WHERE i.id = $1;
  IF (item.status = 'unknown' OR item.status = 'held' AND item.request IS NOT NULL) AND xbb._push_repeat(item.target) = 'never' THEN
    RAISE EXCEPTION 'item % may have arrived, and its target would take it twice', id USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = pg_catalog.format('Look there. SELECT xbb.push_resolve(%1$s, ''acknowledged'', ''...''); if it is there, with ''pending'' if it is not.', id);
  ELSIF NOT xbb._push_again(id) THEN
    RAISE EXCEPTION 'item % is %', id, coalesce(item.status || ', or bound to others in doubt', 'on its way') USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'TABLE xbb.push_item shows what it waits for.';
  END IF;
END
$$;
COMMENT ON FUNCTION xbb.push_retry(bigint) IS 'has an item that was refused, held or put off sent again by the next run, or one in doubt repeated';

CREATE FUNCTION xbb.push_resolve(id bigint, state pg_catalog.text, note pg_catalog.text, target_id pg_catalog.text DEFAULT NULL) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF state IS NULL OR state <> ALL (array['acknowledged', 'rejected', 'pending', 'held']) THEN
    RAISE EXCEPTION 'state must be acknowledged, rejected, pending or held' USING ERRCODE = 'invalid_parameter_value';
  ELSIF coalesce(note, '') = '' THEN
    RAISE EXCEPTION 'a note must say how that is known' USING ERRCODE = 'invalid_parameter_value';
  ELSIF state <> 'acknowledged' AND target_id IS NOT NULL THEN
    RAISE EXCEPTION 'only what the target has can have a target_id' USING ERRCODE = 'invalid_parameter_value';
  END IF;
  PERFORM xbb._push_check_record($1) WHERE state = 'pending';
  IF target_id IS NULL AND EXISTS (SELECT FROM xbb.push_item i WHERE i.id = $1 AND i.status = 'acknowledged')
     OR NOT xbb._push_settle(id, state, pg_catalog."left"(note, 2000)) THEN
    RAISE EXCEPTION 'item % is on its way, or acknowledged', id USING ERRCODE = 'object_not_in_prerequisite_state',
      HINT = 'What is on its way has an answer soon, or is unknown when its run has ended. What is acknowledged can be given its target_id.';
  END IF;
  PERFORM xbb._push_identify(id, pg_catalog."left"(target_id, 2000));
END
$$;
COMMENT ON FUNCTION xbb.push_resolve(bigint, text, text, text) IS
  'says what became of an item, by one who has looked: acknowledged, rejected, pending (it is not there: send it) or held';
