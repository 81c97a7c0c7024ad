# Whatever goes wrong with one answer of a scan, its first, a middle one or its
# last, the scan returns exactly the list or ends in a clean error; the backend
# lives, and the next scan returns exactly the list.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingFaults-$$";
my $node = start_node('faults');

sim($corpid, 'create', token => 't0ken', products => 80, width => 8, seed => 7);
# two servers: what answers has time, however slow the machine; what does not is left soon
for my $server ('patient', 'hasty')
{
	my $timeout = $server eq 'hasty' ? '400ms' : '60s';

	$node->safe_psql('postgres', qq{
		CREATE SERVER $server FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
			rate_limit '0', page_size '10', concurrency '1', max_retries '0', connect_timeout '60s',
			request_timeout '$timeout', max_response_size '200kB', settle_time '0');
		CREATE USER MAPPING FOR PUBLIC SERVER $server OPTIONS (token 't0ken');
		CREATE FOREIGN TABLE $server (data_id bigint, add_time timestamptz, update_time timestamptz,
			name text OPTIONS (attr 'text_1'), price numeric OPTIONS (attr 'num_1'), raw jsonb OPTIONS (attr '*'))
			SERVER $server OPTIONS (object 'product');
	});
}

# What a scan returns, to the last byte; order does not matter.
sub digest
{
	return qq{SELECT count(*) || ' ' || count(DISTINCT data_id) || ' ' || sum(data_id) || ' ' ||
		md5(string_agg(concat_ws(',', data_id, add_time, update_time, name, price, raw), ';' ORDER BY data_id)) FROM $_[0]};
}

my $session = Xbb::Session->new($node);
my $truth = $session->value(digest('patient'));
like($truth, qr/^80 80 /, 'an undisturbed scan');

sim($corpid, 'clear');
$session->value(digest('patient'));
my $requests = sim($corpid, 'count');
cmp_ok($requests, '>=', 9, 'it asks more than a page');

# A fault, its arguments, and what comes of it where nothing is tried again:
# "same" is the exact result, "*" that or any clean error (the pager may look
# again, or not need the answer), else the SQLSTATE.  "once" is for what is not
# tried again where retries are left.
my @faults = (
	[ 'close', {}, '08006' ],
	[ 'reset', {}, '08006' ],
	[ 'half', {}, '08006' ],
	[ 'half', { then => 'reset' }, '08006' ],
	[ 'half', { then => 'hang' }, 'HV000' ],
	[ 'half-head', {}, '08006' ],
	[ 'hang', {}, 'HV000' ],
	[ 'hang-body', {}, 'HV000' ],
	[ 'drip', {}, 'HV000' ],
	[ 'delay', { ms => 50 }, 'same' ],
	(map { [ 'status', { code => $_ }, 'HV00M' ] } 408, 500, 502, 503, 504, 425),
	[ 'status', { code => 429 }, '53400' ],
	[ 'status', { code => 400 }, 'HV00M', 'once' ],
	[ 'status', { code => 401 }, '28000', 'once' ],
	[ 'status', { code => 403 }, '42501', 'once' ],
	[ 'status', { code => 404 }, 'HV00R', 'once' ],
	[ 'status', { code => 204 }, 'HV00M', 'once' ],
	[ 'redirect', { location => 'http://127.0.0.1:1/elsewhere' }, 'HV00M', 'once' ],
	[ 'html', {}, 'HV000' ],
	[ 'html', { code => 503 }, 'HV00M' ],
	[ 'empty', {}, 'HV000' ],
	[ 'truncated', {}, 'HV000' ],
	[ 'truncated', { keep => 1 }, 'HV000' ],
	[ 'trailing', { text => 'garbage' }, 'HV000' ],
	[ 'endless', {}, '54000', 'once' ],
	[ 'endless', { fill => 'blanks' }, '54000', 'once' ],
	[ 'gzip-bomb', { mb => 64 }, '54000', 'once' ],
	(map { [ 'bad-gzip', { how => $_ }, '08006' ] } qw(middle header crc cut)),
	[ 'bad-utf8', {}, 'HV000' ],
	[ 'nul', {}, 'HV000' ],
	[ 'nul', { how => 'escape' }, '*' ],
	[ 'dup-keys', { field => 'total' }, '*' ],
	[ 'dup-keys', { field => 'code' }, '*' ],
	[ 'dup-keys', { field => 'list' }, '*' ],
	[ 'dup-keys', { field => 'record' }, '*' ],
	[ 'no-result', {}, 'HV000' ],
	[ 'no-list', {}, 'HV000' ],
	[ 'no-total', {}, '*' ],
	(map { [ 'wrong-type', { field => $_ }, '*' ] } qw(list result total code row id time)),
	[ 'array', {}, 'HV000' ],
	[ 'bom', {}, 'same' ],
	[ 'gzip-members', {}, 'same' ],
	[ 'deep', { n => 20000 }, '*' ],
	[ 'replace', { body => '{}' }, 'HV000' ],
	[ 'replace', { body => 'null' }, 'HV000' ],
	[ 'replace', { body => '{"code":1,"success":true,"result":{"list":[],"totalCount":80,"totalPage":8}}' }, '*' ],
	[ 'code', { code => 100005 }, 'HV000', 'once' ],
	[ 'busy', {}, 'HV00M' ],
	[ 'success-false', {}, 'HV000', 'once' ],
	[ 'ignore', {}, '*' ],
	[ 'wrong-page', {}, '*' ],
	[ 'wrong-page', { delta => -1 }, '*' ],
	[ 'chunked', { bytes => 7 }, 'same' ],
	[ 'bad-chunk', {}, '08006' ],
	[ 'cut-chunk', {}, '08006' ],
	[ 'no-length', {}, 'same' ],
	[ 'long-length', {}, '08006' ],
	[ 'long-length', { then => 'hang' }, 'HV000' ],
	[ 'short-length', {}, 'HV000|08006' ],	# the last page is too short to be compressed
	[ 'bad-status-line', {}, '08006' ],
	[ 'many-headers', {}, '*' ],
	[ 'many-headers', { n => 1, bytes => 1000000 }, '08006' ],
	[ 'many-headers', { n => 3000, interim => 'on' }, '08006' ],
	[ 'trailers', {}, 'same' ],
	[ 'trailers', { n => 300 }, '08006' ],
	[ 'trailers', { endless => 'on' }, '08006' ],
	[ 'no-date', {}, '*' ],
);

