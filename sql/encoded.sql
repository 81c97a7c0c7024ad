-- A body is read however it is framed and compressed: a byte order mark is skipped, a
-- gzip may have several members; what is damaged or cut short is never taken for whole,
-- and what is decoded stays within max_response_size.

\set company dingEncoded
\set ECHO none
\getenv srcdir PG_ABS_SRCDIR
\set include :srcdir '/sql/include/sim.sql'
\i :include
\set ECHO all
SELECT sim('create products=100 freeze=on');
CREATE SERVER encoded FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid :'company', base_url :'url', rate_limit '0', max_retries '0');
CREATE USER MAPPING FOR CURRENT_ROLE SERVER encoded OPTIONS (token 't0ken');
CREATE FOREIGN TABLE source (data_id bigint, update_time timestamptz, raw text OPTIONS (attr '*')) SERVER encoded OPTIONS (object 'product');
CREATE TABLE copy AS SELECT * FROM source;
-- 'the same', or what was said
CREATE FUNCTION read() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  RETURN CASE (SELECT count(*) FROM ((TABLE source EXCEPT TABLE copy) UNION ALL (TABLE copy EXCEPT TABLE source)) d)
    WHEN 0 THEN 'the same' ELSE 'other rows' END;
EXCEPTION WHEN OTHERS THEN
  -- zlib words what it met
  RETURN SQLSTATE || ': ' || regexp_replace(SQLERRM, 'lost: (incorrect|invalid) .*', 'lost: ...');
END $$;
CREATE FUNCTION fault(fault text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM sim('fault what=' || fault || ' times=1000');
  RETURN read();
END $$;
CREATE FUNCTION each(faults text[]) RETURNS TABLE (fault text, result text) LANGUAGE plpgsql AS $$
BEGIN
  FOREACH fault IN ARRAY faults LOOP
    result := fault(fault);
    PERFORM sim('clear what=faults');
    RETURN NEXT;
  END LOOP;
END $$;
\pset format unaligned

SELECT sim('set log_headers=accept-encoding');
SELECT sim('clear');
SELECT read();
SELECT sim('log fields=headers');
SELECT * FROM each(ARRAY['bom', 'gzip-members n=1', 'gzip-members', 'gzip-members n=2 coding=x-gzip', 'gzip-members n=500', 'gzip-members n=100000', 'chunked bytes=7']);
-- several at a time: each member may begin and end anywhere in what comes at once
SELECT sim('set chunked=on');
SELECT * FROM each(ARRAY['gzip-members n=50']);
SELECT sim('set chunked=off');
SELECT sim('fault what=gzip-members n=100 times=1000');
SELECT * FROM each(ARRAY['drip bytes=997 ms=1']);
SELECT sim('clear what=all');

-- damaged
SELECT * FROM each(ARRAY['bad-gzip', 'bad-gzip how=header', 'bad-gzip how=crc', 'bad-gzip how=cut', 'gzip-members coding=deflate', 'gzip-members coding=br',
  'gzip-members coding=gzip,gzip', 'gzip-members coding=identity']);
-- only at the beginning is it a mark
SELECT sim('fault what=replace body=\xef\xbb\xbf times=1000');
SELECT read();
SELECT sim('clear what=faults');
SELECT sim('fault what=replace body=\xef\xbb\xbf\xef\xbb\xbf{"code":1,"result":{"totalCount":0,"list":[]}} times=1000');
SELECT read();
SELECT sim('clear what=faults');
SELECT read();

-- too large, whatever it took on the way
ALTER SERVER encoded OPTIONS (ADD max_response_size '1MB');
SELECT * FROM each(ARRAY['gzip-bomb mb=1', 'gzip-bomb mb=4096', 'endless fill=blanks', 'gzip-members']);

SET client_min_messages = warning;
SELECT sim('remove');
DROP SERVER encoded CASCADE;
DROP SCHEMA "dingEncoded" CASCADE;
