# An account's budget is for all who use it: nobody moves the others' slots, day or clock,
# an API that is down is left alone, and autovacuum waits for nobody.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use Clock;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);
use Xbb;

my $node;
{
	local $ENV{LD_PRELOAD} = clock_library();
	$node = start_node('budget', "autovacuum_naptime = 1\nshared_preload_libraries = 'xbb_fdw'\n");
}
my $admin = Xbb::Session->new($node);
my $session = Xbb::Session->new($node);

sub create
{
	my ($name, $corpid, %options) = @_;

	%options = (corpid => $corpid, base_url => sim_url(), page_size => 10, concurrency => 4, settle_time => 0, max_retries => 0, %options);
	$admin->value("CREATE SERVER $name FOREIGN DATA WRAPPER xbb_fdw OPTIONS (" . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ');'
		  . "CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS (token 't0ken'); CREATE FOREIGN TABLE $name (data_id bigint) SERVER $name OPTIONS (object 'product');"
		  . "GRANT SELECT ON $name TO PUBLIC; SELECT 1");
	return;
}

# autovacuum, before the clock upsets it
my $corpid = "dingBudget-f-$$";
sim($corpid, 'create', token => 't0ken', products => 3, width => 2, freeze => 'on');
create('hour', $corpid, rate_limit => '0.00028');
$admin->run('CREATE TABLE parent (data_id bigint) WITH (autovacuum_analyze_threshold = 10, autovacuum_analyze_scale_factor = 0);'
	  . 'ALTER FOREIGN TABLE hour INHERIT parent; INSERT INTO parent SELECT generate_series(1, 1000)');
ok(wait_until(sub { $admin->value("SELECT count(*) FROM pg_stat_user_tables WHERE relname = 'parent' AND last_autoanalyze IS NOT NULL") == 1 }), 'autovacuum analyzes what has foreign children');
is(sim($corpid, 'count'), 0, '... without a request');