# the outcomes that are never wrong: no internal error, no lost connection
my $clean = qr/^(?:same|(?:08|22|28|40|42|53|54|HV)[0-9A-Z]{3})$/;

my %places = (first => 1, middle => int($requests / 2) + 1, last => $requests);

sub strike
{
	my ($server, $what, $arguments, $at) = @_;
	my $result;

	sim($corpid, 'clear', what => 'all');
	sim($corpid, 'fault', what => $what, %$arguments, at => $at);
	$result = $session->run(digest($server));
	$result->{fired} = sim($corpid, 'faults') =~ /fired=1\b/;
	$result->{count} = sim($corpid, 'count');
	sim($corpid, 'clear', what => 'all');
	return $result;
}

# The scan that follows.
sub next_scan
{
	my ($server, $struck) = @_;

	return $struck->{gone} ? { rows => [], error => '', sqlstate => '' } : $session->run("SELECT pg_backend_pid() || ' ' || (" . digest($server) . ')');
}

# Does something until it is right, five times where what failed was the time of the hasty
# server, which a slow machine exceeds now and then; whether it was, and the last result.
sub right
{
	my ($server, $try, $is_right) = @_;
	my $result;

	for (1 .. 5)
	{
		$result = $try->();
		return (1, $result) if $is_right->($result);
		last if $server ne 'hasty' || $result->{gone} || $result->{error} !~ /did not answer in time/;
	}
	return ('', $result);
}

sub server_for
{
	return join(' ', @_) =~ /hang|drip/ ? 'hasty' : 'patient';
}

sub set
{
	my ($options) = @_;

	$session->run("ALTER SERVER $_ OPTIONS ($options)") for qw(patient hasty);
	return;
}

sub outcome
{
	my ($result) = @_;

	return 'gone' if $result->{gone};
	return $result->{sqlstate} if $result->{sqlstate} ne '00000';
	return 'same' if "@{ $result->{rows} }" eq $truth;
	return 'WRONG';
}

sub title
{
	my ($what, $arguments) = @_;

	return join(' ', $what, map { "$_=" . substr($arguments->{$_}, 0, 20) } sort keys %$arguments);
}

# without retries: every fault in every place
for my $fault (@faults)
{
	my ($what, $arguments, $expected) = @$fault;
	my $server = server_for($what, %$arguments);

	for my $place (qw(first middle last))
	{
		my ($right, $result) = right(
			$server,
			sub { strike($server, $what, $arguments, $places{$place}) },
			sub {
				my $outcome = outcome($_[0]);

				return $_[0]->{fired}
				  && ($expected eq '*' ? $outcome =~ $clean : grep { $_ eq $outcome } split(/\|/, $expected));
			});
		my ($right_again, $next) =
		  right($server, sub { next_scan($server, $result) }, sub { "@{ $_[0]->{rows} }" eq "$session->{pid} $truth" });

		ok($right && $right_again, sprintf('%-40s at %-6s %s', title($what, $arguments), $place, outcome($result)))
		  or diag("expected $expected, " . ($result->{fired} ? '' : 'did not strike') . "\n$result->{error}@{ $result->{rows} }\nnext: @{ $next->{rows} }\n$next->{error}");
		BAIL_OUT('the backend has ended') if $result->{gone};
	}
}

# with retries: what is transient is repaired, what is not is not repeated
set(q{SET max_retries '2'});
for my $fault (@faults)
{
	my ($what, $arguments, $expected, $once) = @$fault;
	my $server = server_for($what, %$arguments);
	my $right = $once ? "$expected $places{middle}" : 'same';
	my $got;

	next if $expected eq '*' || $expected eq 'same';
	my ($passed, $result) = right(
		$server,
		sub { strike($server, $what, $arguments, $places{middle}) },
		sub {
			$got = outcome($_[0]) . ($once ? " $_[0]->{count}" : '');
			return $_[0]->{fired} && $got eq $right;
		});
	ok($passed, title($what, $arguments) . ($once ? ': is not tried again' : ': is repaired by trying again'))
	  or diag("$got instead of $right\n$result->{error}");
}

# with the next requests under way
set(q{SET concurrency '8', SET max_retries '0'});
for my $fault (@faults)
{
	my ($what, $arguments, $expected) = @$fault;
	my $server = server_for($what, %$arguments);
	my $result = strike($server, $what, $arguments, $places{middle});
	my ($right, $next) = right($server, sub { next_scan($server, $result) }, sub { "@{ $_[0]->{rows} }" eq "$session->{pid} $truth" });

	ok(outcome($result) =~ $clean && $right, title($what, $arguments) . ', 8 in flight: ' . outcome($result))
	  or diag("$result->{error}\nnext: @{ $next->{rows} }\n$next->{error}");
}

$session->quit;
done_testing();
