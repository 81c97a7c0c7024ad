/* xbb_fdw--1.0.sql, put together from the parts in script/xbb_fdw */

-- complain if the script is sourced in psql rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION xbb_fdw" to load this file. \quit
