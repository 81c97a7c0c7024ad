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
my $corpid = "dingLeaks-$$";
my $node = start_node('leaks', 'jit = off');
my $session = Xbb::Session->new($node);

plan skip_all => 'needs /proc' unless -r "/proc/$session->{pid}/status";

sim($corpid, 'create', token => 't0ken', products => 30, width => 4);
$session->value(qq{
	CREATE SERVER leaks FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', page_size '10', concurrency '4', max_retries '0', request_timeout '5s', settle_time '0');
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
	cmp_ok($descriptors_then, '<=', $descriptors, "$name: descriptors stay $descriptors");
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
$session->run("SET statement_timeout = '20ms'");
my ($memory, $descriptors);
for my $i (1 .. 60)
{
	my $result = $session->run('SELECT sum(data_id) FROM plain');

	BAIL_OUT("not canceled: $result->{error}") if $result->{sqlstate} ne '57014';
	($memory, $descriptors) = usage() if $i == 10;
}
my ($memory_then, $descriptors_then) = usage();
cmp_ok($memory_then - $memory, '<=', 2048, 'cancels in the middle of an answer: memory');
cmp_ok($descriptors_then, '<=', $descriptors, 'cancels in the middle of an answer: descriptors');
sim($corpid, 'clear', what => 'all');

# SIGALRM is still the server's
$session->run('RESET statement_timeout');
is($session->value('SELECT count(*) || \' \' || count(DISTINCT data_id) FROM product'), '30 30', 'a scan');
is($session->run("SET statement_timeout = '100ms'; SELECT pg_sleep(30)")->{sqlstate}, '57014', 'statement_timeout works after it');
$session->run('RESET statement_timeout');

# another extension with libcurl
SKIP:
{
	skip 'extension http (postgresql-NN-http) is not installed', 3
	  unless $session->value(q{SELECT count(*) FROM pg_available_extensions WHERE name = 'http'});
	my $other = Xbb::Session->new($node);
	my $get = "SELECT status FROM http_get('" . sim_url() . "/')";
	my $status;

	$other->run('CREATE EXTENSION http');
	$status = $other->value($get);
	is($other->value('SELECT count(data_id) FROM plain'), 30, 'a scan beside another user of libcurl');
	is($other->value($get), $status, '... which works on');
	is($other->value('SELECT count(data_id) FROM plain'), 30, '... and so do scans');
	$other->quit;
}

$session->quit;
done_testing();
