# An answer is never larger in memory than max_response_size, compressed or not;
# who sends slowly is left at request_timeout; nothing is sent to where a
# redirect leads.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $corpid = "dingSize-$$";
my $node = start_node('size');
my $session = Xbb::Session->new($node);

sim($corpid, 'create', token => 't0ken', products => 10, width => 4);
$session->value(qq{
	CREATE SERVER size FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid '$corpid', base_url '@{[sim_url()]}',
		rate_limit '0', max_retries '3', request_timeout '30s', max_response_size '1MB', settle_time '0');
	CREATE USER MAPPING FOR PUBLIC SERVER size OPTIONS (token 't0ken');
	CREATE FOREIGN TABLE product (data_id bigint) SERVER size OPTIONS (object 'product');
	SELECT 1});

sub peak
{
	my ($kilobytes) = slurp_file("/proc/$session->{pid}/status") =~ /^VmHWM:\s+(\d+)/m;

	return $kilobytes;
}

sub scan
{
	my (@fault) = @_;
	my $result;

	sim($corpid, 'clear', what => 'all');
	sim($corpid, 'fault', at => 'every', @fault);
	$result = $session->run('SELECT sum(data_id) FROM product');
	$result->{requests} = sim($corpid, 'count');
	sim($corpid, 'clear', what => 'all');
	return $result;
}

sub works
{
	is($session->value(q{SELECT pg_backend_pid() || ' ' || count(data_id) FROM product}), "$session->{pid} 10", '... the next scan is right');
	return;
}

works();
my $usual = peak();

# too large
for my $fault ([ what => 'endless' ], [ what => 'endless', fill => 'blanks' ], [ what => 'gzip-bomb', mb => 1024 ])
{
	my $result = scan(@$fault);

	is("$result->{sqlstate} in $result->{requests}", '54000 in 1', "@$fault: an error, not tried again") or diag($result->{error});
	like($result->{error}, qr/larger than max_response_size.*HINT:.*max_response_size/s, '... that names the option');
	works();
}
cmp_ok(peak() - $usual, '<', 8 * 1024, 'none of it took memory: ' . (peak() - $usual) . ' kB');
$session->run("ALTER SERVER size OPTIONS (SET max_response_size '1kB')");
is(scan(what => 'delay', ms => 0)->{sqlstate}, '54000', 'max_response_size is a server\'s option');
$session->run("ALTER SERVER size OPTIONS (SET max_response_size '64MB')");
works();

# too slow
$session->run("ALTER SERVER size OPTIONS (SET request_timeout '700ms', SET max_retries '0')");
for my $fault ([ what => 'hang' ], [ what => 'hang-body' ], [ what => 'drip', ms => 50 ], [ what => 'long-length', then => 'hang' ])
{
	my $result = scan(@$fault);

	is($result->{sqlstate}, 'HV000', "@$fault: an error") or diag($result->{error});
	like($result->{error}, qr/did not answer in time.*HINT:.*request_timeout/s, '... that names the option');
	cmp_ok($result->{seconds}, '>=', 0.7, '... not before request_timeout');
	$session->run("ALTER SERVER size OPTIONS (SET request_timeout '60s')");
	works();
	$session->run("ALTER SERVER size OPTIONS (SET request_timeout '700ms')");
}

$session->run("ALTER SERVER size OPTIONS (SET request_timeout '60s')");

# redirects
for my $code (301, 302, 303, 307, 308)
{
	my $result = scan(what => 'redirect', code => $code, location => sim_url() . "/pro/v2/api/elsewhere$$/list?user=s3cret");
	is("$result->{sqlstate} in $result->{requests}", 'HV00M in 1', "redirect $code: an error, not tried again");
	like($result->{error}, qr/redirect \(HTTP $code\) to "127\.0\.0\.1"/, '... that names the place');
	unlike($result->{error}, qr/s3cret/, '... and no more of it');
}
unlike(sim('-', 'log', fields => 'path') . sim($corpid, 'log', fields => 'path'), qr/elsewhere$$\b/, 'nothing was sent to where a redirect leads');
works();

# to another port: it hears nothing at all
my $port = start_simulator();
scan(what => 'redirect', location => "http://127.0.0.1:$port/pro/v2/api/product/list");
{
	local $ENV{XBB_SIM_URL} = "http://127.0.0.1:$port";
	is(sim('-', 'count'), 0, 'nor to another port');
}

$session->quit;
done_testing();
