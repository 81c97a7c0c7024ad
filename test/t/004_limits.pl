# The limits of an account hold for the whole cluster, however many backends
# ask, are shared fairly, change with ALTER SERVER and leave nothing behind when
# a backend dies.  What was asked is counted in xbb.stats, also where the
# transaction failed, and shown to those who may see it.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use List::Util qw(max);
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep clock_gettime CLOCK_MONOTONIC);
use Xbb;

my $node = start_node('limits', 'restart_after_crash = on');
my $session = Xbb::Session->new($node);

# A list of its own, with a server and a table of the given name; pages of one.
sub create
{
	my ($name, $records, %options) = @_;
	my $corpid = "dingLimits-$name-$$";

	%options = (corpid => $corpid, base_url => sim_url(), page_size => 1, concurrency => 4, settle_time => 0, max_retries => 0,
		snapshot => 'false', %options);
	sim($corpid, 'create', token => 't0ken', products => $records, width => 2);
	$session->value("CREATE SERVER $name FOREIGN DATA WRAPPER xbb_fdw OPTIONS ("
		  . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ");"
		  . "CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS (token 't0ken');"
		  . "CREATE FOREIGN TABLE $name (data_id bigint) SERVER $name OPTIONS (object 'product'); SELECT 1");
	return $corpid;
}

sub starts
{
	my ($corpid) = @_;

	return sort { $a <=> $b } split ' ', sim($corpid, 'log', fields => 'start');
}

