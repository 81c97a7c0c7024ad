-- What there is after the sync.
\set ECHO queries
SELECT * FROM product ORDER BY update_time DESC, data_id LIMIT 5;
SELECT id, status, requests, rows_read, inserted, updated, rejected FROM xbb.sync_run ORDER BY id;
SELECT name, state, complete_until, failures_in_a_row, rejects_open FROM xbb.sync_status;
