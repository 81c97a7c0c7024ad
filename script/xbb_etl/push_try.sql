-- A dry run: the source is read, and what would be sent first is shown, with secrets masked, in a block that is rolled
-- back.  Nothing is asked.
CREATE FUNCTION xbb._push_try(name pg_catalog.text) RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  def xbb.push_definition := xbb._push_get(name);
  items bigint;
  status pg_catalog.record;
  previews pg_catalog.text[];
  preview pg_catalog.text;
BEGIN
  PERFORM xbb._push_check(def);
  PERFORM xbb._push_check_feed(def);
  BEGIN
    items := xbb._push_read_all(def);
    SELECT s.* INTO status FROM xbb.push_status s WHERE s.owner = def.owner AND s.name = def.name;
    previews := xbb._push_preview(def.id, 3);
    RAISE EXCEPTION 'rolled back' USING ERRCODE = 'XB001';
  EXCEPTION WHEN SQLSTATE 'XB001' THEN
    NULL;
  END;
  RAISE INFO 'push %, dry run: % new, % to be sent, % acknowledged, % rejected, % unknown, % held', pg_catalog.quote_ident(def.name),
    items, status.pending, status.acknowledged, status.rejected, status.unknown, status.held;
  FOREACH preview IN ARRAY previews LOOP
    RAISE INFO '%', preview;
  END LOOP;
END
$$;
