-- The shared way to a search path until the end of the transaction, or of the function
-- with a SET clause that calls it: the one that nobody else can put anything in, or
-- one's own words' again.
CREATE FUNCTION xbb._sync_path(path pg_catalog.text DEFAULT 'pg_catalog, pg_temp') RETURNS pg_catalog.text
LANGUAGE sql VOLATILE PARALLEL UNSAFE BEGIN ATOMIC
  SELECT pg_catalog.set_config('search_path', path, true);
END;

-- The numbers that the sync keeps to.
--   window_records    what one reading may hold: src/base/limits.h tells why
--   counted_records   a target's window with more is divided: counts that large may hide what cancels out
--   little_records    a page's worth is loaded at once, whatever times it spans
--   compared_records  windows that differ and have no more are compared id by id
--   least_window      the API's times are whole seconds
--   piece_records     are written at once
--   examples          of each kind, in a dry run, with so many characters of a value, and so many columns
--   deleted_part      a reconciliation takes out one row of so many, or
--   deleted_rows      so many, if that is more, unless its delete_limit says otherwise
--   share_records     of so many records not more than half may be set aside
--   kept_bytes        what is kept of what a run set aside that ends for it
--   suspects          first records that fail alike before the statement is to blame
--   searched_rejects  of a piece, for the column at which they fail
--   shown_ids         of rows that a reconciliation would take out
--   retried_records   at a run's end, of those that may load by now
--   most_rejects      the reject_limit that is none
--   clock_noise       what the API's servers' clocks are apart, and what reading them takes
--   clock_drift       what its clock and this server's may drift apart from run to run
--   most_tries        a step that met with others in the target is done again so often
--   most_setback      what is read again where it may be this server's clock that has moved
--   patience          so long a reconciliation, for one, waits for the end of a run of its sync
CREATE FUNCTION xbb._sync_limits(
  OUT window_records bigint, OUT counted_records bigint, OUT little_records bigint, OUT compared_records bigint,
  OUT least_window interval, OUT piece_records bigint, OUT examples integer, OUT example_characters integer,
  OUT example_columns integer, OUT deleted_part bigint, OUT deleted_rows bigint, OUT share_records bigint, OUT kept_bytes bigint,
  OUT most_rejects integer, OUT clock_noise interval, OUT clock_drift interval, OUT most_setback interval, OUT most_tries integer,
  OUT suspects bigint, OUT retried_records bigint, OUT searched_rejects bigint, OUT patience interval, OUT shown_ids integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
  SELECT xbb._window_records(), 4000, 100, 500, interval '1 second', 10000, 5, 40, 6, 10, 50, 100, 104857600, 2147483647,
         interval '2 seconds', interval '1 minute', interval '1 day', 3, 10, 1000, 100, interval '1 minute', 20;
END;
