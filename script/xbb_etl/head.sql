/* xbb_etl--1.0.sql, put together from the parts in script/xbb_etl */

-- complain if the script is sourced in psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION xbb_etl" to load this file. \quit

-- Sync: copies of foreign tables, kept up to date.
--
-- Everything runs with the rights of its caller.  A procedure that commits can
-- have no SET clause, so each sets the search path by itself, and anew after
-- each COMMIT; the functions it calls inherit that.