# By how much the earliest request was ahead of its slot, in slots: the Nth may not start
# before N - 1 intervals have passed, however late it and the others arrive.
sub ahead
{
	my ($since, $rate, @starts) = @_;

	return max(map { $_ - ($starts[$_] - $since) * $rate } 0 .. $#starts);
}

# The simulator's clock.
sub monotonic { return clock_gettime(CLOCK_MONOTONIC); }

# 8 backends together
my $seconds = long_run(5, 30);
my $each = int(20 * $seconds / 8);
my $corpid = create('rate', $each, rate_limit => 20);
my @sessions = map { Xbb::Session->new($node) } 1 .. 8;
my $all = 'SELECT count(*) FROM (SELECT data_id FROM rate OFFSET 0) r';
my $since = monotonic();

$_->send($all) for @sessions;
is(join(' ', map { $_->result->{rows}[0] // 'error' } @sessions), join(' ', ($each) x 8), '8 backends read a list together');
my @starts = starts($corpid);
cmp_ok(scalar @starts, '>=', 8 * $each, 'each page was asked for by each');
cmp_ok(ahead($since, 20, @starts), '<=', 1, 'at 20 a second, no request starts before its slot');
sleep(1);
sim($corpid, 'clear');
$since = monotonic();
is($sessions[0]->value($all), $each, 'one of them, after a pause');
cmp_ok(ahead($since, 20, starts($corpid)), '<=', 1, '... has saved up nothing');

# a short scan beside a long one, so slow that a busy machine is fast
$corpid = create('fair', 200, rate_limit => 4, concurrency => 8);
my ($long, $short) = @sessions;
$long->send('SELECT count(*) FROM (SELECT data_id FROM fair OFFSET 0) f');
wait_until(sub { sim($corpid, 'count') >= 4 }) or die 'the long scan does not begin';
sim($corpid, 'clear');
is($short->value('SELECT count(*) FROM (SELECT data_id FROM fair LIMIT 3) f'), 3, 'a short scan beside a long one');
# three or so of its own, as many of the other's for each, and what was ahead
cmp_ok(sim($corpid, 'count'), '<=', 25, '... waits for few of the other\'s requests');
$session->run("SELECT pg_cancel_backend($long->{pid})");
is($long->result->{sqlstate}, '57014', '... while the long one goes on');

# ALTER SERVER acts on the next request, also of a new scan while slots far ahead are taken
$corpid = create('changed', 5, rate_limit => '0.001');
is($session->value('SELECT count(*) FROM (SELECT data_id FROM changed LIMIT 1) c'), 1, 'the first request goes at once');
is($session->run("SET statement_timeout = '300ms'; SELECT data_id FROM changed LIMIT 1")->{sqlstate}, '57014', '... the next waits');
is(sim($corpid, 'count'), 1, '... unsent');
$session->run('RESET statement_timeout');
$session->run("ALTER SERVER changed OPTIONS (SET rate_limit '100')");
is($session->run('SELECT count(*) FROM (SELECT data_id FROM changed LIMIT 1) c')->{rows}[0], 1, '... until ALTER SERVER');

# a backend that dies leaves no slot behind, nor locks: its slot is so far ahead that who
# came after it would not come
$corpid = create('dying', 100, rate_limit => '0.001');
my $victim = Xbb::Session->new($node);
$victim->send('SELECT count(*) FROM (SELECT data_id FROM dying OFFSET 0) d');
wait_until(sub { $session->value("SELECT coalesce(wait_event, '') FROM pg_stat_activity WHERE pid = $victim->{pid}") =~ /^(?:Extension|XbbRateLimit)$/
		  && sim($corpid, 'count') == 1 })
  or die 'the scan does not wait for its slot';
$session->run("SELECT pg_terminate_backend($victim->{pid})");
is($victim->result->{sqlstate}, '57P01', 'a scan is terminated');
wait_until(sub { !kill(0, $victim->{pid}) }) or die 'it does not die';
$session->run("ALTER SERVER dying OPTIONS (SET rate_limit '100')");
is($session->value('SELECT count(*) FROM (SELECT data_id FROM dying LIMIT 2) d'), 2, '... the next goes on');

# a crash of the cluster: all of shared memory is new
$victim = Xbb::Session->new($node);
sim($corpid, 'hold', at => 4);
$victim->send('SELECT count(*) FROM (SELECT data_id FROM dying OFFSET 0) d');
sim($corpid, 'wait-held');
kill('KILL', $victim->{pid});
ok($victim->result->{gone}, 'a backend is killed');
$_->quit for ($session, $victim, @sessions);
# a session that begins before the postmaster knows of it is ended
ok(wait_until(sub { slurp_file($node->logfile) =~ /reinitializing.*ready to accept connections/s }), '... the cluster recovers');
$session = Xbb::Session->new($node);
is($session->value('SELECT count(*) FROM (SELECT data_id FROM dying LIMIT 2) d'), 2, '... and reads');

# the day's quota
$corpid = create('quota', 5, rate_limit => 0, daily_quota => 3, quota_reserve => 0, concurrency => 1);
my $result = $session->run('SELECT data_id FROM quota');
is($result->{sqlstate}, '53400', 'the quota is used up');
like($result->{error}, qr/quota of 3 requests/, '... says the error');
my $renewal = $session->value(q{SELECT to_char((now() AT TIME ZONE 'Asia/Shanghai')::date + 1, 'YYYY-MM-DD')});
like($result->{error}, qr/renewed at \Q$renewal\E 00:00/, '... and when it is renewed');
is(sim($corpid, 'count'), 3, '... nothing is sent beyond it');
is($session->run('SELECT data_id FROM quota')->{sqlstate}, '53400', '... nor later');
is(sim($corpid, 'count'), 3, '... at all');
$session->run("ALTER SERVER quota OPTIONS (SET daily_quota '100')");
is($session->value('SELECT count(*) FROM (SELECT data_id FROM quota OFFSET 0) q'), 5, '... until it is raised');

# xbb.stats
$corpid = create('counted', 5, rate_limit => 0, concurrency => 1);
$session->run('CREATE ROLE reader LOGIN; CREATE ROLE other LOGIN; CREATE ROLE watcher LOGIN IN ROLE pg_read_all_stats;'
	  . 'GRANT SELECT ON counted TO reader, other');
my %by = map { $_ => Xbb::Session->new($node, user => $_) } qw(reader other watcher);
my $stats = q{SELECT server, role, endpoint, requests, rows, retries, refused, errors_network, errors_http, errors_api,
	errors_data, bytes > 0, last_error, last_error_at > stats_reset FROM xbb.stats WHERE server = 'counted' ORDER BY role};

sim($corpid, 'clear');
$by{reader}->value('SELECT count(*) FROM (SELECT data_id FROM counted OFFSET 0) c');
my $requests = sim($corpid, 'count');
my $path = '/pro/v2/api/product/list';
is("@{ $by{reader}->run($stats)->{rows} }", "counted|reader|$path|$requests|5|0|0|0|0|0|0|t||", 'a scan is counted');
$by{reader}->run('BEGIN; SELECT sum(data_id) FROM counted; SELECT 1/0; ROLLBACK');
is($by{reader}->value(q{SELECT requests || ' ' || rows FROM xbb.stats}), 2 * $requests . ' 10', '... also where the transaction fails');
sim($corpid, 'fault', what => 'status', code => 503);
$by{reader}->run('SELECT sum(data_id) FROM counted');
sim($corpid, 'fault', what => 'close');
$by{reader}->run('SELECT sum(data_id) FROM counted');
sim($corpid, 'fault', what => 'code', code => 100005, msg => 'no right');
$by{reader}->run('SELECT sum(data_id) FROM counted');
sim($corpid, 'fault', what => 'truncated');
$by{reader}->run('SELECT sum(data_id) FROM counted');
like("@{ $by{reader}->run($stats)->{rows} }",
	qr/^counted\|reader\|\S+\|@{[2 * $requests + 4]}\|10\|0\|0\|1\|1\|1\|1\|t\|the API's answer cannot be read: .*\|t$/, 'errors are counted by kind');
is("@{ $by{other}->run($stats)->{rows} }", '', 'other roles do not see it');
like("@{ $by{watcher}->run($stats)->{rows} }", qr/^counted\|reader\|/, 'members of pg_read_all_stats do');
$by{other}->value('SELECT count(*) FROM (SELECT data_id FROM counted OFFSET 0) c');
like("@{ $by{other}->run($stats)->{rows} }", qr/^counted\|other\|\S+\|$requests\|5\|0/, 'each role has rows of its own');
is(scalar @{ $by{watcher}->run($stats)->{rows} }, 2, '... to which the watcher sees both');
is($by{other}->run('SELECT xbb.stats_reset()')->{sqlstate}, '42501', 'not everybody may reset');
$session->run("SELECT xbb.stats_reset('counted')");
is("@{ $by{watcher}->run($stats)->{rows} }", '', 'stats_reset of a server');
isnt($session->value('SELECT count(*) FROM xbb.stats'), 0, '... leaves the others');
$session->run('SELECT xbb.stats_reset()');
is($session->value('SELECT count(*) FROM xbb.stats'), 0, 'stats_reset of all');
is($session->run("SELECT xbb.stats_reset('nowhere')")->{sqlstate}, '42704', '... of a server that does not exist');
like($session->value('SELECT data_id FROM counted LIMIT 1; SELECT throttled FROM xbb.stats'), qr/\d/, 'counting starts again');

$_->quit for $session, values %by;
done_testing();
