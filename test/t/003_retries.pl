# What is transient is tried again, and costs one request more, not its window;
# Retry-After is obeyed; what is permanent is an error at once; attempts and
# retries have their limits, and the error tells the last cause.  A refusal for
# the rate makes everyone hold back.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingRetries-$$";
my $node = start_node('retries');
my $session = Xbb::Session->new($node);
my $records = 40;

sim($corpid, 'create', token => 't0ken', products => $records, width => 4, freeze => 'on');
$session->run(qq{
	CREATE SERVER retries FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', page_size '10', concurrency '1', max_retries '2', request_timeout '60s', settle_time '0');
	CREATE USER MAPPING FOR PUBLIC SERVER retries OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE product (data_id bigint) SERVER retries OPTIONS (object 'product');
});

# A scan under the faults given, each a list of the simulator's arguments.
sub scan
{
	my ($by, @faults) = @_;
	my $result;

	sim($corpid, 'clear', what => 'all');
	sim($corpid, 'fault', @$_) for @faults;
	$result = $by->run('SELECT sum(data_id), count(*) FROM product');
	$result->{requests} = sim($corpid, 'count');
	$result->{starts} = [ split ' ', sim($corpid, 'log', fields => 'start') ];
	return $result;
}

sub set
{
	my ($option, $value) = @_;

	$session->run("ALTER SERVER retries OPTIONS (SET $option '$value')");
	return;
}

my $plain = scan($session);
my $truth = "@{ $plain->{rows} }";
like($truth, qr/\|$records$/, 'an undisturbed scan');
cmp_ok($plain->{requests}, '>=', 5, 'it asks more than a page');

# transient: one request more
my @transient = (
	(map { [ what => 'status', code => $_ ] } 408, 425, 429, 500, 502, 503, 504),
	(map { [ what => $_ ] } qw(close reset half half-head truncated html empty bad-gzip bad-utf8 cut-chunk hang busy)),
	[ what => 'code', msg => '请求超时' ],
	[ what => 'code', msg => '服务暂不可用' ],
	[ what => 'code', msg => '接口请求频率超过20次/秒' ],
);
for my $fault (@transient)
{
	my $result;

	# for what never answers, and much longer than any answer takes
	set('request_timeout', '5s') if "@$fault" eq 'what hang';
	$result = scan($session, [ @$fault, at => 3 ]);
	set('request_timeout', '60s');
	is("@{ $result->{rows} } in $result->{requests}", "$truth in " . ($plain->{requests} + 1),
		"@$fault: tried again, and the window stands")
	  or diag($result->{error});
}

# permanent: an error at once
my @permanent = (
	[ 'HV00M', what => 'status', code => 400 ],
	[ '28000', what => 'status', code => 401 ],
	[ '42501', what => 'status', code => 403 ],
	[ 'HV00R', what => 'status', code => 404 ],
	[ 'HV00M', what => 'status', code => 501 ],
	[ 'HV00M', what => 'redirect', location => 'http://127.0.0.1:1/' ],
	[ '28000', what => 'code', msg => '签名错误' ],
	[ 'HV000', what => 'code', msg => '参数错误' ],
	[ 'HV000', what => 'success-false' ],
);
for my $fault (@permanent)
{
	my ($sqlstate, @arguments) = @$fault;
	my $result = scan($session, [@arguments]);

	is("$result->{sqlstate} in $result->{requests}", "$sqlstate in 1", "@arguments: an error at once")
	  or diag($result->{error});
	unlike($result->{error}, qr/attempts/, '... that does not speak of attempts');
}

# attempts of a request
for my $retries (0, 1, 3)
{
	my $result;

	set('max_retries', $retries);
	$result = scan($session, [ what => 'status', code => 503, at => 'every' ]);
	is("$result->{sqlstate} in $result->{requests}", 'HV00M in ' . ($retries + 1), "max_retries $retries");
	like($result->{error}, $retries ? qr/given up after @{[$retries + 1]} attempts/ : qr/^(?!.*attempts)/s, '... is what the error says');
}
my $last = scan($session, [ what => 'close', times => 2 ], [ what => 'busy', at => 3 ], [ what => 'status', code => 504, at => 4 ]);
like($last->{error}, qr/HTTP status 504.*given up after 4 attempts/s, 'the last cause is in the error');

# retries of a scan: ten times those of a request
set('max_retries', 1);
set('page_size', 1);
my $budget = scan($session, map { [ what => 'status', code => 503, at => 2 * $_ - 1 ] } 1 .. 15);
is("$budget->{sqlstate} in $budget->{requests}", 'HV00M in 21', 'a scan has a budget of retries') or diag($budget->{error});
set('page_size', 10);

# Retry-After
sub gap
{
	my ($number, @fault) = @_;
	my $starts = scan($session, [ what => 'status', code => 503, at => $number, @fault ])->{starts};

	return $starts->[$number] - $starts->[ $number - 1 ];
}

cmp_ok(gap(2, retry_after => 1), '>=', 1, 'Retry-After in seconds');
cmp_ok(gap(2, retry_after => 'date+2'), '>=', 2, 'Retry-After as a date, by the clock of the API');
cmp_ok(gap(2, retry_after => 0), '>=', 0.1, 'Retry-After has a floor');
cmp_ok(gap(2, retry_after => 'date-3600'), '>=', 0.1, 'a date that has passed, too');
if (long_run(0, 1))
{
	my $gap = gap(2, retry_after => 86400);

	ok($gap >= 60 && $gap < 90, "Retry-After has a ceiling: $gap s");
}

# A refusal: everyone holds back, not only who was refused.
for my $refusal ([ what => 'status', code => 429, retry_after => 2 ], [ what => 'code', msg => '请求过快,限流', retry_after => 2 ])
{
	my $other = Xbb::Session->new($node);
	my ($refused, $starts);
	my $least = $refusal->[1] eq 'status' ? 2 : 1;

	set('max_retries', 0);
	sim($corpid, 'clear', what => 'all');
	sim($corpid, 'fault', @$refusal);
	$refused = $session->run('SELECT sum(data_id) FROM product');
	is($refused->{sqlstate}, '53400', "@$refusal: refused");
	is($other->value('SELECT sum(data_id) || \'|\' || count(*) FROM product'), $truth, '... another session reads well');
	$starts = [ split ' ', sim($corpid, 'log', fields => 'start') ];
	cmp_ok($starts->[1] - $starts->[0], '>=', $least, '... after the pause');
	$other->quit;
}
is($session->value(q{SELECT refused FROM xbb.stats WHERE server = 'retries'}), 4, 'xbb.stats counts the refusals');

$session->quit;
done_testing();
