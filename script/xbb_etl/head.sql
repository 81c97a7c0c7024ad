/* xbb_etl--1.0.sql, put together from the parts in script/xbb_etl */

-- complain if the script is sourced in psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION xbb_etl" to load this file. \quit

-- Sync: copies of foreign tables, kept up to date.
--
-- Everything runs with the rights of its caller, and under a search path that
-- nobody else can put anything in: each function sets it.  A procedure that
-- commits can have no SET clause; it calls _sync_path() first thing, and anew
-- after each COMMIT.  What a SQL function has in BEGIN ATOMIC is bound already.
-- test/check_script tells what is not so.
