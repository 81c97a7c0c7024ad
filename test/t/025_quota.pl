# The day's requests: known again after a restart, and a first load that goes over days beside
# syncs that never fail.

use strict;
use warnings;

use FindBin;
use lib $FindBin::RealBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Xbb;

my $node = start_node('quota');
my $session = Xbb::Session->new($node);

sub create
{
	my ($name, $corpid, %options) = @_;

	%options = (corpid => $corpid, base_url => sim_url(), rate_limit => 0, settle_time => 0, max_retries => 0, %options);
	$session->value("CREATE SERVER $name FOREIGN DATA WRAPPER xbb_fdw OPTIONS (" . join(', ', map { "$_ '$options{$_}'" } sort keys %options) . ');'
		  . "CREATE USER MAPPING FOR PUBLIC SERVER $name OPTIONS (token 't0ken');"
		  . "CREATE FOREIGN TABLE ${name}_source (data_id bigint, update_time timestamptz, name text OPTIONS (attr 'text_1')) SERVER $name OPTIONS (object 'product');"
		  . "GRANT SELECT ON ${name}_source TO PUBLIC; GRANT USAGE ON FOREIGN SERVER $name TO PUBLIC; SELECT 1");
	return;
}

sub used { return $session->value("SELECT used_today FROM xbb.quota WHERE server = '$_[0]'"); }

# PostgreSQL forgets the day when it restarts, but for what the log says, which is made that of yesterday.
sub next_day
{
	$session->run("UPDATE xbb._sync_run_log SET started = started - interval '1 day'; UPDATE xbb._sync_run_begun SET started = started - interval '1 day'");
	$node->restart;
	$session = Xbb::Session->new($node);
	return;
}

# a restart
my $corpid = "dingQuota-a-$$";
sim($corpid, 'create', token => 't0ken', products => 250, width => 2, freeze => 'on');
create('kept', $corpid, time_zone => 'UTC');
create('twin', $corpid, time_zone => 'UTC');
create('other', "$corpid-b", time_zone => 'UTC');
sim("$corpid-b", 'create', token => 't0ken', products => 1, width => 2, freeze => 'on');
$session->run('CREATE ROLE loader LOGIN; GRANT CREATE ON SCHEMA public TO loader');
$session->value("SELECT xbb.create_sync('kept', source => 'kept_source', target => 'kept')");
my $loader = Xbb::Session->new($node, user => 'loader');
$loader->value("SELECT xbb.create_sync('twin', source => 'twin_source', target => 'twin')");
is($session->run("CALL xbb.sync('kept')")->{sqlstate}, '00000', 'a sync');
is($loader->run("CALL xbb.sync('twin')")->{sqlstate}, '00000', 'another role\'s, of another server of the account');
$session->value("SELECT xbb.create_sync('other', source => 'other_source', target => 'other')");
$session->run("CALL xbb.sync('other')");
my $before = used('kept');
cmp_ok($before, '>=', 8, 'they have used requests of the day');
$node->restart;
$session = Xbb::Session->new($node);
is(used('kept'), 0, 'which are forgotten when PostgreSQL restarts');
is($session->run("CALL xbb.sync('kept')")->{sqlstate}, '00000', 'the first run');
is(used('kept'), $before + 1, '... counts them, and its own');
$session->run('SELECT count(*) FROM kept_source') for 1 .. 3;
is($session->run("CALL xbb.sync('kept')")->{sqlstate}, '00000', 'the next one');
is(used('kept'), $before + 5, '... counts its own only');
is(used('other'), 0, 'another account has a day of its own');
isnt($session->run("SELECT xbb._sync_recall((SELECT oid FROM pg_foreign_server WHERE srvname = 'other'), id) FROM xbb.sync_definition WHERE name = 'other'")->{sqlstate}, '00000', 'who runs nothing raises nothing');

