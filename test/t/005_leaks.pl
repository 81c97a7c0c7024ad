# Nothing leaks: after thousands of scans and of failures of every kind in one
# backend, its anonymous memory and its descriptors are where they were.  The
# next statement_timeout works, and so does another user of libcurl.
#
# XBB_LONG=1 makes it 10,000 scans and 10,000 failures.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $rounds = long_run(2000, 10000);
my $kept = 4;    # connections that a session keeps open: as many as were ever in flight
my $corpid = "dingLeaks-$$";
my $node = start_node('leaks', 'jit = off');
my $session = Xbb::Session->new($node);

plan skip_all => 'needs /proc' unless -r "/proc/$session->{pid}/status";

sim($corpid, 'create', token => 't0ken', products => 30, width => 4);
$session->value(qq{
	CREATE SERVER leaks FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', page_size '10', concurrency '$kept', max_retries '0', request_timeout '60s', settle_time '0');
	CREATE USER MAPPING FOR PUBLIC SERVER leaks OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE product (data_id bigint, name text OPTIONS (attr 'text_1'), raw jsonb OPTIONS (attr '*'))
		SERVER leaks OPTIONS (object 'product');
	CREATE FOREIGN TABLE plain (data_id bigint, name text OPTIONS (attr 'text_1'))
		SERVER leaks OPTIONS (object 'product', snapshot 'false');
	CREATE FOREIGN TABLE misread (data_id bigint, wrong date OPTIONS (attr 'text_1'))
		SERVER leaks OPTIONS (object 'product', snapshot 'false');
	CREATE SERVER nowhere FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'x', base_url 'http://127.0.0.1:1', max_retries '0', rate_limit '0');
	CREATE USER MAPPING FOR PUBLIC SERVER nowhere OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE unreachable (data_id bigint) SERVER nowhere OPTIONS (object 'product');

	-- carries out a statement n times, each in a subtransaction
	CREATE PROCEDURE repeat(n int, statement text, expected text DEFAULT '00000') LANGUAGE plpgsql AS \$\$
	DECLARE
		state text;
	BEGIN
		FOR i IN 1 .. n LOOP
			BEGIN
				state := '00000';
				EXECUTE statement;
			EXCEPTION WHEN OTHERS THEN
				GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
			END;
			IF state <> expected THEN
				RAISE '% ended with %', statement, state;
			END IF;
			COMMIT;
		END LOOP;
	END \$\$;
	CREATE FUNCTION early() RETURNS void LANGUAGE plpgsql AS \$\$
	DECLARE
		some CURSOR FOR SELECT data_id FROM plain;
		id bigint;
	BEGIN
		OPEN some;
		FETCH some INTO id;
		CLOSE some;
	END \$\$;
	CREATE FUNCTION abandoned() RETURNS void LANGUAGE plpgsql AS \$\$
	DECLARE
		some CURSOR FOR SELECT data_id FROM plain;
		id bigint;
	BEGIN
		OPEN some;
		FETCH some INTO id;
		RAISE division_by_zero;
	END \$\$;
	SELECT 1});

# Private memory in kB, and the number of descriptors.
sub usage
{
	my $pid = $session->{pid};
	my ($anonymous) = slurp_file("/proc/$pid/status") =~ /^RssAnon:\s+(\d+)/m;
	my @descriptors = glob "/proc/$pid/fd/*";

	return ($anonymous, scalar @descriptors);
}