# the clock: set back by five hours while a statement waits
$corpid = "dingBudget-$$";
sim($corpid, 'create', token => 't0ken', products => 60, width => 2, freeze => 'on');
create('paced', $corpid, rate_limit => 2, snapshot => 'false');
$session->send('SELECT count(*) FROM (SELECT data_id FROM paced OFFSET 0) p');
wait_until(sub { sim($corpid, 'count') >= 2 }) or die 'it does not begin';
set_clock(-5 * 3600);
is(($session->result(60) // {})->{rows}[0], 60, 'a scan that waits for slots while the clock is set back ends');
set_clock(0);
create('pausing', "$corpid-b", rate_limit => 0, max_retries => 2);
sim("$corpid-b", 'create', token => 't0ken', products => 3, width => 2, freeze => 'on');
sim("$corpid-b", 'fault', what => 'status', code => 503, retry_after => 2);
$session->send('SELECT count(data_id) FROM pausing');
wait_until(sub { sim("$corpid-b", 'count') >= 1 }) or die 'it does not begin';
set_clock(-5 * 3600);
is(($session->result(60) // {})->{rows}[0], 3, 'so does a pause before a request is repeated');
set_clock(0);

# other servers of the same account
$admin->run('CREATE ROLE intern LOGIN; GRANT USAGE ON FOREIGN DATA WRAPPER xbb_fdw TO intern');
$corpid = "dingBudget-c-$$";
sim($corpid, 'create', token => 't0ken', products => 3, width => 2, freeze => 'on');
create('usual', $corpid);
create('slow', $corpid, rate_limit => '0.00028', time_zone => 'Pacific/Kiritimati');
my @interns = map { Xbb::Session->new($node, user => 'intern') } 1 .. 4;
$interns[0]->run('SELECT count(data_id) FROM slow');
for my $intern (@interns)
{
	$intern->send('SELECT count(data_id) FROM slow');
	wait_until(sub { $admin->value("SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE pid = $intern->{pid}") =~ /^(?:Extension|XbbRateLimit)$/ }) or die 'it does not wait';
}
$session->run("SET statement_timeout = '20s'");
is($session->run('SELECT count(data_id) FROM usual')->{rows}[0], 3, 'slots of an hour each, of another server, are not waited for');
$admin->run("SELECT pg_terminate_backend($_->{pid})") for @interns;
is($session->run('SELECT count(data_id) FROM usual')->{rows}[0], 3, '... nor when who took them has gone');
$admin->run('DROP SERVER slow CASCADE');

# the day, seen from another zone
$corpid = "dingBudget-d-$$";
sim($corpid, 'create', token => 't0ken', products => 3, width => 2, freeze => 'on');
create('home', $corpid, rate_limit => 0, daily_quota => 5, quota_reserve => 0, time_zone => 'UTC');
create('ahead', $corpid, rate_limit => 0, daily_quota => 0, quota_reserve => 0, time_zone => 'Pacific/Kiritimati');
set_clock(int(time / 86400) * 86400 + 12 * 3600 - time);	# noon, when it is tomorrow there
$session->run('SELECT count(data_id) FROM home') for 1 .. 7;
is(sim($corpid, 'count'), 5, 'a quota of five');
$session->run('SELECT count(data_id) FROM ahead');
$session->run('SELECT count(data_id) FROM home') for 1 .. 3;
is(sim($corpid, 'count'), 6, 'who sees another midnight does not renew it');
set_clock(0);
is($admin->run("ALTER SERVER ahead OPTIONS (SET time_zone '<X>-167')")->{sqlstate}, 'HV024', 'zones have names');
is($admin->run("ALTER SERVER ahead OPTIONS (SET time_zone 'Etc/GMT-8')")->{sqlstate}, '00000', '... such as this');
is($admin->run("ALTER SERVER ahead OPTIONS (SET time_zone 'utc')")->{sqlstate}, '00000', '... or this');

# many accounts of one role, and many rows of counters
$corpid = "dingBudget-g-$$";
sim($corpid, 'create', token => 't0ken', products => 3, width => 2, freeze => 'on');
create('spending', $corpid, rate_limit => 0, daily_quota => 5, quota_reserve => 0);
$session->run('SELECT count(data_id) FROM spending') for 1 .. 6;
my $crowd = Xbb::Session->new($node, user => 'intern');
my $refused = 0;
for my $i (1 .. 70)
{
	$admin->run("CREATE SERVER crowd$i FOREIGN DATA WRAPPER xbb_fdw OPTIONS (corpid 'crowd-$i', base_url '" . sim_url() . "', max_retries '0', rate_limit '0');"
		  . "CREATE USER MAPPING FOR PUBLIC SERVER crowd$i OPTIONS (token 'x')");
	for my $object (qw(product contact refund payment paymentSheet paySheet contractOutstock communicate))
	{
		$admin->run("CREATE FOREIGN TABLE crowd_${object}_$i (data_id bigint) SERVER crowd$i OPTIONS (object '$object'); GRANT SELECT ON crowd_${object}_$i TO intern");
		$refused += $crowd->run("SELECT count(data_id) FROM crowd_${object}_$i")->{error} =~ /refused/;
	}
}
is($refused, 560, 'the API is asked for 70 accounts that it does not know');
like($session->run('SELECT count(data_id) FROM spending')->{error}, qr/daily quota of 5 requests is used up/, "70 accounts of one role do not end another's day");
is($admin->value("SELECT sum(requests) FROM xbb.stats WHERE server = 'spending'"), 5, '... nor do so many rows of counters take its own');

# an API that is down
$corpid = "dingBudget-e-$$";
sim($corpid, 'create', token => 't0ken', products => 3, width => 2, freeze => 'on');
create('down', $corpid, rate_limit => 0, daily_quota => 25, quota_reserve => 0, max_retries => 5);
create('spent', $corpid, daily_quota => 1, quota_reserve => 0);
create('lent', $corpid, rate_limit => '0.00028');
$interns[$_] = Xbb::Session->new($node, user => 'intern') for 0, 1;
$interns[0]->run('SELECT count(data_id) FROM lent');
sim($corpid, 'fault', what => 'status', code => 503, at => 'every');
my $result;
ok(wait_until(sub { ($result = $session->run('SELECT count(data_id) FROM down'))->{error} =~ /the API is down: the last \d+ requests have failed/ }, 200), 'after many failures in a row it is left alone');
is($result->{sqlstate}, '08006', '... which is an error at once');
like($result->{error}, qr/let through in \d+ seconds/, '... that tells when it is asked again');
my $asked = sim($corpid, 'count');
cmp_ok($asked, '>=', 20, '... with as many requests');
$session->run('SELECT count(data_id) FROM down') for 1 .. 3;
cmp_ok(sim($corpid, 'count'), '<=', $asked + 1, 'further statements ask once, if at all');
ok(wait_until(sub { $session->run('SELECT count(data_id) FROM down'); sim($corpid, 'count') > $asked + 1 }, 60), 'now and then one is let through');
cmp_ok(sim($corpid, 'count'), '<=', $asked + 2, '... once, and not repeated');
sim($corpid, 'clear', what => 'faults');
ok(wait_until(sub { $interns[0]->run('SELECT count(data_id) FROM spent')->{error} =~ /daily quota of 1 requests is used up/ }, 60), 'who has no quota is told so');
$interns[1]->send('SELECT count(data_id) FROM lent');
ok(wait_until(sub { $admin->value("SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE pid = $interns[1]{pid}") =~ /^(?:Extension|XbbRateLimit)$/ }, 10), '... and who has no slot waits for it');
is($session->run('SELECT count(data_id) FROM down')->{sqlstate}, '00000', '... but neither keeps others from looking whether it is back');
$admin->run("SELECT pg_terminate_backend($interns[1]{pid})");
ok(wait_until(sub { $session->run('SELECT count(data_id) FROM down')->{sqlstate} eq '00000' }, 60), 'it comes back by itself');
is(join(' ', map { $session->run('SELECT count(data_id) FROM down')->{rows}[0] } 1 .. 10), join(' ', (3) x 10), '... with the day\'s quota not used up by failures');

# shared memory: what was set aside is there, whatever locks take
$admin->run('SELECT max(i) FROM (SELECT pg_advisory_lock(i), i FROM generate_series(1, 1000000) i) x');
$admin->run('SELECT pg_advisory_unlock_all()');
is($admin->run('SELECT count(*) >= 0 FROM xbb.stats')->{rows}[0], 't', 'with shared_preload_libraries there is shared memory');
$node->stop;
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->start;
$admin = Xbb::Session->new($node);
$admin->run('SELECT max(i) FROM (SELECT pg_advisory_lock(i), i FROM generate_series(1, 1000000) i) x');
$admin->run('SELECT pg_advisory_unlock_all()');
$result = $admin->run('SELECT count(*) >= 0 FROM xbb.stats');
ok(($result->{rows}[0] // '') eq 't' || $result->{error} =~ /HINT:.*shared_preload_libraries/, 'without, an error says what to do');

done_testing();