# a first load of 60 pages, where a day has 50 requests and keeps 10, beside what comes every minute
$corpid = "dingQuota-c-$$";
sim($corpid, 'create', token => 't0ken', products => 3000, width => 2, freeze => 'on');
create('load', $corpid, time_zone => 'UTC', page_size => 50);
$session->value("CREATE FOREIGN TABLE minutely_source (data_id bigint, update_time timestamptz) SERVER load OPTIONS (object 'product'); SELECT 1");
$session->value("SELECT xbb.create_sync('minutely', source => 'minutely_source', target => 'minutely')");
is($session->run("CALL xbb.sync('minutely')")->{sqlstate}, '00000', 'one that is loaded already');
$session->run("ALTER SERVER load OPTIONS (ADD daily_quota '50', ADD quota_reserve '10')");
next_day();
$session->value("SELECT xbb.create_sync('load', source => 'load_source', target => 'load')");
my ($days, $rows, $failed) = (0, 0, 0);
for my $day (1 .. 6)
{
	my $result = $session->run("CALL xbb.sync('load')");

	is($result->{sqlstate}, '00000', "day $day: the first load ends without an error") or diag($result->{error});
	my ($status, $error) = split(/[|]/, $session->value("SELECT status || '|' || coalesce(error, '') FROM xbb.sync_run WHERE sync = 'load' ORDER BY id DESC LIMIT 1"));
	my $now = $session->value('SELECT count(*) FROM load');
	$failed += $session->run("CALL xbb.sync('minutely')")->{sqlstate} ne '00000' for 1 .. 8;
	cmp_ok(used('load'), '<=', 50, '... within the quota');
	if ($status eq 'succeeded')
	{
		$days = $day;
		last;
	}
	is($status, 'stopped', '... it rests');
	my ($left) = $error =~ /the requests of the day are used up.* About (\d+) records are left, in \d+ requests, which takes until \d/;
	# those of the next run's overlap are there
	ok(defined $left && $left >= 3000 - $now && $left <= 3000 - $now + 10, '... and says what is left') or diag("$now: $error");
	cmp_ok($now, '>', $rows, '... with more than the day before');
	$rows = $now;
	my $asked = sim($corpid, 'count');
	is($session->run("CALL xbb.sync('load')")->{sqlstate}, '00000', '... another run on that day');
	is(sim($corpid, 'count'), $asked, '... asks nothing');
	next_day();
}
cmp_ok($days, '>=', 3, 'it is done after days');
is($session->value('SELECT count(*) FROM load'), 3000, '... with every record');
is($failed, 0, 'nothing of what came every minute has failed');
isnt($session->run("CALL xbb.sync('load', full => true)")->{sqlstate}, '00000', 'a full run, which would begin again, fails when the day is over');

# an incremental run larger than what the day has left goes over days, too
next_day();
is($session->run("CALL xbb.sync('load')")->{sqlstate}, '00000', 'nothing is new');
my $then = sim($corpid, 'clock') + 0;
for my $part (0 .. 29)
{
	sim($corpid, 'touch', id => join(',', map { 51200001 + 100 * $part + $_ } 0 .. 99), at => $then + 7200 * $part);
}
sim($corpid, 'clock', set => $then + 7200 * 31);
my @statuses;
for my $day (1 .. 12)
{
	my $result = $session->run("CALL xbb.sync('load')");

	is($result->{sqlstate}, '00000', "day $day of a change of all records: no error") or diag($result->{error});
	push @statuses, $session->value("SELECT status FROM xbb.sync_run WHERE sync = 'load' ORDER BY id DESC LIMIT 1");
	cmp_ok(used('load'), '<=', 50, '... within the quota');
	last if $statuses[-1] ne 'stopped';
	next_day();
}
like("@statuses", qr/^(?:stopped )+succeeded$/, 'it goes over days');
is($session->value("SELECT count(*) FROM load WHERE update_time >= to_timestamp($then)"), 3000, '... and all have come');