# Runs something often enough to be warm, then very often.
sub flat
{
	my ($name, $n, $statement, $expected) = @_;
	my $call = "CALL repeat(%d, \$_\$$statement\$_\$, '" . ($expected // '00000') . "')";
	my $result = $session->run(sprintf($call, int($n / 10) + 20));
	my ($memory, $descriptors) = usage();
	my ($memory_then, $descriptors_then);

	is($result->{error}, '', "$name: warm");
	sim($corpid, 'clear');
	$result = $session->run(sprintf($call, $n), 1000);
	is($result->{error}, '', "$name: $n times");
	cmp_ok(sim($corpid, 'count'), '>=', $n, "$name: each asked") unless $statement =~ /unreachable/;
	($memory_then, $descriptors_then) = usage();
	cmp_ok($memory_then - $memory, '<=', 2048, "$name: anonymous memory grows by " . ($memory_then - $memory) . ' kB');
	cmp_ok($descriptors_then, '<=', $descriptors + $kept, "$name: descriptors stay around $descriptors");
	return;
}

flat('scans', $rounds, 'SELECT sum(data_id) FROM plain');
flat('certified scans', $rounds / 10, 'SELECT sum(data_id), max(raw::text) FROM product');
flat('failures', $rounds, 'SELECT data_id / 0 FROM plain', '22012');
flat('errors in the middle of a page', $rounds / 10, q{SELECT 1 / (data_id - 51200015) FROM plain}, '22012');
flat('values that do not fit', $rounds / 10, 'SELECT wrong FROM misread', '22007');
flat('early-closed cursors', $rounds / 10, 'SELECT early()');
flat('cursors left by an error', $rounds / 10, 'SELECT abandoned()', '22012');
flat('refused connections', $rounds / 10, 'SELECT count(*) FROM unreachable', '08001');
flat('sessions that end', $rounds / 10, 'SELECT count(*) FROM plain; ALTER SERVER leaks OPTIONS (SET concurrency \'4\')');

for my $fault ([ [ what => 'truncated' ], 'HV000' ], [ [ what => 'close' ], '08006' ], [ [ what => 'half' ], '08006' ],
	[ [ what => 'status', code => 404 ], 'HV00R' ], [ [ what => 'bad-gzip' ], '08006' ], [ [ what => 'code' ], 'HV000' ])
{
	my ($arguments, $sqlstate) = @$fault;

	sim($corpid, 'fault', @$arguments, at => 'every');
	flat("fault @$arguments", $rounds / 10, 'SELECT sum(data_id) FROM plain', $sqlstate);
	sim($corpid, 'clear', what => 'all');
}

# cancelled in the middle of an answer
sim($corpid, 'fault', what => 'hang-body', at => 'every');
my $canceler = Xbb::Session->new($node);
my ($memory, $descriptors);
for my $i (1 .. 60)
{
	my $result;

	sim($corpid, 'clear');
	$session->send('SELECT sum(data_id) FROM plain');
	wait_until(sub { sim($corpid, 'count') > 0 }) or die 'nothing was asked';
	$canceler->run("SELECT pg_cancel_backend($session->{pid})");
	$result = $session->result;
	BAIL_OUT("not canceled: $result->{error}") if $result->{sqlstate} ne '57014';
	($memory, $descriptors) = usage() if $i == 10;
}
my ($memory_then, $descriptors_then) = usage();
cmp_ok($memory_then - $memory, '<=', 2048, 'cancels in the middle of an answer: memory');
cmp_ok($descriptors_then, '<=', $descriptors + $kept, 'cancels in the middle of an answer: descriptors');
sim($corpid, 'clear', what => 'all');

# SIGALRM is still the server's
$canceler->quit;
is($session->value('SELECT count(*) || \' \' || count(DISTINCT data_id) FROM product'), '30 30', 'a scan');
is($session->run("SET statement_timeout = '100ms'; SELECT pg_sleep(30)")->{sqlstate}, '57014', 'statement_timeout works after it');
$session->run('RESET statement_timeout');

# another extension with libcurl in the same backend: as plain as can be
my $dir = PostgreSQL::Test::Utils::tempdir();
my ($include) = run_command([ $ENV{PG_CONFIG} // 'pg_config', '--includedir-server' ]);
append_to_file("$dir/other.c", <<'END');
#include "postgres.h"

#include <curl/curl.h>

#include "fmgr.h"
#include "utils/builtins.h"

PG_MODULE_MAGIC;
PG_FUNCTION_INFO_V1(other_get);
PGDLLEXPORT Datum other_get(PG_FUNCTION_ARGS);

static CURL *easy;

static size_t
ignore(char *data, size_t size, size_t n, void *arg)
{
	return size * n;
}

/* The status of a URL, over a connection that is kept; NULL says goodbye. */
Datum
other_get(PG_FUNCTION_ARGS)
{
	long		status = 0;

	if (PG_ARGISNULL(0))
	{
		curl_easy_cleanup(easy);
		curl_global_cleanup();
		easy = NULL;
		PG_RETURN_NULL();
	}
	if (easy == NULL)
	{
		curl_global_init(CURL_GLOBAL_DEFAULT);
		easy = curl_easy_init();
	}
	curl_easy_setopt(easy, CURLOPT_URL, text_to_cstring(PG_GETARG_TEXT_PP(0)));
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, ignore);
	if (curl_easy_perform(easy) == CURLE_OK)
		curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	PG_RETURN_INT64(status);
}
END
system_or_bail('cc', '-shared', '-fPIC', "-I$include", '-o', "$dir/other.so", "$dir/other.c", '-lcurl');
$session->value("CREATE FUNCTION other_get(text) RETURNS bigint LANGUAGE c AS '$dir/other', 'other_get'; SELECT 1");

my $get = "SELECT other_get('" . sim_url() . "/')";
my $scan = 'SELECT count(data_id) FROM product';
my $status = $session->value($get);
cmp_ok($status, '>=', 200, 'another user of libcurl in this backend');
is($session->value($scan), 30, '... leaves scans alone');
is($session->value($get), $status, '... and is left alone by them');
sim($corpid, 'fault', what => 'half');
$session->run($scan);
is($session->value($get), $status, '... and by a failure');
$session->run('BEGIN; DECLARE rest CURSOR FOR SELECT data_id FROM plain; FETCH rest');
is($session->value($get), $status, '... and in the middle of a scan');
is(scalar @{ $session->run('FETCH ALL FROM rest')->{rows} }, 29, '... which goes on');
$session->run('COMMIT');
$session->run('SELECT other_get(NULL)');
is($session->value($scan), 30, '... and when the other has said goodbye');

$session->quit;
done_testing();
