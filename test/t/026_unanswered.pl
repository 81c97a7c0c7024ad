# An API that answers, but nothing of use, or that nobody waits for long enough, is down,
# too; and what is abandoned is seen in the log.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('unanswered');
my $admin = Xbb::Session->new($node);

sub create
{
	my ($name, %options) = @_;
	my $corpid = "dingUnanswered-$name-$$";

	sim($corpid, 'create', token => 't0ken', products => 60, width => 2, freeze => 'on');
	%options = (corpid => $corpid, base_url => sim_url(), page_size => 10, settle_time => 0, max_retries => 0, rate_limit => 0, quota_reserve => 0, %options);
	$admin->run("CREATE SERVER $name FOREIGN DATA WRAPPER xbb_fdw OPTIONS (" . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ');'
		  . "CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS (token 't0ken'); CREATE FOREIGN TABLE $name (data_id bigint) SERVER $name OPTIONS (object 'product')");
	return $corpid;
}

# what an API says that is out of order for hours, with status 200
my %faults = (page => ['html'], maintenance => [ 'busy', msg => '系统维护中' ], hangs => ['hang']);
my %corpids = map { $_ => create($_) } keys %faults;
for my $name (keys %faults)
{
	my ($what, @more) = @{ $faults{$name} };

	sim($corpids{$name}, 'fault', what => $what, at => 'every', @more);
}

# each statement ends long before request_timeout
my @sessions = map { Xbb::Session->new($node) } 1 .. 8;
my (%seen, $session);
$_->run("SET statement_timeout = '2500ms'; SET xbb_fdw.log_requests = 'failed'") for @sessions;
wait_until(sub {
	for my $name (keys %faults)
	{
		$_->send("SELECT count(data_id) FROM $name") for @sessions;
		for (@sessions)
		{
			$seen{$name} = 1 if ($_->result(60) // {})->{error} =~ /the API is down: the last \d+ requests have failed/;
		}
	}
	return keys %seen == 3;
}, 60);
ok($seen{page}, 'a gateway that has only a page for hours is one that is down');
ok($seen{maintenance}, '... so is an API that is being maintained');
ok($seen{hangs}, '... or one that nobody waits for until request_timeout');
cmp_ok($admin->value("SELECT errors_network FROM xbb.stats WHERE server = 'hangs'"), '>=', 20, 'what hung is counted');
like($admin->value("SELECT last_error FROM xbb.stats WHERE server = 'hangs'"), qr/^abandoned, unanswered after \d+ ms$/, '... with its error');
like(slurp_file($node->logfile), qr{xbb_fdw: POST /pro/v2/api/product/list, page 1, .*server "hangs": \d+ ms, retries 0: abandoned, unanswered}, '... and a line of the log');

# nobody waits for two seconds, of an API that answers at once while it does
my $corpid = create('hasty');
$_->run("SET statement_timeout = '500ms'") for @sessions;
is($admin->run('SELECT count(data_id) FROM hasty')->{rows}[0], 60, 'an API that answers');
sim($corpid, 'fault', what => 'hang', at => 'every');
my $down = 0;
wait_until(sub {
	$_->send('SELECT count(data_id) FROM hasty') for @sessions;
	$down |= ($_->result(60) // {})->{error} =~ /the API is down: the last \d+ requests have failed/ for @sessions;
	return $down;
}, 40);
ok($down, '... and then hangs is down, too, where each statement ends within half a second');

# but who gives up sooner than that API ever answers says nothing about it
$corpid = create('slow');
sim($corpid, 'fault', what => 'delay', ms => 300, at => 'every');
is($admin->run('SELECT count(data_id) FROM slow')->{rows}[0], 60, 'an API that answers slowly');
$sessions[0]->run("SET statement_timeout = '200ms'");
$sessions[0]->run('SELECT count(data_id) FROM slow') for 1 .. 100;
is($admin->run('SELECT count(data_id) FROM slow')->{rows}[0], 60, '... is not down for one who is impatient');

# all requests are lines, answered or not
$corpid = create('limited');
$session = $sessions[0];
$session->run("SET xbb_fdw.log_requests = 'all'; SET statement_timeout = '300ms'");
sim($corpid, 'fault', what => 'delay', ms => 5000, at => 'every');
$session->run('SELECT count(data_id) FROM limited') for 1 .. 3;
my $lines = () = slurp_file($node->logfile) =~ /xbb_fdw: POST .*server "limited": .*: abandoned, unanswered/g;
is($lines, 3, 'an abandoned request is a line of the log with log_requests = all');
is($admin->value("SELECT sum(requests) FROM xbb.stats WHERE server = 'limited'"), 3, '... as it is in xbb.stats');

done_testing();