# an overlap that no day's requests can read: the load ends all the same, and says what helps
$corpid = "dingQuota-wide-$$";
sim($corpid, 'create', token => 't0ken', products => 3000, width => 2, freeze => 'on');
create('wide', $corpid, time_zone => 'UTC', page_size => 50);
$session->value("SELECT xbb.create_sync('wide', source => 'wide_source', target => 'wide', overlap => '1 hour')");
is($session->run("CALL xbb.sync('wide')")->{sqlstate}, '00000', 'an overlap of an hour');
$session->run("ALTER SERVER wide OPTIONS (ADD daily_quota '50', ADD quota_reserve '10')");
$then = sim($corpid, 'clock') + 0;
for my $part (0 .. 29)
{
	sim($corpid, 'touch', id => join(',', map { 51200001 + 100 * $part + $_ } 0 .. 99), at => $then + 60 * $part);
}
sim($corpid, 'clock', set => $then + 1800);
@statuses = ();
my $alter;
for my $day (1 .. 8)
{
	next_day();
	my $result = $session->run("CALL xbb.sync('wide')");

	is($result->{sqlstate}, '00000', "day $day of 3000 changes within it: no error") or diag($result->{error});
	push @statuses, $session->value("SELECT status FROM xbb.sync_run WHERE sync = 'wide' ORDER BY id DESC LIMIT 1");
	cmp_ok(used('wide'), '<=', 50, '... within the quota');
	last if $statuses[-1] ne 'stopped';
	($alter) = $result->{error} =~ /(SELECT xbb\.alter_sync\('wide', overlap => '[0-9:]+'\);)/ or next;
	like($result->{error}, qr/The overlap alone, 01:00:00, has \d+ records, and a day's requests bring 2000 at most/, '... and it says that the overlap is too much for a day');
}
like("@statuses", qr/^(?:stopped )+succeeded$/, 'it ends');
is($session->value("SELECT count(*) FROM wide WHERE update_time >= to_timestamp($then)"), 3000, '... with all of them');
ok(defined $alter && $session->run($alter)->{sqlstate} eq '00000', '... what it says can be typed') or diag($alter);
cmp_ok($session->value("SELECT count(*) FROM wide w, xbb.sync_definition d WHERE d.name = 'wide' AND w.update_time >= d.watermark - d.overlap"), '<=', 2000, '... and is what a day can read');

# days so short that dividing alone would use them up: the load goes on where it was, whatever a run came to
sub load_over_days
{
	my ($name, $most, %options) = @_;
	my ($day, $result) = (0);

	$corpid = "dingQuota-$name-$$";
	sim($corpid, 'create', token => 't0ken', products => 120, width => 2, freeze => 'on');
	create($name, $corpid, time_zone => 'UTC', page_size => 10, %options);
	$session->value("SELECT xbb.create_sync('$name', source => '${name}_source', target => '$name')");
	do
	{
		next_day() if $day++;
		$result = $session->run("CALL xbb.sync('$name')");
	} while ($day < $most && $session->value("SELECT status FROM xbb.sync_run WHERE sync = '$name' ORDER BY id DESC LIMIT 1") eq 'stopped');
	my $status = $session->value("SELECT status FROM xbb.sync_run WHERE sync = '$name' ORDER BY id DESC LIMIT 1");
	note("$name: $day days");
	return ($status, $session->value("SELECT count(*) FROM $name"), $result);
}

my ($status, $count) = load_over_days('short', 30, daily_quota => 12, quota_reserve => 2);
is($status, 'succeeded', 'ten requests a day');
is($count, 120, '... bring every record');
($status, $count) = load_over_days('shorter', 60, daily_quota => 6, quota_reserve => 2);
is($count, 120, 'so do four') or diag($status);

# what no day can do is not called a rest for ever
($status, $count, my $result) = load_over_days('shortest', 80, daily_quota => 2, quota_reserve => 1);
is($status, 'failed', 'a load that cannot go on fails');
like($result->{error}, qr/daily quota of 2 requests is used up.*where it was when the run began/s, '... with the limit') or diag($result->{error});

done_testing();
